// SPDX-License-Identifier: Apache-2.0
#pragma once

// Integer functions of the micro front end: square root and natural logarithm.
//
// Both are exact definitions, not approximations that may differ between processors: a network was
// trained on their bits. Source: TensorFlow Lite Micro signal/src (square_root, log), bit for bit.

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace pinhole::engine::kernels::ref {

// The square root of `value`, rounded to nearest; where it would not fit half of Word's bits, the
// largest number that does. Digit by digit: two bits of `value` give one of the root.
template <std::unsigned_integral Word>
constexpr Word RoundedSquareRoot(Word value) {
  constexpr int kHalf = sizeof(Word) * 4;
  constexpr Word kLargest = (Word{1} << kHalf) - 1;
  Word root = 0;
  Word rest = value;
  const int width = static_cast<int>(std::bit_width(value));
  for (int shift = (width + 1) / 2 * 2 - 2; shift >= 0; shift -= 2) {
    const Word digit = Word{1} << shift;
    const Word trial = root + digit;
    root >>= 1;
    if (rest >= trial) {
      rest -= trial;
      root += digit;
    }
  }
  // rest = value - root^2, and (root + 1/2)^2 = root^2 + root + 1/4.
  return rest > root && root != kLargest ? root + 1 : root;
}

// As above; numbers below 2^32 take the narrow form, whose root saturates at 65535.
constexpr std::uint32_t RoundedSquareRoot64(std::uint64_t value) {
  return (value >> 32) == 0 ? RoundedSquareRoot(static_cast<std::uint32_t>(value))
                            : static_cast<std::uint32_t>(RoundedSquareRoot(value));
}

namespace log_internal {

constexpr double Log2(double x) {  // 1 <= x <= 2: 2 artanh((x - 1) / (x + 1)) / ln 2
  constexpr double kLn2 = 0.693147180559945309417;
  const double y = (x - 1.0) / (x + 1.0);
  double power = y;
  double sum = 0.0;
  for (int n = 1; n < 40; n += 2) {
    sum += power / n;
    power *= y * y;
  }
  return 2.0 * sum / kLn2;
}

constexpr int kSegments = 128;

// log2(1 + f) - f in Q16 at the ends of 128 segments of f in [0, 1].
constexpr std::array<std::uint16_t, kSegments + 1> MakeTable() {
  std::array<std::uint16_t, kSegments + 1> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double f = static_cast<double>(i) / kSegments;
    table[i] = static_cast<std::uint16_t>(65536.0 * (Log2(1.0 + f) - f) + 0.5);
  }
  return table;
}

inline constexpr std::array<std::uint16_t, kSegments + 1> kTable = MakeTable();

}  // namespace log_internal

// ln(value) * scale, to 1/400 of scale and half a unit. value >= 1. Wraps at 32 bits where scale *
// ln(value) * 2^16 does not fit. What a line between two ends of a segment adds is divided by 2^16,
// where 2^9 would be right: next to nothing is added. The networks' features were made so.
constexpr std::uint32_t ScaledLog(std::uint32_t value, std::uint32_t scale) {
  constexpr std::uint32_t kLn2Q16 = 45426;
  constexpr std::uint32_t kHalf = 1U << 15;
  const auto exponent = static_cast<std::uint32_t>(std::bit_width(value)) - 1;
  const std::uint32_t rest = value - (1U << exponent);
  const std::uint32_t fraction = exponent < 16 ? rest << (16 - exponent) : rest >> (exponent - 16);
  const std::size_t segment = fraction >> 9;
  const std::int32_t from = log_internal::kTable[segment];
  const std::int32_t step = log_internal::kTable[segment + 1] - from;
  const std::int32_t along = static_cast<std::int32_t>(fraction & 511);
  const auto curve = static_cast<std::uint32_t>(from + ((step * along) >> 16));
  const std::uint32_t log2 = (exponent << 16) + fraction + curve;
  const auto natural = static_cast<std::uint32_t>((std::uint64_t{kLn2Q16} * log2 + kHalf) >> 16);
  return (scale * natural + kHalf) >> 16;
}

}  // namespace pinhole::engine::kernels::ref
