// SPDX-License-Identifier: Apache-2.0
#pragma once

// AVX-512 with VNNI and BF16 (Cooper Lake, Sapphire Rapids, Zen 4 and later). To be included by
// target_*.cc only, inside its compiler target.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/simd_avx512.h"

namespace pinhole::engine::matrix {

struct Avx512Bf16 : kernels::fast::Avx512Vnni {
  static constexpr bool kBf16 = true;

  static I BroadcastPair(const std::byte* at) { return Broadcast(at); }
  // sum += two bfloat16 of data times two weights, in every lane.
  static F DotBf16(F sum, I data, I weights) {
    return _mm512_dpbf16_ps(sum, __builtin_bit_cast(__m512bh, data),
                            __builtin_bit_cast(__m512bh, weights));
  }
  // `count` floats, and a zero where that is odd.
  static void ToBf16(const float* from, int count, std::byte* to) {
    int i = 0;
    for (; i + 32 <= count; i += 32) {
      Put(to + std::ptrdiff_t{i} * 2, _mm512_loadu_ps(from + i), _mm512_loadu_ps(from + i + 16));
    }
    if (i < count) {
      float rest[32] = {};
      std::memcpy(rest, from + i, static_cast<std::size_t>(count - i) * 4);
      std::byte pairs[64];
      Put(pairs, _mm512_loadu_ps(rest), _mm512_loadu_ps(rest + 16));
      std::memcpy(to + std::ptrdiff_t{i} * 2, pairs,
                  static_cast<std::size_t>(count - i + 1) / 2 * 4);
    }
  }

 private:
  static void Put(std::byte* to, __m512 low, __m512 high) {
    const __m512bh both = _mm512_cvtne2ps_pbh(high, low);
    std::memcpy(to, &both, 64);
  }
};

}  // namespace pinhole::engine::matrix
