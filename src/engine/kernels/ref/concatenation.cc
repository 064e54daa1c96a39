// SPDX-License-Identifier: Apache-2.0
// CONCATENATION: any number of inputs one after the other along an axis. Any type; no fused
// activation. int8 and int16 inputs must be quantised like the output; uint8 inputs that are not
// are rescaled in float, as the reference does. Source: TensorFlow Lite reference concatenation.h.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

bool SameQuantization(const Tensor& a, const Tensor& b) {
  return a.scale() == b.scale() && a.zero_point == b.zero_point;
}

base::Status ExpectJoinable(PrepareContext& context, std::size_t i, const Tensor& out, int axis) {
  const Tensor* in = context.input(i);
  if (in == nullptr) {
    return context.Fail(base::Error::kMalformed, "input ", i, " is left out, but it is needed");
  }
  PINHOLE_TRY(ExpectSameElements(context, out, *in));
  Shape expected = out.shape;
  if (in->shape.rank() == out.shape.rank()) {
    expected.set_dim(axis, in->shape.dim(axis));
  }
  PINHOLE_TRY(context.ExpectShape(*in, expected));
  const bool quantized = out.type == Type::kInt8 || out.type == Type::kInt16;
  if (quantized && !SameQuantization(*in, out)) {
    return context.Fail(base::Error::kUnsupported, "'", in->name(),
                        "' is quantised otherwise than the output; ", TypeName(out.type),
                        " is not rescaled here");
  }
  if (out.type == Type::kUint8 && !SameQuantization(*in, out)) {
    PINHOLE_TRY(context.ExpectPerTensor(*in));
    PINHOLE_TRY(context.ExpectPerTensor(out));
  }
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, std::numeric_limits<std::size_t>::max(), 1));
  const auto options = context.op().options<AxisOptions>();
  const Tensor& out = *context.output(0);
  if (options.activation != Activation::kNone) {
    return context.Fail(base::Error::kUnsupported, "a fused activation found, none expected");
  }
  PINHOLE_ASSIGN(const int axis, ResolveAxis(context, options.axis, out.shape.rank()));
  std::int64_t total = 0;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    PINHOLE_TRY(ExpectJoinable(context, i, out, axis));
    total += context.input(i)->shape.dim(axis);
  }
  Shape shape = out.shape;
  shape.set_dim(axis, ClampDimension(total));
  PINHOLE_TRY(context.ExpectShape(out, shape));
  Prepared prepared;
  if (IsOnePicture(out) && axis > 1) {
    prepared.rows = RowWindow::Same();
  }
  return prepared;
}

// real = in.scale * (x - in.zero_point), in float, then to the output's units.
void CopyRescaled(const Tensor& in, const Tensor& out, const std::byte* from, std::byte* to,
                  std::int64_t count) {
  const auto* x = reinterpret_cast<const std::uint8_t*>(from);
  auto* y = reinterpret_cast<std::uint8_t*>(to);
  const float inverse = 1.0F / out.scale();
  const float scale = in.scale() * inverse;
  const float bias = static_cast<float>(-in.zero_point) * scale;
  for (std::int64_t i = 0; i < count; ++i) {
    const float value =
        std::round(static_cast<float>(x[i]) * scale + bias) + static_cast<float>(out.zero_point);
    y[i] = static_cast<std::uint8_t>(value > 0.0F ? std::min(value, 255.0F) : 0.0F);
  }
}

// What one input adds to each of `outer` runs of the output; `to` is where its part of the first
// run begins.
void Join(const Tensor& in, const Tensor& out, const std::byte* from, std::byte* to,
          std::int64_t outer, std::int64_t run, std::int64_t out_run) {
  const bool rescale = out.type == Type::kUint8 && !SameQuantization(in, out);
  for (std::int64_t k = 0; k < outer; ++k, from += run, to += out_run) {
    if (rescale) {
      CopyRescaled(in, out, from, to, run);
    } else {
      std::memcpy(to, from, static_cast<std::size_t>(run));
    }
  }
}

void Run(const EvalContext& context, RowRange rows) {
  const Tensor& out = *context.output(0).info;
  const int axis = AxisFromFront(context.op().options<AxisOptions>().axis, out.shape.rank());
  const std::int64_t inner =
      ElementsBehind(out.shape, axis) * static_cast<std::int64_t>(TypeSize(out.type));
  const std::int64_t out_run = inner * out.shape.dim(axis);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < context.op().inputs.size(); ++i) {
    const Tensor& in = *context.input(i).info;
    const std::int64_t run = inner * in.shape.dim(axis);
    if (rows.all()) {
      Join(in, out, context.input(i).data, context.output(0).data + start,
           ElementsBefore(out.shape, axis), run, out_run);
    } else {
      const RowsView from = context.input_rows(i);
      const RowsView to = context.output_rows(0);
      for (std::int32_t row = rows.begin; row < rows.end; ++row) {
        Join(in, out, from.row<std::byte>(row), to.row<std::byte>(row) + start,
             to.row_bytes / out_run, run, out_run);
      }
    }
    start += run;
  }
}

}  // namespace

const Kernel kConcatenation{OpKind::kConcatenation, 1, 4, Prepare, EvaluateAll<Run>,
                            EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
