// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sigmoid and tanh of 16-bit fixed-point numbers, by one table and a line between its entries.
//
// Input: 16 bits, scaled to the table's fine units, of which 12288 are an argument of 1; output:
// Q0.15 (32768 would be 1). Both functions are symmetric, so the table covers positive arguments
// only, and tanh(x) = 2 sigmoid(2x) - 1 lets them share it. Entry i is sigmoid(i / 24) in Q0.16,
// raised by half of what a chord between two entries lies below the curve (h^2 |f''| / 8), which
// halves the largest error of the line; the last entry is where both saturate. The table is
// computed while compiling: 512 bytes of constants.
//
// Source: TensorFlow Lite reference_integer_ops logistic.h and tanh.h (int16), bit for bit.

#include <array>
#include <cstddef>
#include <cstdint>

namespace pinhole::engine::kernels::ref {

namespace sigmoid_internal {

// e^x for |x| <= 11, to a few units in the last place: halved until the series is short.
constexpr double Exp(double x) {
  double term = 1.0;
  double sum = 1.0;
  for (int n = 1; n < 20; ++n) {
    term *= x / 64.0 / n;
    sum += term;
  }
  for (int i = 0; i < 6; ++i) {
    sum *= sum;
  }
  return sum;
}

constexpr std::array<std::uint16_t, 256> MakeTable() {
  std::array<std::uint16_t, 256> table{};
  constexpr double kStep = 1.0 / 24.0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double s = 1.0 / (1.0 + Exp(-kStep * static_cast<double>(i)));
    const double curvature = s * (1.0 - s) * (2.0 * s - 1.0);
    const double raised = s + 0.5 * curvature * kStep * kStep / 8.0;
    table[i] = static_cast<std::uint16_t>(65536.0 * raised + 0.5);
  }
  table.back() = 65535;
  return table;
}

inline constexpr std::array<std::uint16_t, 256> kTable = MakeTable();

constexpr std::int32_t Scale(std::int16_t x, std::int32_t multiplier, int shift) {
  const std::int32_t round = shift > 0 ? 1 << (shift - 1) : 0;
  return static_cast<std::int32_t>((static_cast<std::int64_t>(x) * multiplier + round) >> shift);
}

}  // namespace sigmoid_internal

// How an input is brought to fine units: (x * multiplier + half) >> shift, so that x's scale is
// multiplier / 2^shift / 12288. multiplier in 0..2^16 or up to 2^31 - 1 with shift >= 16; shift in
// 0..30. The default is for inputs in Q3.12.
struct SigmoidScale {
  std::int32_t multiplier = 3;
  int shift = 0;
};

// Sigmoid in Q0.15.
constexpr std::int16_t SigmoidInt16(std::int16_t x, SigmoidScale scale = {}) {
  const std::int32_t argument = sigmoid_internal::Scale(x, scale.multiplier, scale.shift);
  const std::uint32_t size = argument < 0 ? 0U - static_cast<std::uint32_t>(argument)
                                          : static_cast<std::uint32_t>(argument);
  const std::size_t entry = size >> 9;
  std::uint32_t value = std::uint32_t{0x7FFF} << 10;
  if (entry < 255) {
    const std::uint32_t low = sigmoid_internal::kTable[entry];
    const std::uint32_t high = sigmoid_internal::kTable[entry + 1];
    value = (low << 9) + (size & 0x1FF) * (high - low);
  }
  const std::uint32_t rounded =
      argument >= 0 ? value + (1U << 9) : (1U << 25) - value + (1U << 9) - 1;
  return static_cast<std::int16_t>(rounded >> 10);
}

// Tanh in Q0.15.
constexpr std::int16_t TanhInt16(std::int16_t x, SigmoidScale scale = {}) {
  const std::int32_t argument = sigmoid_internal::Scale(x, scale.multiplier, scale.shift);
  const std::uint32_t size = argument < 0 ? 0U - static_cast<std::uint32_t>(argument)
                                          : static_cast<std::uint32_t>(argument);
  const std::size_t entry = size >> 8;
  std::int32_t value = 0xFFFF << 8;
  if (entry < 255) {
    const std::uint32_t low = sigmoid_internal::kTable[entry];
    const std::uint32_t high = sigmoid_internal::kTable[entry + 1];
    value = static_cast<std::int32_t>((low << 8) + (size & 0xFF) * (high - low));
  }
  constexpr std::int32_t kHalf = 1 << 23;
  constexpr std::int32_t kRound = 1 << 7;
  const std::int32_t centred = argument >= 0 ? value - kHalf + kRound : kHalf - value + kRound - 1;
  return static_cast<std::int16_t>(centred >> 8);
}

}  // namespace pinhole::engine::kernels::ref
