// SPDX-License-Identifier: Apache-2.0
#pragma once

// Arithmetic on Simd::kLanes floats by the compiler's own vectors, the same for every target.
//
// To be included by target_*.cc only, inside its compiler target. All functions are templates over
// the target's instruction set, so that no code of one target is taken for another's.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pinhole::engine::matrix {

template <class Simd>
struct Vectors {
  static constexpr int kLanes = Simd::kLanes;
  using F [[gnu::vector_size(kLanes * 4)]] = float;
  using I [[gnu::vector_size(kLanes * 4)]] = std::int32_t;

  [[gnu::always_inline]] static F Set(float value) { return F{} + value; }
  [[gnu::always_inline]] static F Load(const void* at) {
    F value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  [[gnu::always_inline]] static void Store(float* at, F value) {
    std::memcpy(at, &value, sizeof(value));
  }
  // The first `count` lanes; the others are zero.
  [[gnu::always_inline]] static F LoadSome(const float* at, int count) {
    F value{};
    std::memcpy(&value, at, static_cast<std::size_t>(count) * 4);
    return value;
  }
  [[gnu::always_inline]] static void StoreSome(float* at, F value, int count) {
    std::memcpy(at, &value, static_cast<std::size_t>(count) * 4);
  }
  [[gnu::always_inline]] static F Max(F a, F b) { return a > b ? a : b; }
  [[gnu::always_inline]] static F Abs(F a) {
    return __builtin_bit_cast(F, __builtin_bit_cast(I, a) & 0x7FFFFFFF);
  }
  // In order of the lanes' halves, so that all targets of as many lanes agree.
  [[gnu::always_inline]] static float Sum(F a) {
    float lanes[kLanes];
    std::memcpy(lanes, &a, sizeof(a));
    for (int width = kLanes / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) {
        lanes[i] += lanes[i + width];
      }
    }
    return lanes[0];
  }
  [[gnu::always_inline]] static float Largest(F a) {
    float lanes[kLanes];
    std::memcpy(lanes, &a, sizeof(a));
    float largest = lanes[0];
    for (int i = 1; i < kLanes; ++i) {
      largest = lanes[i] > largest ? lanes[i] : largest;
    }
    return largest;
  }

  // e^x for x <= 88, within 2 units in the last place; below -87.3: 0. e^x = 2^n e^r, |r| <= ln 2
  // / 2.
  [[gnu::always_inline]] static F Exp(F x) {
    const F least = Set(-87.33654F);
    const F clamped = Max(x, least);
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const F rounded = clamped * 1.44269504F + 12582912.0F;
    const I n = __builtin_bit_cast(I, rounded) - 0x4B400000;
    const F whole = rounded - 12582912.0F;
    // ln 2 in two parts, the first of few bits, so that their products are exact.
    const F r = (clamped - whole * 0.693359375F) + whole * 2.12194440e-4F;
    F p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * (r * r) + r + 1.0F;
    const F power = __builtin_bit_cast(F, (n + 127) << 23);
    return x < least ? Set(0.0F) : p * power;
  }

  // erf by Abramowitz and Stegun 7.1.26, whose error is below 1.5e-7, written for x >= 0 and
  // reflected.
  [[gnu::always_inline]] static F Gelu(F x) {
    const F z = Abs(x) * 0.70710678F;
    const F t = 1.0F / (z * 0.3275911F + 1.0F);
    F p = t * 1.061405429F - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    // 1 - erf(z), half of it: what is missing from 1, or, for negative x, what there is.
    const F rest = p * t * Exp(-z * z) * 0.5F;
    return x * (x < Set(0.0F) ? rest : 1.0F - rest);
  }
};

}  // namespace pinhole::engine::matrix
