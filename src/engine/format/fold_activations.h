// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: RELU and RELU6 behind an operator that can do it by itself become that
// operator's fused activation.
//
// Converters fuse most activations; those that came in from other frameworks they often leave
// standing, each with a walk over a whole tensor and a place for it. Folded is one whose input is
// written by a CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, SUB or MUL without an activation
// and read by nobody else. The operator then writes what the activation wrote; the tensor between
// them holds nothing any more.
//
// Results are the same to the bit: float32 is clamped to [low, high] once in place of twice, and
// both clamps leave NaN and -0 alone; of 8 and 16 bits are folded only activations that keep scale
// and zero point, whose rescaling is by one and whose clamp is the fused one. Where shapes, types
// or scales differ, or the version is none we know, nothing is folded, so that a model that is
// wrong is refused with the words of the operator that is.

#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "engine/tensor/op.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine::format {

// `operators` are in the order they run; those that stay are moved to the front, in their order.
// Returns how many stay. Takes nothing of `arena` but scratch, which is given back. `outputs` are
// the graph's. Error: kOutOfMemory.
base::Result<std::size_t> FoldActivations(std::span<Operator> operators,
                                          std::span<const Tensor> tensors,
                                          std::span<const std::int32_t> outputs,
                                          base::Arena& arena);

}  // namespace pinhole::engine::format
