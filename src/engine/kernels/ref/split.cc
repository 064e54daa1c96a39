// SPDX-License-Identifier: Apache-2.0
// SPLIT and SPLIT_V: the input cut into pieces along an axis, in equal parts or in the sizes that
// SPLIT_V's second input lists (one of them may be -1: what is left). Any type. Axis and sizes are
// constant. Inputs: SPLIT (axis, value), SPLIT_V (value, sizes, axis).

#include <cstring>
#include <limits>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Status ExpectPiece(PrepareContext& context, const Tensor& in, int axis, std::size_t piece,
                         std::int64_t size) {
  const Tensor& out = *context.output(piece);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  Shape shape = in.shape;
  shape.set_dim(axis, static_cast<std::int32_t>(size));
  return context.ExpectShape(out, shape);
}

base::Result<Prepared> PrepareSplit(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, context.output_count()));
  const Tensor& in = *context.input(1);
  PINHOLE_ASSIGN(const Integers axes, ConstantIntegers(context, *context.input(0), "axis", 1));
  PINHOLE_ASSIGN(const int axis, ResolveAxis(context, axes[0], in.shape.rank()));
  const auto pieces = static_cast<std::int64_t>(context.output_count());
  const std::int64_t dim = in.shape.dim(axis);
  if (pieces == 0 || dim % pieces != 0) {
    return context.Fail(base::Error::kMalformed, "a dimension of ", dim, " for ", pieces,
                        " outputs; a multiple expected");
  }
  for (std::size_t i = 0; i < context.output_count(); ++i) {
    PINHOLE_TRY(ExpectPiece(context, in, axis, i, dim / pieces));
  }
  return Prepared{};
}

base::Result<Prepared> PrepareSplitV(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(3, 3, context.output_count()));
  const Tensor& in = *context.input(0);
  PINHOLE_ASSIGN(const Integers sizes,
                 ConstantIntegers(context, *context.input(1), "sizes", context.output_count()));
  PINHOLE_ASSIGN(const Integers axes, ConstantIntegers(context, *context.input(2), "axis", 1));
  PINHOLE_ASSIGN(const int axis, ResolveAxis(context, axes[0], in.shape.rank()));
  const std::int64_t dim = in.shape.dim(axis);
  std::int64_t left = dim;
  int open = 0;  // sizes of -1
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < -1 || sizes[i] > dim) {
      return context.Fail(base::Error::kMalformed, "size ", i, " is ", sizes[i], "; -1 to ", dim,
                          " expected");
    }
    open += sizes[i] == -1 ? 1 : 0;
    left -= sizes[i] == -1 ? 0 : sizes[i];
  }
  if (open > 1 || left < 0 || (open == 0 && left != 0)) {
    return context.Fail(base::Error::kMalformed, "the sizes leave ", left, " of a dimension of ",
                        dim, " and ", open, " of them are -1; 0 left, or one -1 expected");
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    PINHOLE_TRY(ExpectPiece(context, in, axis, i, sizes[i] == -1 ? left : sizes[i]));
  }
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context, const TensorView& in, std::int64_t given_axis) {
  const int axis = AxisFromFront(given_axis, in.shape().rank());
  const auto bytes = static_cast<std::int64_t>(TypeSize(in.type()));
  const std::int64_t inner = ElementsBehind(in.shape(), axis) * bytes;
  const std::int64_t in_run = inner * in.shape().dim(axis);
  const std::int64_t outer = ElementsBefore(in.shape(), axis);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < context.op().outputs.size(); ++i) {
    const TensorView out = context.output(i);
    const std::int64_t run = inner * out.shape().dim(axis);
    for (std::int64_t k = 0; k < outer; ++k) {
      std::memcpy(out.data + k * run, in.data + k * in_run + start, static_cast<std::size_t>(run));
    }
    start += run;
  }
  return {};
}

base::Status EvaluateSplit(const EvalContext& context) {
  return Evaluate(context, context.input(1), Integers(context.input(0))[0]);
}

base::Status EvaluateSplitV(const EvalContext& context) {
  return Evaluate(context, context.input(0), Integers(context.input(2))[0]);
}

}  // namespace

const Kernel kSplit{OpKind::kSplit, 1, 4, PrepareSplit, EvaluateSplit};
const Kernel kSplitV{OpKind::kSplitV, 1, 2, PrepareSplitV, EvaluateSplitV};

}  // namespace pinhole::engine::kernels::ref
