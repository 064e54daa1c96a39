// SPDX-License-Identifier: Apache-2.0
// PACK and UNPACK: inputs of one shape stacked along a new axis, and the reverse. Any type; PACK's
// output and UNPACK's input have rank up to 6.

#include <array>
#include <cstring>
#include <limits>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

// `part` is `whole` without dimension `axis`.
base::Status ExpectPart(PrepareContext& context, const Tensor* part, const Tensor& whole,
                        int axis) {
  if (part == nullptr) {
    return context.Fail(base::Error::kMalformed, "an input is left out, but it is needed");
  }
  PINHOLE_TRY(ExpectSameElements(context, whole, *part));
  std::array<std::int32_t, Shape::kMaxRank> dims{};
  std::size_t rank = 0;
  for (int d = 0; d < whole.shape.rank(); ++d) {
    if (d != axis) {
      dims[rank++] = whole.shape.dim(d);
    }
  }
  return context.ExpectShape(*part, Shape(std::span<const std::int32_t>(dims.data(), rank)));
}

// The axis of `whole` along which `count` parts lie.
base::Result<int> StackingAxis(PrepareContext& context, const Tensor& whole, std::size_t count) {
  const auto options = context.op().options<AxisOptions>();
  PINHOLE_ASSIGN(const int axis, ResolveAxis(context, options.axis, whole.shape.rank()));
  if (static_cast<std::size_t>(whole.shape.dim(axis)) != count || options.count != count) {
    return context.Fail(base::Error::kMalformed, count, " tensors for a dimension of ",
                        whole.shape.dim(axis), ", and the options say ", options.count);
  }
  return axis;
}

base::Result<Prepared> PreparePack(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, std::numeric_limits<std::size_t>::max(), 1));
  const Tensor& out = *context.output(0);
  PINHOLE_ASSIGN(const int axis, StackingAxis(context, out, context.input_count()));
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    PINHOLE_TRY(ExpectPart(context, context.input(i), out, axis));
  }
  return Prepared{};
}

base::Result<Prepared> PrepareUnpack(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, context.output_count()));
  const Tensor& in = *context.input(0);
  PINHOLE_ASSIGN(const int axis, StackingAxis(context, in, context.output_count()));
  for (std::size_t i = 0; i < context.output_count(); ++i) {
    PINHOLE_TRY(ExpectPart(context, context.output(i), in, axis));
  }
  return Prepared{};
}

// copy(byte of the whole, byte of part i, bytes) for every run of part i.
template <typename Copy>
void ForRuns(const EvalContext& context, const Tensor& whole, std::size_t i, const Copy& copy) {
  const int axis = AxisFromFront(context.op().options<AxisOptions>().axis, whole.shape.rank());
  const std::int64_t run =
      ElementsBehind(whole.shape, axis) * static_cast<std::int64_t>(TypeSize(whole.type));
  const std::int64_t outer = ElementsBefore(whole.shape, axis);
  for (std::int64_t k = 0; k < outer; ++k) {
    copy((k * whole.shape.dim(axis) + static_cast<std::int64_t>(i)) * run, k * run,
         static_cast<std::size_t>(run));
  }
}

base::Status EvaluatePack(const EvalContext& context) {
  const TensorView out = context.output(0);
  for (std::size_t i = 0; i < context.op().inputs.size(); ++i) {
    const std::byte* from = context.input(i).data;
    ForRuns(context, *out.info, i, [&](std::int64_t whole, std::int64_t part, std::size_t bytes) {
      std::memcpy(out.data + whole, from + part, bytes);
    });
  }
  return {};
}

base::Status EvaluateUnpack(const EvalContext& context) {
  const TensorView in = context.input(0);
  for (std::size_t i = 0; i < context.op().outputs.size(); ++i) {
    std::byte* to = context.output(i).data;
    ForRuns(context, *in.info, i, [&](std::int64_t whole, std::int64_t part, std::size_t bytes) {
      std::memcpy(to + part, in.data + whole, bytes);
    });
  }
  return {};
}

}  // namespace

const Kernel kPack{OpKind::kPack, 1, 4, PreparePack, EvaluatePack};
const Kernel kUnpack{OpKind::kUnpack, 1, 4, PrepareUnpack, EvaluateUnpack};

}  // namespace pinhole::engine::kernels::ref
