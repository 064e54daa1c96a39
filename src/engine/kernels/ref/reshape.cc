// SPDX-License-Identifier: Apache-2.0
// RESHAPE, SQUEEZE and EXPAND_DIMS: the same elements in the same order under another shape. Any
// type. The output's declared shape is what counts; it is checked against the operator's rule. The
// output may lie where the input does, and then nothing is moved.

#include <cstring>
#include <limits>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> PrepareMove(PrepareContext& context) {
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  if (in.shape.element_count() != out.shape.element_count()) {
    return context.Fail(base::Error::kMalformed, "'", in.name(), "' has ", in.shape.element_count(),
                        " elements, '", out.name(), "' ", out.shape.element_count(),
                        "; the same count expected");
  }
  Prepared prepared;
  prepared.in_place_inputs = 1;
  return prepared;
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  if (out.data != in.data) {
    std::memcpy(out.data, in.data, in.info->bytes);
  }
  return {};
}

// The shape may come as a second input. It is not needed; where it is constant and has the output's
// rank it must agree, -1 standing for any dimension.
base::Result<Prepared> PrepareReshape(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 2, 1));
  const Tensor* wanted = context.input(1);
  const Shape& shape = context.output(0)->shape;
  if (wanted != nullptr && wanted->is_constant()) {
    const std::size_t rank = wanted->shape.element_count();
    PINHOLE_TRY(ExpectIntegers(context, *wanted, "shape", rank));
    const Integers dims(*wanted);
    for (std::size_t i = 0; rank == shape.dims().size() && i < rank; ++i) {
      if (dims[i] != -1 && dims[i] != shape.dims()[i]) {
        return context.Fail(base::Error::kMalformed, "dimension ", i, " is ", shape.dims()[i],
                            " in the output, but ", dims[i], " in shape '", wanted->name(), "'");
      }
    }
  }
  return PrepareMove(context);
}

// True where `out` is `in` without some of its dimensions of 1.
bool IsSqueezed(const Shape& in, const Shape& out) {
  int next = 0;
  for (const std::int32_t dim : in.dims()) {
    if (next < out.rank() && out.dim(next) == dim) {
      ++next;
    } else if (dim != 1) {
      return false;
    }
  }
  return next == out.rank();
}

base::Result<Prepared> PrepareSqueeze(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  if (!IsSqueezed(context.input(0)->shape, context.output(0)->shape)) {
    return context.Fail(base::Error::kMalformed, "'", context.output(0)->name(),
                        "' is not the input without some of its dimensions of 1");
  }
  return PrepareMove(context);
}

base::Result<Prepared> PrepareExpandDims(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Shape& in = context.input(0)->shape;
  PINHOLE_ASSIGN(const Integers axes, ConstantIntegers(context, *context.input(1), "axis", 1));
  PINHOLE_ASSIGN(const int axis, ResolveAxis(context, axes[0], in.rank() + 1));
  if (in.rank() == Shape::kMaxRank) {
    return context.Fail(base::Error::kUnsupported, "the output would have rank ", in.rank() + 1,
                        ", at most ", Shape::kMaxRank, " expected");
  }
  std::array<std::int32_t, Shape::kMaxRank> dims{};
  for (int d = 0; d <= in.rank(); ++d) {
    dims[static_cast<std::size_t>(d)] = d == axis ? 1 : in.dim(d < axis ? d : d - 1);
  }
  PINHOLE_TRY(context.ExpectShape(
      *context.output(0), Shape(std::span(dims).first(static_cast<std::size_t>(in.rank()) + 1))));
  return PrepareMove(context);
}

}  // namespace

const Kernel kReshape{OpKind::kReshape, 1, 1, PrepareReshape, Evaluate};
const Kernel kSqueeze{OpKind::kSqueeze, 1, 2, PrepareSqueeze, Evaluate};
const Kernel kExpandDims{OpKind::kExpandDims, 1, 1, PrepareExpandDims, Evaluate};

}  // namespace pinhole::engine::kernels::ref
