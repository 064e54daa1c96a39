// SPDX-License-Identifier: Apache-2.0
// DIV: out = activation(a / b), with broadcasting. Types: float32 (x / 0 is an infinity or NaN);
// int32 and int64, rounded towards zero, wrapping; int8 and uint8 with one scale each. An integer
// divisor that is zero (for quantised types: equal to its zero point) ends the run with
// kInvalidArgument. Quantised: the divisor's reciprocal as a 31-bit fraction by three Newton steps,
// then two fixed-point products. Source: TensorFlow Lite reference div.h; gemmlowp fixedpoint.h.

#include <bit>

#include "base/fixed_point.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/fixed_point_math.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct QuantizedParams {
  base::FixedMultiplier multiplier;
  IntRange clamp;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
  prepared.rows = {};  // a divisor is looked through for zeros before anything is written
  const Tensor& out = *context.output(0);
  const Activation activation = context.op().options<ActivationOptions>().activation;
  switch (out.type) {
    case Type::kFloat32: PINHOLE_TRY(KeepLimits<float>(context, activation, prepared)); break;
    case Type::kInt32: PINHOLE_TRY(KeepLimits<std::int32_t>(context, activation, prepared)); break;
    case Type::kInt64: PINHOLE_TRY(KeepLimits<std::int64_t>(context, activation, prepared)); break;
    case Type::kInt8:
    case Type::kUint8: {
      PINHOLE_TRY(ExpectQuantizedBinary(context));
      PINHOLE_ASSIGN(const IntRange clamp, QuantizedActivationRange(context, activation, out));
      PINHOLE_ASSIGN(QuantizedParams* const params, context.NewParams<QuantizedParams>());
      params->multiplier = base::QuantizeMultiplier(static_cast<double>(
          context.input(0)->scale() / (context.input(1)->scale() * out.scale())));
      params->clamp = clamp;
      prepared.params = params;
      break;
    }
    default: return context.FailOnType(out.type, "float32, int8, uint8, int32 or int64");
  }
  return prepared;
}

// Divides by hand where the processor would trap: the least integer by -1.
template <typename T>
T Quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == T{-1}) {
      return Difference(T{0}, a);
    }
  }
  return a / b;
}

template <typename T>
void Plain(const EvalContext& context) {
  const auto& limits = context.params<Limits<T>>();
  ForEachPair<T>(context, RowRange::All(),
                 [&limits](T a, T b) { return limits.Clamp(Quotient(a, b)); });
}

// a / b * multiplier for centred 8-bit values, b not 0.
std::int32_t QuantizedQuotient(std::int32_t a, std::int32_t b, base::FixedMultiplier multiplier) {
  if (b < 0) {
    a = -a;
    b = -b;
  }
  const int zeros = std::countl_zero(static_cast<std::uint32_t>(b));
  const auto fraction = static_cast<std::int32_t>((static_cast<std::uint32_t>(b) << zeros) -
                                                  (std::uint32_t{1} << 31));
  const std::int32_t inverse = OneOverOnePlus(fraction);
  const int integer_bits = 31 - zeros;
  // Leading bits of a that repeat its sign: so far it can be shifted up.
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(a < 0 ? ~a : a)) - 1;
  const std::int32_t quotient =
      base::SaturatingRoundingDoublingHighMul(base::WrapShl(a, headroom), inverse);
  const int shift = multiplier.shift - integer_bits - headroom;
  if (shift < -31) {
    return 0;  // below half a unit; the reference leaves such shifts undefined
  }
  return base::MultiplyByQuantizedMultiplier(quotient, {multiplier.fraction, shift});
}

template <typename T>
void Quantized(const EvalContext& context) {
  const auto& params = context.params<QuantizedParams>();
  const std::int32_t a_zero = context.input(0).info->zero_point;
  const std::int32_t b_zero = context.input(1).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  ForEachPair<T>(context, RowRange::All(), [&params, a_zero, b_zero, out_zero](T a, T b) {
    const std::int32_t quotient = QuantizedQuotient(a - a_zero, b - b_zero, params.multiplier);
    return static_cast<T>(params.clamp.Clamp(base::WrapAdd(out_zero, quotient)));
  });
}

// Looks before anything is written: the output may lie where an input does.
template <typename T>
base::Status ExpectNoZero(const TensorView& divisor, std::int32_t zero) {
  const T* b = divisor.as<T>();
  for (std::size_t i = 0; i < divisor.size(); ++i) {
    if (b[i] == static_cast<T>(zero)) {
      return base::Unexpected(base::Error::kInvalidArgument);
    }
  }
  return {};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView divisor = context.input(1);
  switch (divisor.type()) {
    case Type::kFloat32: Plain<float>(context); return {};
    case Type::kInt32:
      PINHOLE_TRY(ExpectNoZero<std::int32_t>(divisor, 0));
      Plain<std::int32_t>(context);
      return {};
    case Type::kInt64:
      PINHOLE_TRY(ExpectNoZero<std::int64_t>(divisor, 0));
      Plain<std::int64_t>(context);
      return {};
    case Type::kInt8:
      PINHOLE_TRY(ExpectNoZero<std::int8_t>(divisor, divisor.info->zero_point));
      Quantized<std::int8_t>(context);
      return {};
    default:
      PINHOLE_TRY(ExpectNoZero<std::uint8_t>(divisor, divisor.info->zero_point));
      Quantized<std::uint8_t>(context);
      return {};
  }
}

}  // namespace

const Kernel kDiv{OpKind::kDiv, 1, 2, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
