// SPDX-License-Identifier: Apache-2.0
#include "pinhole_nn_signal.h"

namespace pinhole_nn {

namespace {

// ln(value) * scale, value above 0. What a line between two entries adds is divided by 2^16, where
// 2^9 would be right: the networks' features were made so.
std::uint32_t ScaledLog(std::uint32_t value, std::uint32_t scale, const std::uint16_t* table) {
  constexpr std::uint32_t kLn2Q16 = 45426;
  constexpr std::uint32_t kHalf = 1U << 15;
  std::uint32_t exponent = 31;
  while ((value >> exponent) == 0) {
    --exponent;
  }
  const std::uint32_t rest = value - (1U << exponent);
  const std::uint32_t fraction = exponent < 16 ? rest << (16 - exponent) : rest >> (exponent - 16);
  const std::uint32_t segment = fraction >> 9;
  const std::int32_t from = table[segment];
  const std::int32_t step = table[segment + 1] - from;
  const auto along = static_cast<std::int32_t>(fraction & 511U);
  const auto curve = static_cast<std::uint32_t>(from + ((step * along) >> 16));
  const std::uint32_t log2 = (exponent << 16) + fraction + curve;
  const auto natural = static_cast<std::uint32_t>((std::uint64_t{kLn2Q16} * log2 + kHalf) >> 16);
  return (scale * natural + kHalf) >> 16;
}

}  // namespace

void TakeLogs(const SignalLog& log) {
  const auto* in = static_cast<const std::uint32_t*>(log.in);
  auto* out = reinterpret_cast<std::int16_t*>(log.out);
  for (int i = 0; i < log.count; ++i) {
    const std::uint32_t scaled = in[i] << log.correction_bits;
    const std::uint32_t value = scaled > 1 ? ScaledLog(scaled, log.scale, log.table) : 0;
    out[i] = static_cast<std::int16_t>(value < 32767 ? value : 32767);
  }
}

}  // namespace pinhole_nn
