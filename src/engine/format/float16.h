// SPDX-License-Identifier: Apache-2.0
#pragma once

// Half-precision floats (IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction) widened to
// single precision. Every half has an exact single; NaNs keep their payload.

#include <bit>
#include <cstdint>

namespace pinhole::engine::format {

constexpr float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1FU;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0x1F) {  // infinity or NaN
    return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13U);
  }
  if (exponent != 0) {
    return std::bit_cast<float>(sign | (exponent + 127 - 15) << 23U | fraction << 13U);
  }
  // Zero or subnormal: fraction * 2^-24, and a single has room to do that exactly.
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

}  // namespace pinhole::engine::format
