// SPDX-License-Identifier: Apache-2.0
#pragma once

// What harness.cc measures: one network, by whichever engine. subject_emitted.cc is an emitted
// model, subject_tflm.cc TensorFlow Lite Micro with the model's file.

#include <cstddef>

namespace subject {

// Ready for the first run. False: it can't be.
bool Begin();
void* Input();
std::size_t InputBytes();
const void* Output();
std::size_t OutputBytes();
void Run();
// Of RAM, beside the stack: what the engine uses.
std::size_t RamBytes();

}  // namespace subject
