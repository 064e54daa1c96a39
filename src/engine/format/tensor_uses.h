// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: who writes and who reads a tensor, for what folds operators together, and
// the removal of operators that were folded.

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/tensor/op.h"

namespace pinhole::engine::format {

struct TensorUse {
  std::int32_t writer = -1;  // the operator; -1: none
  std::int32_t reads = 0;    // by operators and as an output of the graph
};

// Adds up `uses`, one a tensor, each as it is made. `outputs` are the graph's.
void CountUses(std::span<const Operator> operators, std::span<const std::int32_t> outputs,
               std::span<TensorUse> uses);

// Moves the operators that are not gone to the front, in their order; returns how many they are.
std::size_t KeepTheOthers(std::span<Operator> operators, std::span<const bool> gone);

}  // namespace pinhole::engine::format
