// SPDX-License-Identifier: Apache-2.0
// LEAKY_RELU: y = x where x > 0, alpha * x elsewhere, element by element; any shape, the output's
// is the input's. alpha may be negative. Types: float32; int8, uint8 and int16 with one scale each,
// requantised from the input's scale to the output's. Source: TensorFlow Lite
// reference_ops::QuantizeLeakyRelu, leaky_relu_common.cc.

#include <cmath>
#include <limits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/prepare_activation.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  base::FixedMultiplier identity;
  base::FixedMultiplier slope;  // of alpha's magnitude
  bool negative_slope = false;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareActivation(context));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  const float alpha = context.op().options<LeakyReluOptions>().alpha;
  if (!std::isfinite(alpha)) {
    return context.Fail(base::Error::kMalformed, "alpha is not a finite number");
  }
  if (in.type == Type::kFloat32) {
    return prepared;
  }
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  // Both ratios are formed in float.
  params->identity = base::QuantizeMultiplier(static_cast<double>(in.scale() / out.scale()));
  params->slope =
      base::QuantizeMultiplier(std::abs(static_cast<double>(in.scale() * alpha / out.scale())));
  params->negative_slope = alpha < 0.0F;
  prepared.params = params;
  return prepared;
}

template <typename T>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<Params>();
  const std::int32_t in_zero = context.input(0).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  const IntRange range = TypeRange(context.output(0).type());
  ForElements<T, T>(context, rows, [&](const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::int32_t centred = x[i] - in_zero;
      std::int32_t scaled = base::MultiplyByQuantizedMultiplier(
          centred, centred >= 0 ? params.identity : params.slope);
      if (centred < 0 && params.negative_slope) {
        scaled = base::WrapSub(0, scaled);
      }
      y[i] = static_cast<T>(range.Clamp(base::WrapAdd(scaled, out_zero)));
    }
  });
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kFloat32: {
      const float alpha = context.op().options<LeakyReluOptions>().alpha;
      ForElements<float, float>(context, rows, [&](const float* x, float* y, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
          y[i] = x[i] > 0.0F ? x[i] : x[i] * alpha;
        }
      });
      return;
    }
    case Type::kInt8: Quantized<std::int8_t>(context, rows); return;
    case Type::kUint8: Quantized<std::uint8_t>(context, rows); return;
    default: Quantized<std::int16_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kLeakyRelu{OpKind::kLeakyRelu, 1, 2, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
