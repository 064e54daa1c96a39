// SPDX-License-Identifier: Apache-2.0
#pragma once

// AVX-512 with VNNI (Ice Lake, Zen 4 and later): sixteen lanes, four bytes a step and lane.
//
// VPDPBUSD multiplies unsigned data by signed weights, so int8 data are kept as x + 128 and the bias
// takes 128 * (sum of weights) back. 32 registers: 24 sums, 4 weights, the rest for data.
// This header is also the model for the others: each has these constants and functions.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

struct Avx512Vnni {
  static constexpr int kLanes = 16;
  static constexpr DataType kInt8Data = DataType::kByte;
  static constexpr int kWeightBytes = 4;
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 6 : 12; }

  // Places of a depthwise window done at once: four sums each.
  static constexpr int kWindowPlaces = 2;
  static constexpr int kRegisters = 32;

  using I = __m512i;
  using F = __m512;

  // Bytes are packed within 128-bit parts: part p of vector v becomes bytes 4 v to 4 v + 3 of the
  // p-th run of 4 * vectors bytes.
  static int Int8Channel(int vectors, int vector, int lane) {
    return lane / 4 * 4 * vectors + vector * 4 + lane % 4;
  }

  static I LoadI(const std::byte* at) { return _mm512_load_si512(at); }
  static I LoadWeight(const std::byte* at) { return _mm512_load_si512(at); }
  static I Broadcast(const std::byte* at) {
    std::int32_t four;
    std::memcpy(&four, at, 4);
    return _mm512_set1_epi32(four);
  }
  // sum += four bytes of data times four weights, in every lane.
  static I Dot(I sum, I data, I weights) { return _mm512_dpbusd_epi32(sum, data, weights); }

  // See Finish in layout.h. The products of even and of odd lanes are formed apart, in 64 bits.
  [[gnu::always_inline]] static I ScalePositive(I sum, I multiplier, I even, I odd, I shift) {
    const I low = _mm512_add_epi64(_mm512_mul_epi32(sum, multiplier), even);
    const I high = _mm512_add_epi64(
        _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(multiplier, 32)), odd);
    return _mm512_srav_epi32(HighHalves(low, high), shift);
  }
  [[gnu::always_inline]] static I ScaleSigned(I sum, I multiplier, I left, I half, I sign, I right) {
    const I x = _mm512_sllv_epi32(sum, left);
    const I nudge = _mm512_set1_epi64(std::int64_t{1} << 31);
    const I low = _mm512_add_epi64(_mm512_mul_epi32(x, multiplier), nudge);
    const I high = _mm512_add_epi64(
        _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(multiplier, 32)), nudge);
    const I y = HighHalves(low, high);
    return _mm512_srav_epi32(
        _mm512_sub_epi32(_mm512_add_epi32(y, half), _mm512_srlv_epi32(y, sign)), right);
  }

  // See float_scaling.h. Rounded to nearest, halves to even.
  [[gnu::always_inline]] static I ScaleFloatPositive(I sum, F multiplier, F add) {
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), multiplier, add));
  }
  [[gnu::always_inline]] static I ScaleFloatSigned(I sum, F multiplier, F add) {
    const F x = _mm512_cvtepi32_ps(sum);
    constexpr int kSignOfFirstOrThird = 0xEA;  // first & second | third
    const I signed_add = _mm512_ternarylogic_epi32(sum, _mm512_set1_epi32(INT32_MIN),
                                                   _mm512_castps_si512(add), kSignOfFirstOrThird);
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(x, multiplier, _mm512_castsi512_ps(signed_add)));
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    I zero, low, high;
    Clamp(const Gemm& gemm, bool add_zero)
        : zero(_mm512_set1_epi16(add_zero ? gemm.out_zero : std::int16_t{0})),
          low(_mm512_set1_epi8(gemm.low)),
          high(_mm512_set1_epi8(gemm.high)) {}
  };
  // kVectors * 16 bytes.
  template <int kVectors>
  [[gnu::always_inline]] static void Store(const Clamp& clamp, const I (&sums)[kVectors], std::int8_t* out) {
    if constexpr (kVectors == 4) {
      _mm512_storeu_si512(out, Bytes(clamp, sums));
    } else if constexpr (kVectors == 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                          _mm512_castsi512_si256(Bytes(clamp, sums)));
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(Bytes(clamp, sums)));
    }
  }
  // The first `count` of them.
  template <int kVectors>
  [[gnu::always_inline]] static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors], std::int8_t* out,
                        int count) {
    _mm512_mask_storeu_epi8(out, ~std::uint64_t{0} >> (64 - count), Bytes(clamp, sums));
  }

  // A window of one channel each: lane l of vector v takes the bytes of channel Int8Channel(4, v, l)
  // from the four runs of data, one behind the other.
  [[gnu::always_inline]] static void Interleave(const std::byte* const (&runs)[4], I (&to)[4]) {
    const I t0 = _mm512_loadu_si512(runs[0]);
    const I t1 = _mm512_loadu_si512(runs[1]);
    const I t2 = _mm512_loadu_si512(runs[2]);
    const I t3 = _mm512_loadu_si512(runs[3]);
    const I low01 = _mm512_unpacklo_epi8(t0, t1);
    const I high01 = _mm512_unpackhi_epi8(t0, t1);
    const I low23 = _mm512_unpacklo_epi8(t2, t3);
    const I high23 = _mm512_unpackhi_epi8(t2, t3);
    to[0] = _mm512_unpacklo_epi16(low01, low23);
    to[1] = _mm512_unpackhi_epi16(low01, low23);
    to[2] = _mm512_unpacklo_epi16(high01, high23);
    to[3] = _mm512_unpackhi_epi16(high01, high23);
  }
  // `taps` points to where each of a group's taps begins.
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[4],
                                             const std::byte* weights) {
    I data[4];
    Interleave(taps, data);
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      sums[v] = Dot(sums[v], data[v], LoadWeight(weights + v * 64));
    });
  }

  // For ADD: element-wise arithmetic of 32 bits.
  static I SetI(std::int32_t value) { return _mm512_set1_epi32(value); }
  static I AddI(I a, I b) { return _mm512_add_epi32(a, b); }
  static I SubI(I a, I b) { return _mm512_sub_epi32(a, b); }
  static I MulLow(I a, I b) { return _mm512_mullo_epi32(a, b); }
  template <int kBits>
  static I ShiftLeft(I a) {
    return _mm512_slli_epi32(a, kBits);
  }
  template <int kBits>
  static I ShiftRight(I a) {
    return _mm512_srai_epi32(a, kBits);
  }
  static I ShiftRightBy(I a, I bits) { return _mm512_srav_epi32(a, bits); }
  // 32 bits: zero.
  static I LogicalShiftRightBy(I a, I bits) { return _mm512_srlv_epi32(a, bits); }
  // 64 int8 that lie together as 32 bits each, and back.
  [[gnu::always_inline]] static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      to[v] = _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + v));
    });
  }
  [[gnu::always_inline]] static void StoreInOrder(const Clamp& clamp, const I (&sums)[4],
                                                  std::int8_t* out) {
    const I order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(out, _mm512_permutexvar_epi32(order, Bytes(clamp, sums)));
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    const I flip = _mm512_set1_epi8(-128);
    std::ptrdiff_t i = 0;
    for (; i + 64 <= count; i += 64) {
      _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
    }
    if (i < count) {
      const __mmask64 rest = ~std::uint64_t{0} >> (64 - (count - i));
      _mm512_mask_storeu_epi8(to + i, rest,
                              _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, from + i), flip));
    }
  }

  static F LoadF(const std::byte* at) { return _mm512_load_ps(at); }
  static F SetF(float value) { return _mm512_set1_ps(value); }
  static F BroadcastF(const std::byte* at) {
    float value;
    std::memcpy(&value, at, 4);
    return _mm512_set1_ps(value);
  }
  static F FusedMultiplyAdd(F sum, F a, F b) { return _mm512_fmadd_ps(a, b, sum); }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) { return _mm512_max_ps(low, a); }
  static F MinF(F a, F high) { return _mm512_min_ps(high, a); }
  static F LoadUnalignedF(const std::byte* at) { return _mm512_loadu_ps(at); }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    const auto rest = static_cast<__mmask16>(count >= 16 ? 0xFFFF : count > 0 ? 0xFFFF >> (16 - count) : 0);
    return _mm512_maskz_loadu_ps(rest, at);
  }
  static void StoreF(float* at, F value) { _mm512_storeu_ps(at, value); }
  static void StoreSomeF(float* at, F value, int count) {
    _mm512_mask_storeu_ps(at, static_cast<__mmask16>(0xFFFFU >> (16 - count)), value);
  }

 private:
  // Bits 32 to 63 of each product, even lanes' and odd lanes' in turn.
  static I HighHalves(I even, I odd) {
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  }
  static I Limit(const Clamp& clamp, I bytes) {
    return _mm512_min_epi8(_mm512_max_epi8(bytes, clamp.low), clamp.high);
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[4]) {
    const I low = _mm512_adds_epi16(_mm512_packs_epi32(sums[0], sums[1]), clamp.zero);
    const I high = _mm512_adds_epi16(_mm512_packs_epi32(sums[2], sums[3]), clamp.zero);
    return Limit(clamp, _mm512_packs_epi16(low, high));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[2]) {
    const I shorts = _mm512_adds_epi16(_mm512_packs_epi32(sums[0], sums[1]), clamp.zero);
    return Limit(clamp, _mm512_castsi256_si512(_mm512_cvtsepi16_epi8(shorts)));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[1]) {
    const I shorts = _mm512_adds_epi16(_mm512_castsi256_si512(_mm512_cvtsepi32_epi16(sums[0])),
                                       clamp.zero);
    return Limit(clamp, _mm512_castsi256_si512(_mm512_cvtsepi16_epi8(shorts)));
  }
};

}  // namespace pinhole::engine::kernels::fast
