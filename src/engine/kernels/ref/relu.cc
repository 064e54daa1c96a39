// SPDX-License-Identifier: Apache-2.0
// RELU and RELU6: y = max(x, 0), y = min(max(x, 0), 6), element by element; any shape, the output's
// is the input's. Types: float32; int8, uint8 and int16 with one scale each, requantised from the
// input's scale to the output's. Source: TensorFlow Lite reference_ops ReluX (integer form:
// rescale, then clamp to the quantised 0 and 6).

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/prepare_activation.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  base::FixedMultiplier multiplier;
  std::int32_t low = 0, high = 0;  // quantised clamp
};

template <typename T>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<Params>();
  const std::int32_t in_zero = context.input(0).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  ForElementRuns<T, T>(context, rows, [&](const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::int32_t scaled = base::WrapAdd(
          out_zero, base::MultiplyByQuantizedMultiplier(x[i] - in_zero, params.multiplier));
      y[i] = static_cast<T>(std::clamp(scaled, params.low, params.high));
    }
  });
}

template <typename T>
void SetClamp(Params& params, const Tensor& out, float upper) {
  constexpr std::int32_t kMax = std::numeric_limits<T>::max();
  params.low = std::max<std::int32_t>(std::numeric_limits<T>::min(), out.zero_point);
  const double six = std::isinf(upper)
                         ? kMax
                         : out.zero_point + std::round(static_cast<double>(upper / out.scale()));
  params.high = static_cast<std::int32_t>(std::clamp<double>(six, params.low, kMax));
}

base::Result<Prepared> Prepare(PrepareContext& context, float upper) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareActivation(context));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  if (in.type == Type::kFloat32) {
    return prepared;
  }
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  params->multiplier = base::QuantizeMultiplier(static_cast<double>(in.scale() / out.scale()));
  switch (in.type) {
    case Type::kInt8: SetClamp<std::int8_t>(*params, out, upper); break;
    case Type::kUint8: SetClamp<std::uint8_t>(*params, out, upper); break;
    default: SetClamp<std::int16_t>(*params, out, upper); break;
  }
  prepared.params = params;
  return prepared;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <bool kSix>
void Run(const EvalContext& context, RowRange rows) {
  static constexpr float kUpper = kSix ? 6.0F : kInfinity;
  switch (context.input(0).type()) {
    case Type::kFloat32:
      ForElementRuns<float, float>(context, rows, [](const float* x, float* y, std::size_t n) {
        std::transform(x, x + n, y, [](float v) { return std::min(std::max(v, 0.0F), kUpper); });
      });
      return;
    case Type::kInt8: Quantized<std::int8_t>(context, rows); return;
    case Type::kUint8: Quantized<std::uint8_t>(context, rows); return;
    default: Quantized<std::int16_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kRelu{OpKind::kRelu,
                   1,
                   3,
                   [](PrepareContext& c) { return Prepare(c, kInfinity); },
                   EvaluateAll<Run<false>>,
                   EvaluateSome<Run<false>>};
const Kernel kRelu6{OpKind::kRelu6,
                    1,
                    3,
                    [](PrepareContext& c) { return Prepare(c, 6.0F); },
                    EvaluateAll<Run<true>>,
                    EvaluateSome<Run<true>>};

}  // namespace pinhole::engine::kernels::ref
