// SPDX-License-Identifier: Apache-2.0
#pragma once

// The integer arithmetic that quantised networks are defined by, bit for bit: a real multiplier is
// a 31-bit fraction and a power of two, and a product is rounded twice (once when the high half is
// taken, once when it is shifted).
//
// All functions are defined for every input: where the reference would overflow (only a hostile
// model can bring it there) these wrap around or saturate, as said at each, and never invoke
// undefined behaviour. Source: gemmlowp's fixedpoint.h and its paper (Jacob et al. 2017,
// section 2.2); TensorFlow Lite's quantisation specification, double-rounding variant.

#include <cmath>
#include <cstdint>
#include <limits>

namespace pinhole::base {

constexpr std::int32_t WrapAdd(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
constexpr std::int32_t WrapSub(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}
constexpr std::int32_t WrapMul(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
}
// a << shift without undefined behaviour; shift in 0..31.
constexpr std::int32_t WrapShl(std::int32_t a, int shift) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << shift);
}

// value = fraction / 2^31 * 2^shift, with fraction in [2^30, 2^31) or 0.
struct FixedMultiplier {
  std::int32_t fraction = 0;
  std::int32_t shift = 0;
};

// Range: any double. Below 2^-32 the result is zero; not finite or above 2^30 saturates at the
// largest multiplier.
inline FixedMultiplier QuantizeMultiplier(double value) {
  if (value == 0.0 || std::isnan(value)) {
    return {};
  }
  int shift = 0;
  const double q = std::frexp(value, &shift);
  if (!std::isfinite(value) || shift > 30) {
    return {std::numeric_limits<std::int32_t>::max(), 30};
  }
  auto fraction = static_cast<std::int64_t>(std::round(q * 2147483648.0));
  if (fraction == (std::int64_t{1} << 31)) {
    fraction /= 2;
    ++shift;
  }
  if (shift < -31) {
    return {};
  }
  return {static_cast<std::int32_t>(fraction), shift};
}

// The high 32 bits of 2ab, rounded to nearest (ties away from zero); saturates where a = b =
// INT32_MIN.
constexpr std::int32_t SaturatingRoundingDoublingHighMul(std::int32_t a, std::int32_t b) {
  if (a == b && a == std::numeric_limits<std::int32_t>::min()) {
    return std::numeric_limits<std::int32_t>::max();
  }
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const std::int64_t nudge = product >= 0 ? (std::int64_t{1} << 30) : (1 - (std::int64_t{1} << 30));
  return static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));
}

// x / 2^exponent, rounded to nearest (ties away from zero). exponent in 0..31.
constexpr std::int32_t RoundingDivideByPot(std::int32_t x, int exponent) {
  const auto mask = static_cast<std::int32_t>((std::int64_t{1} << exponent) - 1);
  const std::int32_t remainder = x & mask;
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// x * multiplier, rounded twice. Wraps where x << shift does not fit.
constexpr std::int32_t MultiplyByQuantizedMultiplier(std::int32_t x, FixedMultiplier multiplier) {
  const int left = multiplier.shift > 0 ? multiplier.shift : 0;
  const int right = multiplier.shift > 0 ? 0 : -multiplier.shift;
  return RoundingDivideByPot(
      SaturatingRoundingDoublingHighMul(WrapShl(x, left), multiplier.fraction), right);
}

}  // namespace pinhole::base
