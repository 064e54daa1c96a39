// SPDX-License-Identifier: Apache-2.0
// GATHER: the slices of the input along an axis that the indices name, in their order. The first
// batch_dims dimensions are common to input and indices and walked together. Output shape:
// input[:axis] + indices[batch_dims:] + input[axis + 1:]. Any element type; indices int16, int32 or
// int64. They may be computed, so their range is checked at run time: kInvalidArgument.

#include <array>
#include <cstring>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Axes {
  int axis, batch_dims;
};

Axes AxesFromFront(const AxisOptions& options, const Shape& in, const Shape& indices) {
  return {AxisFromFront(options.axis, in.rank()),
          AxisFromFront(options.batch_dims, indices.rank())};
}

base::Status ExpectBatchDims(PrepareContext& context, const Shape& in, const Shape& indices,
                             const Axes& axes) {
  if (axes.batch_dims < 0 || axes.batch_dims > indices.rank() || axes.batch_dims > axes.axis) {
    return context.Fail(base::Error::kMalformed, "batch_dims ", axes.batch_dims, " with axis ",
                        axes.axis, " and indices of rank ", indices.rank(),
                        "; at most both expected");
  }
  for (int d = 0; d < axes.batch_dims; ++d) {
    if (in.dim(d) != indices.dim(d)) {
      return context.Fail(base::Error::kMalformed, "batch dimension ", d, " is ", in.dim(d),
                          " in the input and ", indices.dim(d), " in the indices");
    }
  }
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& indices = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  if (indices.type != Type::kInt32 && indices.type != Type::kInt64 &&
      indices.type != Type::kInt16) {
    return context.Fail(base::Error::kUnsupported, "indices '", indices.name(), "' are ",
                        TypeName(indices.type), ", int16, int32 or int64 expected");
  }
  const auto options = context.op().options<AxisOptions>();
  PINHOLE_TRY(ResolveAxis(context, options.axis, in.shape.rank()));
  const Axes axes = AxesFromFront(options, in.shape, indices.shape);
  PINHOLE_TRY(ExpectBatchDims(context, in.shape, indices.shape, axes));
  const int rank = in.shape.rank() - 1 + indices.shape.rank() - axes.batch_dims;
  if (rank > Shape::kMaxRank) {
    return context.Fail(base::Error::kUnsupported, "the output would have rank ", rank,
                        ", at most ", Shape::kMaxRank, " expected");
  }
  std::array<std::int32_t, Shape::kMaxRank> dims{};
  std::size_t next = 0;
  for (int d = 0; d < axes.axis; ++d) {
    dims[next++] = in.shape.dim(d);
  }
  for (int d = axes.batch_dims; d < indices.shape.rank(); ++d) {
    dims[next++] = indices.shape.dim(d);
  }
  for (int d = axes.axis + 1; d < in.shape.rank(); ++d) {
    dims[next++] = in.shape.dim(d);
  }
  PINHOLE_TRY(context.ExpectShape(out, Shape(std::span(dims).first(next))));
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView names = context.input(1);
  const TensorView out = context.output(0);
  const Integers indices(names);
  const std::int64_t dim =
      in.shape().dim(AxisFromFront(context.op().options<AxisOptions>().axis, in.shape().rank()));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= dim) {
      return base::Unexpected(base::Error::kInvalidArgument);
    }
  }
  const Axes axes = AxesFromFront(context.op().options<AxisOptions>(), in.shape(), names.shape());
  const std::int64_t batches = ElementsBefore(in.shape(), axes.batch_dims);
  const std::int64_t outer = ElementsBefore(in.shape(), axes.axis) / batches;
  const std::int64_t named = static_cast<std::int64_t>(indices.size()) / batches;
  const std::int64_t run =
      ElementsBehind(in.shape(), axes.axis) * static_cast<std::int64_t>(TypeSize(in.type()));
  std::byte* to = out.data;
  for (std::int64_t slice = 0; slice < batches * outer; ++slice) {
    for (std::int64_t i = 0; i < named; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(slice / outer * named + i)];
      std::memcpy(to, in.data + (slice * dim + index) * run, static_cast<std::size_t>(run));
      to += run;
    }
  }
  return {};
}

}  // namespace

const Kernel kGather{OpKind::kGather, 1, 7, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
