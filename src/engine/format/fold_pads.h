// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: PAD in front of a convolution becomes the convolution's own padding.
//
// Converters write PAD where a convolution's padding is neither SAME nor VALID. What a PAD adds is
// the zero point, which is what a convolution takes for places outside of the picture: so the
// padded picture, often the largest tensor of a network, needs no place and no time. Folded is a
// PAD of rows and columns by constants whose only reader is a CONV_2D or DEPTHWISE_CONV_2D that
// pads nothing itself; and only where all shapes, types and scales agree, so that a model that is
// wrong is refused with the words of the operator that is.

#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "engine/tensor/op.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine::format {

// `operators` are in the order they run; those that stay are moved to the front, in their order.
// Returns how many stay. The changed lists of inputs are taken from `arena`. `outputs` are the
// graph's. Error: kOutOfMemory.
base::Result<std::size_t> FoldPads(std::span<Operator> operators, std::span<const Tensor> tensors,
                                   std::span<const std::int32_t> outputs, base::Arena& arena);

}  // namespace pinhole::engine::format
