// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sigmoid and tanh: of float32, and of 16-bit fixed point by one table and a line between its
// entries (TensorFlow Lite's int16 functions, bit for bit).
//
// The table's fine units are 1/12288 of an argument; results are Q0.15. Entry i is sigmoid(i / 24)
// in Q0.16, raised by half of what the chord lies below the curve; the last one is where both
// saturate. It is worked out by the compiler: 512 bytes, in programs that use it.

#include <cmath>
#include <cstdint>

namespace pinhole_nn {

struct SigmoidTable {
  std::uint16_t values[256];
};

// e^x for |x| <= 11: halved until the series is short.
constexpr double SeriesExp(double x) {
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
constexpr SigmoidTable MakeSigmoidTable() {
  SigmoidTable table{};
  constexpr double kStep = 1.0 / 24.0;
  for (int i = 0; i < 255; ++i) {
    const double s = 1.0 / (1.0 + SeriesExp(-kStep * i));
    const double curvature = s * (1.0 - s) * (2.0 * s - 1.0);
    const double raised = s + 0.5 * curvature * kStep * kStep / 8.0;
    table.values[i] = static_cast<std::uint16_t>(65536.0 * raised + 0.5);
  }
  table.values[255] = 65535;
  return table;
}
inline constexpr SigmoidTable kSigmoidTable = MakeSigmoidTable();

// An input's way to fine units: (x * multiplier + half) >> shift.
struct SigmoidScale {
  std::int32_t multiplier, shift;
};
constexpr SigmoidScale kFromQ12 = {3, 0};  // inputs in Q3.12

inline std::int32_t FineUnits(std::int16_t x, const SigmoidScale& scale) {
  const std::int32_t half = scale.shift > 0 ? std::int32_t{1} << (scale.shift - 1) : 0;
  return static_cast<std::int32_t>((std::int64_t{x} * scale.multiplier + half) >> scale.shift);
}
inline std::uint32_t SizeOf(std::int32_t x) {
  return x < 0 ? 0U - static_cast<std::uint32_t>(x) : static_cast<std::uint32_t>(x);
}

inline std::int16_t Sigmoid16(std::int16_t x, const SigmoidScale& scale = kFromQ12) {
  const std::int32_t argument = FineUnits(x, scale);
  const std::uint32_t size = SizeOf(argument);
  const std::uint32_t entry = size >> 9;
  std::uint32_t value = std::uint32_t{0x7FFF} << 10;
  if (entry < 255) {
    const std::uint32_t low = kSigmoidTable.values[entry];
    const std::uint32_t high = kSigmoidTable.values[entry + 1];
    value = (low << 9) + (size & 0x1FFU) * (high - low);
  }
  const std::uint32_t rounded =
      argument >= 0 ? value + (1U << 9) : (1U << 25) - value + (1U << 9) - 1U;
  return static_cast<std::int16_t>(rounded >> 10);
}

inline std::int16_t HyperbolicTangent16(std::int16_t x, const SigmoidScale& scale = kFromQ12) {
  const std::int32_t argument = FineUnits(x, scale);
  const std::uint32_t size = SizeOf(argument);
  const std::uint32_t entry = size >> 8;
  std::int32_t value = 0xFFFF << 8;
  if (entry < 255) {
    const std::uint32_t low = kSigmoidTable.values[entry];
    const std::uint32_t high = kSigmoidTable.values[entry + 1];
    value = static_cast<std::int32_t>((low << 8) + (size & 0xFFU) * (high - low));
  }
  constexpr std::int32_t kHalf = 1 << 23;
  constexpr std::int32_t kRound = 1 << 7;
  const std::int32_t centred = argument >= 0 ? value - kHalf + kRound : kHalf - value + kRound - 1;
  return static_cast<std::int16_t>(centred >> 8);
}

// Beyond the cut-offs the quotient is 1, or the exponential alone, to the last bit.
inline float LogisticOf(float x) {
  if (x > 16.619047164916992188F) {
    return 1.0F;
  }
  return x < -9.0F ? std::exp(x) : 1.0F / (1.0F + std::exp(-x));
}

}  // namespace pinhole_nn
