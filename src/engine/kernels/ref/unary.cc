// SPDX-License-Identifier: Apache-2.0
// NEG, SQRT and RSQRT: out = -x, sqrt(x), 1 / sqrt(x), element by element; any shape, the output's
// is the input's. Types: float32 and int8 (one scale each); NEG also int32 and int64 (wrapping).
//
// int8 NEG and SQRT have no kernel in TensorFlow Lite Micro; here they are rescaled like its other
// operators (NEG) and rounded from float (SQRT). int8 RSQRT is the reference's fixed-point Newton
// iteration; of zero it gives the largest output. Quantised roots of a negative number end the run
// with kInvalidArgument; float ones are NaN. Source: TensorFlow Lite Micro neg.cc, elementwise.cc;
// GetInvSqrtQuantizedMultiplierExp in common.h.

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/fixed_point_math.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr IntRange kInt8 = TypeRange(Type::kInt8);

base::Status ExpectUnary(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(out, in.type));
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  if (in.type == Type::kInt8) {
    PINHOLE_TRY(context.ExpectPerTensor(in));
    PINHOLE_TRY(context.ExpectPerTensor(out));
  }
  return {};
}

// `multiplier` goes to the model arena for int8.
base::Result<Prepared> PrepareWith(PrepareContext& context, double multiplier) {
  Prepared prepared;
  prepared.in_place_inputs = 1;
  if (context.input(0)->type == Type::kInt8) {
    PINHOLE_ASSIGN(auto* const kept, context.NewParams<base::FixedMultiplier>());
    *kept = base::QuantizeMultiplier(multiplier);
    prepared.params = kept;
  }
  return prepared;
}

template <typename T, typename Function>
void ForEach(const EvalContext& context, const Function& function) {
  const TensorView in = context.input(0);
  const T* x = in.as<T>();
  std::transform(x, x + in.size(), context.output(0).as<T>(), function);
}

// -- NEG

base::Result<Prepared> PrepareNeg(PrepareContext& context) {
  PINHOLE_TRY(ExpectUnary(context));
  const Tensor& in = *context.input(0);
  switch (in.type) {
    case Type::kFloat32:
    case Type::kInt8:
    case Type::kInt32:
    case Type::kInt64: break;
    default: return context.FailOnType(in.type, "float32, int8, int32 or int64");
  }
  return PrepareWith(
      context, static_cast<double>(in.scale()) / static_cast<double>(context.output(0)->scale()));
}

base::Status EvaluateNeg(const EvalContext& context) {
  switch (context.input(0).type()) {
    case Type::kFloat32: ForEach<float>(context, [](float x) { return -x; }); return {};
    case Type::kInt32:
      ForEach<std::int32_t>(context, [](std::int32_t x) { return Difference(0, x); });
      return {};
    case Type::kInt64:
      ForEach<std::int64_t>(context, [](std::int64_t x) { return Difference(std::int64_t{0}, x); });
      return {};
    default: {
      const auto multiplier = context.params<base::FixedMultiplier>();
      const std::int32_t in_zero = context.input(0).info->zero_point;
      const std::int32_t out_zero = context.output(0).info->zero_point;
      ForEach<std::int8_t>(context, [=](std::int8_t x) {
        return static_cast<std::int8_t>(Requantize(in_zero - x, multiplier, out_zero, kInt8));
      });
      return {};
    }
  }
}

// -- SQRT, RSQRT

base::Status ExpectRootTypes(PrepareContext& context) {
  PINHOLE_TRY(ExpectUnary(context));
  const Type type = context.input(0)->type;
  if (type != Type::kFloat32 && type != Type::kInt8) {
    return context.FailOnType(type, "float32 or int8");
  }
  return {};
}

base::Result<Prepared> PrepareSqrt(PrepareContext& context) {
  PINHOLE_TRY(ExpectRootTypes(context));
  Prepared prepared;
  prepared.in_place_inputs = 1;
  return prepared;
}

base::Result<Prepared> PrepareRsqrt(PrepareContext& context) {
  PINHOLE_TRY(ExpectRootTypes(context));
  return PrepareWith(context, 1.0 / static_cast<double>(std::sqrt(context.input(0)->scale()) *
                                                        context.output(0)->scale()));
}

