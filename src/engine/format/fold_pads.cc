// SPDX-License-Identifier: Apache-2.0
#include "engine/format/fold_pads.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "engine/format/tensor_uses.h"

namespace pinhole::engine::format {

namespace {

bool SameValues(const Tensor& a, const Tensor& b) {
  if (a.type != b.type) {
    return false;
  }
  if (a.type == Type::kFloat32) {
    return true;
  }
  // What PAD fills with must be what stands for zero.
  return (a.type == Type::kInt8 || a.type == Type::kUint8) && a.scale_count == 1 &&
         b.scale_count == 1 && a.scale() == b.scale() && a.zero_point == b.zero_point;
}

// The paddings that the PAD `op` gives to rows and columns; nullopt where it is none that can fold.
std::optional<PaddedEdges> EdgesOf(const Operator& op, std::span<const Tensor> tensors) {
  if (op.kind != OpKind::kPad || op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] < 0 || op.inputs[1] < 0) {
    return std::nullopt;
  }
  const Tensor& in = tensors[static_cast<std::size_t>(op.inputs[0])];
  const Tensor& out = tensors[static_cast<std::size_t>(op.outputs[0])];
  const Tensor& paddings = tensors[static_cast<std::size_t>(op.inputs[1])];
  if (in.is_constant() || in.shape.rank() != 4 || out.shape.rank() != 4 || !SameValues(in, out) ||
      !paddings.is_constant() || paddings.type != Type::kInt32 || paddings.bytes != 32) {
    return std::nullopt;
  }
  const std::span<const std::int32_t> pairs = paddings.constant<std::int32_t>();
  std::array<std::uint8_t, 8> edges{};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const bool inner = i >= 2 && i < 6;  // rows and columns
    if (pairs[i] < 0 || pairs[i] > (inner ? std::numeric_limits<std::uint8_t>::max() : 0)) {
      return std::nullopt;
    }
    edges[i] = static_cast<std::uint8_t>(pairs[i]);
  }
  for (int d = 0; d < 4; ++d) {
    const auto at = 2 * static_cast<std::size_t>(d);
    if (std::int64_t{in.shape.dim(d)} + edges[at] + edges[at + 1] != out.shape.dim(d)) {
      return std::nullopt;
    }
  }
  return PaddedEdges{edges[2], edges[4], edges[3], edges[5]};
}

// True where a window of `filter` taps lies the same over a padded input of `in` elements whether
// it pads nothing (VALID) or as little as `padding` says, and starts on the unpadded input.
bool PadsNothing(Padding padding, std::int64_t in, std::int64_t before, std::int64_t filter,
                 std::int64_t stride, std::int64_t dilation) {
  const std::int64_t span = (filter - 1) * dilation + 1;
  if (in < span || before >= span) {
    return false;
  }
  const std::int64_t valid = (in - span) / stride + 1;
  const std::int64_t same = (in + stride - 1) / stride;
  return padding == Padding::kValid ||
         (padding == Padding::kSame && same == valid && (same - 1) * stride + span <= in);
}

// Gives `op` the paddings; false where it is no convolution that can take them.
template <typename Options>
bool TakeEdges(Operator& op, std::span<const Tensor> tensors, const PaddedEdges& edges) {
  auto* options = std::get_if<Options>(&op.attributes);
  if (options == nullptr || op.inputs.size() < 2 || op.inputs[1] < 0) {
    return false;
  }
  const Shape& in = tensors[static_cast<std::size_t>(op.inputs[0])].shape;
  const Shape& weights = tensors[static_cast<std::size_t>(op.inputs[1])].shape;
  if (weights.rank() != 4 ||
      !PadsNothing(options->padding, in.dim(1), edges.top, weights.dim(1), options->stride_h,
                   options->dilation_h) ||
      !PadsNothing(options->padding, in.dim(2), edges.left, weights.dim(2), options->stride_w,
                   options->dilation_w)) {
    return false;
  }
  options->padding = Padding::kExplicit;
  options->edges = edges;
  return true;
}

}  // namespace

base::Result<std::size_t> FoldPads(std::span<Operator> operators, std::span<const Tensor> tensors,
                                   std::span<const std::int32_t> outputs, base::Arena& arena) {
  base::Arena::Scratch scratch(arena);
  PINHOLE_ASSIGN(const std::span<TensorUse> uses, scratch.Make<TensorUse>(tensors.size()));
  CountUses(operators, outputs, uses);
  PINHOLE_ASSIGN(const std::span<bool> gone, scratch.Make<bool>(operators.size()));
  for (Operator& op : operators) {
    if ((op.kind != OpKind::kConv2d && op.kind != OpKind::kDepthwiseConv2d) || op.inputs.empty() ||
        op.inputs[0] < 0) {
      continue;
    }
    const TensorUse& use = uses[static_cast<std::size_t>(op.inputs[0])];
    if (use.writer < 0 || use.reads != 1) {
      continue;
    }
    const auto pad = static_cast<std::size_t>(use.writer);
    const std::optional<PaddedEdges> edges = EdgesOf(operators[pad], tensors);
    if (!edges || !(TakeEdges<ConvOptions>(op, tensors, *edges) ||
                    TakeEdges<DepthwiseConvOptions>(op, tensors, *edges))) {
      continue;
    }
    PINHOLE_ASSIGN(const std::span<std::int32_t> inputs,
                   arena.Make<std::int32_t>(op.inputs.size()));
    std::copy(op.inputs.begin(), op.inputs.end(), inputs.begin());
    inputs[0] = operators[pad].inputs[0];
    op.inputs = inputs;
    gone[pad] = true;
  }
  return KeepTheOthers(operators, gone);
}

}  // namespace pinhole::engine::format
