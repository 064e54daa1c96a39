// SPDX-License-Identifier: Apache-2.0
// DEPTH_TO_SPACE: NHWC [n, h, w, b * b * c] to [n, h * b, w * b, c]; the channels of a pixel become
// a block of b by b pixels, row by row. Any type.

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  const std::int64_t block = context.op().options<DepthToSpaceOptions>().block_size;
  if (in.shape.rank() != 4) {
    return context.Fail(base::Error::kMalformed, "an input of rank ", in.shape.rank(),
                        " found, 4 expected");
  }
  if (block < 1 || in.shape.dim(3) % (block * block) != 0) {
    return context.Fail(base::Error::kMalformed, "block size ", block, " with ", in.shape.dim(3),
                        " channels; a multiple of its square expected");
  }
  PINHOLE_TRY(context.ExpectShape(
      out, Shape{in.shape.dim(0), ClampDimension(in.shape.dim(1) * block),
                 ClampDimension(in.shape.dim(2) * block),
                 static_cast<std::int32_t>(in.shape.dim(3) / (block * block))}));
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const std::int32_t block = context.op().options<DepthToSpaceOptions>().block_size;
  const std::int32_t channels = out.shape().dim(3);
  StridedWalk<1> walk;  // n, y, row in the block, x, column in the block, channel
  walk.Append(in.shape().dim(0), {ElementsBehind(in.shape(), 0)});
  walk.Append(in.shape().dim(1), {ElementsBehind(in.shape(), 1)});
  walk.Append(block, {std::int64_t{block} * channels});
  walk.Append(in.shape().dim(2), {ElementsBehind(in.shape(), 2)});
  walk.Append(block, {channels});
  walk.Append(channels, {1});
  CopyStrided(context, walk, 0, in, out);
  return {};
}

}  // namespace

const Kernel kDepthToSpace{OpKind::kDepthToSpace, 1, 2, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