// Nothing is below the zero point. Looks before anything is written, as the output may lie there.
base::Status ExpectNoNegative(const TensorView& in) {
  const auto* x = in.as<std::int8_t>();
  if (std::any_of(x, x + in.size(),
                  [zero = in.info->zero_point](std::int8_t v) { return v < zero; })) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  return {};
}

base::Status EvaluateSqrt(const EvalContext& context) {
  const TensorView in = context.input(0);
  if (in.type() == Type::kFloat32) {
    ForEach<float>(context, [](float x) { return std::sqrt(x); });
    return {};
  }
  PINHOLE_TRY(ExpectNoNegative(in));
  const Tensor& out = *context.output(0).info;
  ForEach<std::int8_t>(context, [&in, &out](std::int8_t x) {
    const float real = in.info->scale() * static_cast<float>(x - in.info->zero_point);
    return static_cast<std::int8_t>(
        kInt8.Clamp(QuantizeReal(std::sqrt(real), out.scale(), out.zero_point)));
  });
  return {};
}

// 1 / sqrt(x) for x in [1, 255]: Newton's iteration on x / 4^n, scaled to lie just below 1, in
// numbers with 3 integer bits.
base::FixedMultiplier InverseSquareRoot(std::int32_t x) {
  using base::SaturatingRoundingDoublingHighMul;
  if (x <= 1) {
    return {std::numeric_limits<std::int32_t>::max(), 0};
  }
  constexpr std::int32_t kOne = 1 << 28;
  constexpr std::int32_t kThreeHalves = kOne + kOne / 2;
  constexpr std::int32_t kHalfOfRootTwo = 1518500250;  // no integer bits
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(x)) - 1) / 2 - 1;
  const std::int32_t scaled = base::WrapShl(x, 2 * pairs) >> 1;
  const std::int32_t half = base::RoundingDivideByPot(scaled, 1);
  std::int32_t root = kOne;
  for (int i = 0; i < 5; ++i) {
    const std::int32_t cube = SaturatingShl(
        SaturatingRoundingDoublingHighMul(SaturatingRoundingDoublingHighMul(root, root), root), 6);
    root = SaturatingShl(base::WrapSub(SaturatingRoundingDoublingHighMul(kThreeHalves, root),
                                       SaturatingRoundingDoublingHighMul(half, cube)),
                         3);
  }
  root = SaturatingRoundingDoublingHighMul(root, kHalfOfRootTwo);
  const int right = 11 - pairs;
  return right < 0 ? base::FixedMultiplier{base::WrapShl(root, -right), 0}
                   : base::FixedMultiplier{root, -right};
}

base::Status EvaluateRsqrt(const EvalContext& context) {
  const TensorView in = context.input(0);
  if (in.type() == Type::kFloat32) {
    ForEach<float>(context, [](float x) { return 1.0F / std::sqrt(x); });
    return {};
  }
  PINHOLE_TRY(ExpectNoNegative(in));
  constexpr int kFractionBits = 20;  // keeps 1 / sqrt(x) an integer between the two products
  base::FixedMultiplier scale = context.params<base::FixedMultiplier>();
  scale.shift -= kFractionBits;
  if (scale.shift < -31) {
    scale = {};  // below half a unit; the reference leaves such shifts undefined
  }
  const std::int32_t in_zero = in.info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  ForEach<std::int8_t>(context, [=](std::int8_t x) {
    if (x == in_zero) {
      return static_cast<std::int8_t>(kInt8.high);
    }
    base::FixedMultiplier inverse = InverseSquareRoot(x - in_zero);
    inverse.shift += kFractionBits;
    return static_cast<std::int8_t>(
        Requantize(base::MultiplyByQuantizedMultiplier(1, inverse), scale, out_zero, kInt8));
  });
  return {};
}

}  // namespace

const Kernel kNeg{OpKind::kNeg, 1, 2, PrepareNeg, EvaluateNeg};
const Kernel kSqrt{OpKind::kSqrt, 1, 2, PrepareSqrt, EvaluateSqrt};
const Kernel kRsqrt{OpKind::kRsqrt, 1, 3, PrepareRsqrt, EvaluateRsqrt};

}  // namespace pinhole::engine::kernels::ref
