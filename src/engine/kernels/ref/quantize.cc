// SPDX-License-Identifier: Apache-2.0
// QUANTIZE: numbers to a quantised type, element by element; any shape, the output's is the
// input's. From float32 to int8, uint8 or int16: round(x / scale) + zero point, halves away from
// zero, saturated. From int8, uint8, int16 or int32 to int8, uint8, int16 or int32: requantised
// with one multiplier. One scale each. Source: TensorFlow Lite reference_ops::AffineQuantize,
// reference_ops::Requantize, quantize_common.cc.

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

namespace {

bool IsInteger(Type type) {
  return type == Type::kInt8 || type == Type::kUint8 || type == Type::kInt16 ||
         type == Type::kInt32;
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  const bool from_float = in.type == Type::kFloat32 && out.type != Type::kInt32;
  if (!(from_float || IsInteger(in.type)) || !IsInteger(out.type)) {
    return context.Fail(base::Error::kUnsupported, TypeName(in.type), " to ", TypeName(out.type),
                        " found; float32 to int8, uint8 or int16, or int8, uint8, int16 or int32 "
                        "among each other expected");
  }
  PINHOLE_TRY(context.ExpectPerTensor(out));
  Prepared prepared;
  // Byte by byte from the front: what is written lies before what is still to be read.
  prepared.in_place_inputs = TypeSize(out.type) == 1 || in.type == out.type ? 1 : 0;
  prepared.rows = RowsOfOnePicture(in, out, RowWindow::Same());
  if (in.type != Type::kFloat32) {
    PINHOLE_TRY(context.ExpectPerTensor(in));
    PINHOLE_ASSIGN(base::FixedMultiplier* const multiplier,
                   context.NewParams<base::FixedMultiplier>());
    *multiplier = base::QuantizeMultiplier(static_cast<double>(in.scale()) /
                                           static_cast<double>(out.scale()));
    prepared.params = multiplier;
  }
  return prepared;
}

// Not shared among workers: one would write over what another has yet to read.
template <typename In, typename Out>
void Convert(const EvalContext& context, RowRange rows) {
  constexpr std::int64_t kLow = std::numeric_limits<Out>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<Out>::max();
  const std::int32_t out_zero = context.output(0).info->zero_point;
  if constexpr (std::is_same_v<In, float>) {
    const float scale = context.output(0).info->scale();
    ForElementRuns<In, Out>(context, rows, [&](const In* x, Out* y, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) {
        // Clamped before the conversion, which is undefined beyond 32 bits; NaN counts as zero.
        const float units = std::round(x[i] / scale);
        const float bounded = std::isnan(units) ? 0.0F : std::clamp(units, -1.0e6F, 1.0e6F);
        y[i] = static_cast<Out>(
            std::clamp(static_cast<std::int64_t>(bounded) + out_zero, kLow, kHigh));
      }
    });
  } else {
    const auto multiplier = context.params<base::FixedMultiplier>();
    const std::int32_t in_zero = context.input(0).info->zero_point;
    ForElementRuns<In, Out>(context, rows, [&](const In* x, Out* y, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t scaled =
            base::MultiplyByQuantizedMultiplier(base::WrapSub(x[i], in_zero), multiplier);
        y[i] = static_cast<Out>(
            std::clamp<std::int64_t>(base::WrapAdd(scaled, out_zero), kLow, kHigh));
      }
    });
  }
}

template <typename In>
void ConvertTo(const EvalContext& context, RowRange rows) {
  switch (context.output(0).type()) {
    case Type::kInt8: Convert<In, std::int8_t>(context, rows); return;
    case Type::kUint8: Convert<In, std::uint8_t>(context, rows); return;
    case Type::kInt16: Convert<In, std::int16_t>(context, rows); return;
    default: Convert<In, std::int32_t>(context, rows); return;
  }
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kFloat32: ConvertTo<float>(context, rows); return;
    case Type::kInt8: ConvertTo<std::int8_t>(context, rows); return;
    case Type::kUint8: ConvertTo<std::uint8_t>(context, rows); return;
    case Type::kInt16: ConvertTo<std::int16_t>(context, rows); return;
    default: ConvertTo<std::int32_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kQuantize{OpKind::kQuantize, 1, 4, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
