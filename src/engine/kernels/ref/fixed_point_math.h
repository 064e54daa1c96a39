// SPDX-License-Identifier: Apache-2.0
#pragma once

// exp, 1/(1+x), tanh and the logistic function on 32-bit fixed point, integers only, bit for bit
// what quantised SOFTMAX, LOGISTIC and TANH are defined by.
//
// "Qm" is a signed 32-bit integer with m integer bits: real = raw / 2^(31-m), range [-2^m, 2^m). Q0
// therefore ends just below 1, and "one" in Q0 is the largest integer. A product of Qa and Qb is
// the rounded high half of the doubled product and is Q(a+b). The last bit of every result depends
// on the order of the roundings below; change nothing here for beauty.
//
// Source: gemmlowp's fixedpoint.h (exp_on_negative_values, one_over_one_plus_x_for_x_in_0_1, tanh,
// logistic); Newton-Raphson division with the start 48/17 - 32/17 d, whose error is below 1/17.

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/fixed_point.h"

namespace pinhole::engine::kernels::ref {

inline constexpr std::int32_t kOneQ0 = std::numeric_limits<std::int32_t>::max();

// x * 2^bits, saturated. bits in 0..31.
constexpr std::int32_t SaturatingShl(std::int32_t x, int bits) {
  const std::int64_t wide = static_cast<std::int64_t>(x) * (std::int64_t{1} << bits);
  if (wide > std::numeric_limits<std::int32_t>::max()) {
    return std::numeric_limits<std::int32_t>::max();
  }
  if (wide < std::numeric_limits<std::int32_t>::min()) {
    return std::numeric_limits<std::int32_t>::min();
  }
  return static_cast<std::int32_t>(wide);
}

// exp(x) for x in [-1/4, 0), Q0 to Q0: four terms of the Taylor series around -1/8.
constexpr std::int32_t ExpOnLastQuarter(std::int32_t x) {
  constexpr std::int32_t kExpMinusEighth = 1895147668;
  constexpr std::int32_t kThird = 715827883;
  const auto mul = base::SaturatingRoundingDoublingHighMul;
  const std::int32_t d = base::WrapAdd(x, 1 << 28);
  const std::int32_t d2 = mul(d, d);
  const std::int32_t d3 = mul(d2, d);
  const std::int32_t d4 = mul(d2, d2);
  // d^2/2 + d^3/6 + d^4/24
  const std::int32_t tail = base::RoundingDivideByPot(
      base::WrapAdd(mul(base::WrapAdd(base::RoundingDivideByPot(d4, 2), d3), kThird), d2), 1);
  return base::WrapAdd(kExpMinusEighth, mul(kExpMinusEighth, base::WrapAdd(d, tail)));
}

// exp(x) for x <= 0, Q(kIntegerBits) to Q0. The last quarter is approximated, each bit above it
// multiplies by its own power of e.
template <int kIntegerBits>
constexpr std::int32_t ExpOnNegative(std::int32_t x) {
  static_assert(kIntegerBits >= 1 && kIntegerBits <= 5, "beyond -32 the reference clamps");
  constexpr std::int32_t kPowers[] = {
      1672461947,  // exp(-1/4)
      1302514674,  // exp(-1/2)
      790015084,   // exp(-1)
      290630308,   // exp(-2)
      39332535,    // exp(-4)
      720401,      // exp(-8)
      242,         // exp(-16)
  };
  constexpr int kQuarterBit = 31 - kIntegerBits - 2;
  constexpr std::int32_t kQuarter = std::int32_t{1} << kQuarterBit;
  if (x == 0) {
    return kOneQ0;
  }
  const std::int32_t last = (x & (kQuarter - 1)) - kQuarter;
  const std::int32_t rest = base::WrapSub(last, x);  // a multiple of 1/4
  std::int32_t result = ExpOnLastQuarter(SaturatingShl(last, kIntegerBits));
  for (int i = 0; i < kIntegerBits + 2; ++i) {
    if ((rest & (std::int32_t{1} << (kQuarterBit + i))) != 0) {
      result = base::SaturatingRoundingDoublingHighMul(result, kPowers[i]);
    }
  }
  return result;
}

// 2 / (1 + x) for x in [0, 1), Q0 to Q2: three steps of Newton-Raphson on half the denominator.
constexpr std::int32_t TwoOverOnePlus(std::int32_t x) {
  constexpr std::int32_t k48Over17 = 1515870810;
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  constexpr std::int32_t kOneQ2 = std::int32_t{1} << 29;
  const auto mul = base::SaturatingRoundingDoublingHighMul;
  const std::int64_t sum = static_cast<std::int64_t>(x) + kOneQ0;
  const auto half_denominator = static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  std::int32_t quotient = base::WrapAdd(k48Over17, mul(half_denominator, kMinus32Over17));
  for (int step = 0; step < 3; ++step) {
    const std::int32_t error = base::WrapSub(kOneQ2, mul(half_denominator, quotient));
    quotient = base::WrapAdd(quotient, SaturatingShl(mul(quotient, error), 2));
  }
  return quotient;
}

// 1 / (1 + x) for x in [0, 1), Q0 to Q0.
constexpr std::int32_t OneOverOnePlus(std::int32_t x) {
  return SaturatingShl(TwoOverOnePlus(x), 1);
}

// (1 - x) / (1 + x) = 2 / (1 + x) - 1 for x in [0, 1), Q0 to Q0.
constexpr std::int32_t OneMinusOverOnePlus(std::int32_t x) {
  return SaturatingShl(base::WrapSub(TwoOverOnePlus(x), std::int32_t{1} << 29), 2);
}

// 1 / (1 + exp(-x)), Q(kIntegerBits) to Q0.
template <int kIntegerBits>
constexpr std::int32_t LogisticFixed(std::int32_t x) {
  if (x == 0) {
    return std::int32_t{1} << 30;
  }
  const std::int32_t negative = x > 0 ? base::WrapSub(0, x) : x;
  const std::int32_t of_positive = OneOverOnePlus(ExpOnNegative<kIntegerBits>(negative));
  return x > 0 ? of_positive : base::WrapSub(kOneQ0, of_positive);
}

// tanh(x), Q(kIntegerBits) to Q0. The exponent 2x is the same integer read with one bit more.
template <int kIntegerBits>
constexpr std::int32_t TanhFixed(std::int32_t x) {
  if (x == 0) {
    return 0;
  }
  const std::int32_t negative = x > 0 ? base::WrapSub(0, x) : x;
  const std::int32_t of_positive = OneMinusOverOnePlus(ExpOnNegative<kIntegerBits + 1>(negative));
  return x > 0 ? of_positive : base::WrapSub(0, of_positive);
}

// What an input of Qm can be at most before it must be cut off: the largest |q| for which
// q * 2^left_shift is still inside [-(2^m - 1), 2^m - 1] of Qm; saturates at 32 bits.
inline std::int32_t InputRadius(int integer_bits, int left_shift) {
  const double radius = std::floor(
      std::ldexp(static_cast<double>((1 << integer_bits) - 1), 31 - integer_bits - left_shift));
  return radius < static_cast<double>(kOneQ0) ? static_cast<std::int32_t>(radius) : kOneQ0;
}

}  // namespace pinhole::engine::kernels::ref
