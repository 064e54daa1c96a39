// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bundled person model, made into C++ by the build (`pinhole model emit`), as the eye wants it.
// To look with another model, say -DPINHOLE_PERSON_MODEL=FILE to CMake: any face detector that
// decode/detector_spec.h knows and that fits the chip.
//
// There is one network in a program: emitted code has its memory in one place.

#include "inside/sense/face_finder.h"
#include "inside/sense/network.h"
#include "pinhole_nn.h"

namespace pinhole::firmware::person::inside {

// Who does half of every run; null (the default): nobody. Must outlive its use. The answers are the
// same.
void SetSecondCore(const pinhole_nn::SecondCore* second);

// Who fetches the network's constants out of flash ahead of their use; null (the default): each run
// copies them when they are due. Must outlive its use. The answers are the same.
void SetFetcher(const pinhole_nn::Fetcher* fetcher);

// Ready to run. Both live as long as the program.
::pinhole::inside::sense::Network& PersonNetwork();
const ::pinhole::inside::sense::FaceModel& PersonModel();

}  // namespace pinhole::firmware::person::inside
