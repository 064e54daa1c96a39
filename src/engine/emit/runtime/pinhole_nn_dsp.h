// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two signed numbers of 16 bits in a word, for processors with SMLAD (Cortex-M4, M7, M33), and the
// same in C++ for all others.

#include <cstdint>

namespace pinhole_nn {

#if defined(__ARM_FEATURE_SIMD32)

// Bytes 0 and 2 of a word, 16 bits wide each; bytes 1 and 3.
inline std::uint32_t Even(std::uint32_t word) {
  std::uint32_t pair;
  asm("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
  return pair;
}
inline std::uint32_t Odd(std::uint32_t word) {
  std::uint32_t pair;
  asm("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}
// sum + a0 * b0 + a1 * b1
inline std::int32_t MultiplyAdd(std::uint32_t a, std::uint32_t b, std::int32_t sum) {
  asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

#else

inline std::uint32_t Even(std::uint32_t word) {
  const auto low = static_cast<std::int8_t>(word);
  const auto high = static_cast<std::int8_t>(word >> 16);
  return (static_cast<std::uint32_t>(low) & 0xFFFFU) | static_cast<std::uint32_t>(high) << 16;
}
inline std::uint32_t Odd(std::uint32_t word) { return Even(word >> 8 | word << 24); }
inline std::int32_t MultiplyAdd(std::uint32_t a, std::uint32_t b, std::int32_t sum) {
  const auto half = [](std::uint32_t pair, int shift) {
    return static_cast<std::int16_t>(pair >> shift);
  };
  return sum + half(a, 0) * half(b, 0) + half(a, 16) * half(b, 16);
}

#endif

inline std::uint32_t PairOf(int low, int high) {
#if defined(__ARM_FEATURE_SIMD32)
  std::uint32_t pair;
  asm("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(low), "r"(high));
  return pair;
#else
  return (static_cast<std::uint32_t>(low) & 0xFFFFU) | static_cast<std::uint32_t>(high) << 16;
#endif
}

}  // namespace pinhole_nn
