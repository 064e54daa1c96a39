// SPDX-License-Identifier: Apache-2.0
// MUL: out = activation(a * b), with broadcasting. Types: float32, int32 and int64 (wrapping);
// int8, uint8 and int16 (zero points 0) with one scale each. Quantised: the product of the centred
// values has the scale a * b and is brought to the output's by one multiplier, formed in double.
// Source: TensorFlow Lite reference mul.h and integer_ops/mul.h.

#include "base/fixed_point.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct QuantizedParams {
  base::FixedMultiplier multiplier;
  IntRange clamp;
};

base::Result<const void*> PrepareQuantized(PrepareContext& context, Activation activation) {
  const Tensor& a = *context.input(0);
  const Tensor& b = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectQuantizedBinary(context));
  PINHOLE_TRY(ExpectInt16Centred(context));
  PINHOLE_ASSIGN(const IntRange clamp, QuantizedActivationRange(context, activation, out));
  PINHOLE_ASSIGN(QuantizedParams* const params, context.NewParams<QuantizedParams>());
  params->multiplier =
      base::QuantizeMultiplier(static_cast<double>(a.scale()) * static_cast<double>(b.scale()) /
                               static_cast<double>(out.scale()));
  params->clamp = clamp;
  return static_cast<const void*>(params);
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
  const Activation activation = context.op().options<ActivationOptions>().activation;
  const Type type = context.output(0)->type;
  switch (type) {
    case Type::kFloat32: PINHOLE_TRY(KeepLimits<float>(context, activation, prepared)); break;
    case Type::kInt32: PINHOLE_TRY(KeepLimits<std::int32_t>(context, activation, prepared)); break;
    case Type::kInt64: PINHOLE_TRY(KeepLimits<std::int64_t>(context, activation, prepared)); break;
    case Type::kInt8:
    case Type::kUint8:
    case Type::kInt16: {
      PINHOLE_ASSIGN(prepared.params, PrepareQuantized(context, activation));
      break;
    }
    default: return context.FailOnType(type, "float32, int8, uint8, int16, int32 or int64");
  }
  return prepared;
}

template <typename T>
void Plain(const EvalContext& context, RowRange rows) {
  const auto& limits = context.params<Limits<T>>();
  ForEachPair<T>(context, rows, [&limits](T a, T b) { return limits.Clamp(Product(a, b)); });
}

template <typename T>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<QuantizedParams>();
  const std::int32_t a_zero = context.input(0).info->zero_point;
  const std::int32_t b_zero = context.input(1).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  ForEachPair<T>(context, rows, [&params, a_zero, b_zero, out_zero](T a, T b) {
    return static_cast<T>(Requantize(base::WrapMul(a - a_zero, b - b_zero), params.multiplier,
                                     out_zero, params.clamp));
  });
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.output(0).type()) {
    case Type::kFloat32: Plain<float>(context, rows); return;
    case Type::kInt32: Plain<std::int32_t>(context, rows); return;
    case Type::kInt64: Plain<std::int64_t>(context, rows); return;
    case Type::kInt8: Quantized<std::int8_t>(context, rows); return;
    case Type::kUint8: Quantized<std::uint8_t>(context, rows); return;
    default: Quantized<std::int16_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kMul{OpKind::kMul, 1, 7, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
