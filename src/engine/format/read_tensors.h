// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: the tensors of one graph, from the file's tables into the arena.

#include <span>

#include "base/result.h"
#include "engine/format/flatbuffer.h"
#include "engine/format/reading.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine::format {

// Fills one Tensor per table, checked as tflite_reader.h promises. `marks`, one a tensor: sets
// available for constants and variables, sparse for sparse constants (which have no data yet).
// Errors: the reader's, with the tensor's index and name.
base::Result<std::span<Tensor>> ReadTensors(Reading& reading, const flat::TableVector& tables,
                                            std::span<Mark> marks);

}  // namespace pinhole::engine::format
