// SPDX-License-Identifier: Apache-2.0
// ADD and SUB: out = activation(a + b), activation(a - b), with broadcasting. Types: float32, int32
// and int64 (wrapping); int8, uint8 and int16 with one scale each.
//
// Quantised: both inputs are shifted left (20 bits, 15 for int16), brought to the common scale
// 2 * max(scale_a, scale_b), added, and brought to the output's scale. Source: TensorFlow Lite
// reference add.h, sub.h. The reference forms ADD's multipliers in double and SUB's in float; that
// decides last bits, so it is kept.

#include <algorithm>

#include "base/fixed_point.h"
#include "engine/kernels/ref/add_params.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr int LeftShift(Type type) { return type == Type::kInt16 ? 15 : 20; }

// Real is the type that the reference computes the ratios in.
template <typename Real>
void SetMultipliers(const Tensor& a, const Tensor& b, const Tensor& out, AddParams& params) {
  const Real common = 2 * static_cast<Real>(std::max(a.scale(), b.scale()));
  const auto unit = static_cast<Real>(1 << LeftShift(out.type));
  const auto quantize = [](Real ratio) {
    return base::QuantizeMultiplier(static_cast<double>(ratio));
  };
  params.a = quantize(static_cast<Real>(a.scale()) / common);
  params.b = quantize(static_cast<Real>(b.scale()) / common);
  params.out = quantize(common / (unit * static_cast<Real>(out.scale())));
}

template <bool kSubtract>
base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
  const Tensor& out = *context.output(0);
  const Activation activation = context.op().options<ActivationOptions>().activation;
  switch (out.type) {
    case Type::kFloat32: PINHOLE_TRY(KeepLimits<float>(context, activation, prepared)); break;
    case Type::kInt32: PINHOLE_TRY(KeepLimits<std::int32_t>(context, activation, prepared)); break;
    case Type::kInt64: PINHOLE_TRY(KeepLimits<std::int64_t>(context, activation, prepared)); break;
    case Type::kInt8:
    case Type::kUint8:
    case Type::kInt16: {
      PINHOLE_TRY(ExpectQuantizedBinary(context));
      PINHOLE_ASSIGN(const IntRange clamp, QuantizedActivationRange(context, activation, out));
      PINHOLE_ASSIGN(AddParams* const params, context.NewParams<AddParams>());
      params->clamp = clamp;
      SetMultipliers<std::conditional_t<kSubtract, float, double>>(*context.input(0),
                                                                   *context.input(1), out, *params);
      prepared.params = params;
      break;
    }
    default: return context.FailOnType(out.type, "float32, int8, uint8, int16, int32 or int64");
  }
  return prepared;
}

template <typename T, bool kSubtract>
void Plain(const EvalContext& context, RowRange rows) {
  const auto& limits = context.params<Limits<T>>();
  ForEachPair<T>(context, rows, [&limits](T a, T b) {
    return limits.Clamp(kSubtract ? Difference(a, b) : Sum(a, b));
  });
}

template <typename T, bool kSubtract>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<AddParams>();
  const std::int32_t a_zero = context.input(0).info->zero_point;
  const std::int32_t b_zero = context.input(1).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  constexpr int kShift = LeftShift(TypeOf<T>());
  ForEachPair<T>(context, rows, [&params, a_zero, b_zero, out_zero](T a, T b) {
    const std::int32_t x =
        base::MultiplyByQuantizedMultiplier(base::WrapShl(a - a_zero, kShift), params.a);
    const std::int32_t y =
        base::MultiplyByQuantizedMultiplier(base::WrapShl(b - b_zero, kShift), params.b);
    return static_cast<T>(Requantize(kSubtract ? base::WrapSub(x, y) : base::WrapAdd(x, y),
                                     params.out, out_zero, params.clamp));
  });
}

template <bool kSubtract>
void Run(const EvalContext& context, RowRange rows) {
  switch (context.output(0).type()) {
    case Type::kFloat32: Plain<float, kSubtract>(context, rows); return;
    case Type::kInt32: Plain<std::int32_t, kSubtract>(context, rows); return;
    case Type::kInt64: Plain<std::int64_t, kSubtract>(context, rows); return;
    case Type::kInt8: Quantized<std::int8_t, kSubtract>(context, rows); return;
    case Type::kUint8: Quantized<std::uint8_t, kSubtract>(context, rows); return;
    default: Quantized<std::int16_t, kSubtract>(context, rows); return;
  }
}

}  // namespace

const Kernel kAdd{
    OpKind::kAdd, 1, 5, Prepare<false>, EvaluateAll<Run<false>>, EvaluateSome<Run<false>>};
const Kernel kSub{OpKind::kSub,           1, 5, Prepare<true>, EvaluateAll<Run<true>>,
                  EvaluateSome<Run<true>>};

}  // namespace pinhole::engine::kernels::ref
