// SPDX-License-Identifier: Apache-2.0
#pragma once

// SSE4.1 (every 64-bit x86 processor since about 2011): four lanes, int8 data and weights as int16,
// two a step and lane, as for AVX2. To be included by target_*.cc only, inside its compiler target.
//
// There are no shifts by lane, so a lane is shifted by multiplying it with a power of two: to the
// left by taking the low 32 bits of the product, and by s bits to the right as
//   floor(x / 2^s) = bits 30 to 61 of x * 2^(30 - s)
// which is exact for s from 0 to 30. The powers are made once a tile, as the floats whose exponents
// they are.

#include <smmintrin.h>

#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/simd_x86.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

struct Sse41 {
  static constexpr int kLanes = 4;
  static constexpr int kWindowPlaces = 1;
  static constexpr int kRegisters = 16;
  static constexpr DataType kInt8Data = DataType::kShort;
  static constexpr int kWeightBytes = 4;
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 2 : vectors == 2 ? 4 : 8; }

  using I = __m128i;
  using F = __m128;

  static int Int8Channel(int /*vectors*/, int vector, int lane) { return vector * 4 + lane; }

  static I LoadI(const std::byte* at) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(at));
  }
  static I LoadUnaligned(const std::byte* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  }
  static I LoadWeight(const std::byte* at) { return LoadI(at); }
  static I Broadcast(const std::byte* at) {
    std::int32_t four;
    std::memcpy(&four, at, 4);
    return _mm_shuffle_epi32(_mm_cvtsi32_si128(four), 0);
  }
  // sum += two shorts of data times two weights, in every lane.
  static I Dot(I sum, I data, I weights) {
    return _mm_add_epi32(sum, _mm_madd_epi16(data, weights));
  }

  // See Finish in layout.h. Even and odd lanes are done apart, in 64 bits.
  [[gnu::always_inline]] static I ScalePositive(I sum, I multiplier, I even, I odd, I shift) {
    const I low = _mm_add_epi64(_mm_mul_epi32(sum, multiplier), even);
    const I high = _mm_add_epi64(_mm_mul_epi32(Odd(sum), Odd(multiplier)), odd);
    return ShiftRight(Odd(low), Odd(high), PowerOfTwo(_mm_sub_epi32(_mm_set1_epi32(30), shift)));
  }
  [[gnu::always_inline]] static I ScaleSigned(I sum, I multiplier, I left, I half, I /*sign*/,
                                              I right) {
    const I nudge = _mm_set1_epi64x(std::int64_t{1} << 31);
    const I times = PowerOfTwo(left);
    const I low =
        _mm_add_epi64(_mm_mul_epi32(_mm_mul_epi32(sum, times), multiplier), nudge);
    const I high = _mm_add_epi64(
        _mm_mul_epi32(_mm_mul_epi32(Odd(sum), Odd(times)), Odd(multiplier)), nudge);
    const I y = _mm_blend_epi16(Odd(low), high, 0xCC);
    // Where there is a shift at all, its first bit is done here: the rest is at most 30.
    const I shifted = _mm_cmpgt_epi32(right, _mm_setzero_si128());
    const I rounded = _mm_add_epi32(_mm_add_epi32(y, half), _mm_srai_epi32(y, 31));
    const I x = _mm_blendv_epi8(y, _mm_srai_epi32(rounded, 1), shifted);
    // right - 1, or 0: the mask is -1.
    const I rest = _mm_add_epi32(right, shifted);
    return ShiftRight(x, Odd(x), PowerOfTwo(_mm_sub_epi32(_mm_set1_epi32(30), rest)));
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    I zero, low, high;
    Clamp(const Gemm& gemm, bool add_zero)
        : zero(_mm_set1_epi16(add_zero ? gemm.out_zero : std::int16_t{0})),
          low(_mm_set1_epi8(gemm.low)),
          high(_mm_set1_epi8(gemm.high)) {}
  };
  // kVectors * 4 bytes.
  template <int kVectors>
  [[gnu::always_inline]] static void Store(const Clamp& clamp, const I (&sums)[kVectors],
                                           std::int8_t* out) {
    const I bytes = Bytes(clamp, sums);
    if constexpr (kVectors == 4) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    } else if constexpr (kVectors == 2) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
    } else {
      const std::int32_t four = _mm_cvtsi128_si32(bytes);
      std::memcpy(out, &four, 4);
    }
  }
  // The first `count` of them, fewer than all.
  template <int kVectors>
  [[gnu::always_inline]] static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors],
                                               std::int8_t* out, int count) {
    StoreBytes<Sse41>(Bytes(clamp, sums), out, count);
  }

  // A window of one channel each: lane l of the four vectors takes the short of channel
  // Int8Channel(4, v, l). `taps` points to where each of the group's two taps begins.
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[2],
                                             const std::byte* weights) {
    const I a0 = LoadUnaligned(taps[0]);
    const I a1 = LoadUnaligned(taps[1]);
    const I b0 = LoadUnaligned(taps[0] + 16);
    const I b1 = LoadUnaligned(taps[1] + 16);
    sums[0] = Dot(sums[0], _mm_unpacklo_epi16(a0, a1), LoadWeight(weights));
    sums[1] = Dot(sums[1], _mm_unpackhi_epi16(a0, a1), LoadWeight(weights + 16));
    sums[2] = Dot(sums[2], _mm_unpacklo_epi16(b0, b1), LoadWeight(weights + 32));
    sums[3] = Dot(sums[3], _mm_unpackhi_epi16(b0, b1), LoadWeight(weights + 48));
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    std::ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * i), _mm_cvtepi8_epi16(bytes));
    }
    for (; i < count; ++i) {
      const std::int16_t wide = from[i];
      std::memcpy(to + 2 * i, &wide, 2);
    }
  }

  // For ADD: element-wise arithmetic of 32 bits; `bits` are the same in all lanes.
  static I SetI(std::int32_t value) { return _mm_set1_epi32(value); }
  static I AddI(I x, I y) { return _mm_add_epi32(x, y); }
  static I SubI(I x, I y) { return _mm_sub_epi32(x, y); }
  static I MulLow(I x, I y) { return _mm_mullo_epi32(x, y); }
  template <int kBits>
  static I ShiftLeft(I x) {
    return _mm_slli_epi32(x, kBits);
  }
  template <int kBits>
  static I ShiftRight(I x) {
    return _mm_srai_epi32(x, kBits);
  }
  static I ShiftRightBy(I x, I bits) { return _mm_sra_epi32(x, _mm_cvtepu32_epi64(bits)); }
  // 32 bits: zero.
  static I LogicalShiftRightBy(I x, I bits) { return _mm_srl_epi32(x, _mm_cvtepu32_epi64(bits)); }
  // 16 int8 that lie together as 32 bits each, and back.
  [[gnu::always_inline]] static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      std::int32_t four;
      std::memcpy(&four, from + 4 * v, 4);
      to[v] = _mm_cvtepi8_epi32(_mm_cvtsi32_si128(four));
    });
  }
  [[gnu::always_inline]] static void StoreInOrder(const Clamp& clamp, const I (&sums)[4],
                                                  std::int8_t* out) {
    Store<4>(clamp, sums, out);
  }

  static F LoadF(const std::byte* at) { return _mm_load_ps(reinterpret_cast<const float*>(at)); }
  static F SetF(float value) { return _mm_set1_ps(value); }
  static F BroadcastF(const std::byte* at) {
    float value;
    std::memcpy(&value, at, 4);
    return _mm_set1_ps(value);
  }
  // Rounded twice: there is no fused instruction.
  static F FusedMultiplyAdd(F sum, F a, F b) { return _mm_add_ps(sum, _mm_mul_ps(a, b)); }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) { return _mm_max_ps(low, a); }
  static F MinF(F a, F high) { return _mm_min_ps(high, a); }
  static F LoadUnalignedF(const std::byte* at) {
    return _mm_loadu_ps(reinterpret_cast<const float*>(at));
  }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    float lanes[4] = {};
    if (count > 0) {
      std::memcpy(lanes, at, 4 * static_cast<std::size_t>(count < 4 ? count : 4));
    }
    return _mm_loadu_ps(lanes);
  }
  static void StoreF(float* at, F value) { _mm_storeu_ps(at, value); }
  static void StoreSomeF(float* at, F value, int count) {
    StoreFloats<Sse41>(at, value, count);
  }

 private:
  // The odd lanes in place of the even ones.
  static I Odd(I x) { return _mm_srli_epi64(x, 32); }
  // 2^e for e from 0 to 31, as unsigned: a float too large for an int32 becomes 0x80000000.
  static I PowerOfTwo(I e) {
    return _mm_cvttps_epi32(
        _mm_castsi128_ps(_mm_slli_epi32(_mm_add_epi32(e, _mm_set1_epi32(127)), 23)));
  }
  // What is left of x, whose even and odd lanes stand in the even lanes of two vectors.
  [[gnu::always_inline]] static I ShiftRight(I even, I odd, I power) {
    const I low = _mm_mul_epi32(even, power);
    const I high = _mm_mul_epi32(odd, Odd(power));
    return _mm_blend_epi16(_mm_srli_epi64(low, 30), _mm_slli_epi64(high, 2), 0xCC);
  }
  static I Limit(const Clamp& clamp, I bytes) {
    return _mm_min_epi8(_mm_max_epi8(bytes, clamp.low), clamp.high);
  }
  template <int kVectors>
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[kVectors]) {
    constexpr int kLast = kVectors - 1;
    const I low = _mm_adds_epi16(_mm_packs_epi32(sums[0], sums[kVectors == 1 ? 0 : 1]), clamp.zero);
    if constexpr (kVectors == 4) {
      const I high = _mm_adds_epi16(_mm_packs_epi32(sums[2], sums[kLast]), clamp.zero);
      return Limit(clamp, _mm_packs_epi16(low, high));
    } else {
      return Limit(clamp, _mm_packs_epi16(low, low));
    }
  }
};

}  // namespace pinhole::engine::kernels::fast
