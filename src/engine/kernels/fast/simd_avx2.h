// SPDX-License-Identifier: Apache-2.0
#pragma once

// AVX2 with FMA (Haswell, Zen and later): eight lanes. To be included by target_*.cc only, inside its
// compiler target.
//
//   Avx2Lanes<Self>   what every target with 256-bit vectors shares: finishing, bytes, floats. A
//                     template over the target, so that no code of one is taken for another's.
//   Vnni256           AVX-VNNI, or AVX-512's form of it on vectors of 256 bits: bytes, four a step
//   Avx2              int8 data as int16, two a step and lane: VPMADDWD multiplies signed 16 bits
//                     and adds pairs, exactly. Weights are packed as int16 too: widening them in
//                     the loop costs more than reading twice as many bytes.
//
// Sixteen registers: up to twelve sums, the weights of a step, data and a product.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/simd_x86.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

template <class Self>
struct Avx2Lanes {
  static constexpr int kLanes = 8;
  static constexpr int kWindowPlaces = 1;
  static constexpr int kRegisters = 16;
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 2 : vectors == 2 ? 6 : 12; }

  using I = __m256i;
  using F = __m256;

  static I LoadI(const std::byte* at) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(at));
  }
  static I LoadUnaligned(const std::byte* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  }
  static I Broadcast(const std::byte* at) {
    std::int32_t four;
    std::memcpy(&four, at, 4);
    return _mm256_set1_epi32(four);
  }

  // See Finish in layout.h. The products of even and of odd lanes are formed apart, in 64 bits.
  [[gnu::always_inline]] static I ScalePositive(I sum, I multiplier, I even, I odd, I shift) {
    return _mm256_srav_epi32(Product(sum, multiplier, even, odd), shift);
  }
  [[gnu::always_inline]] static I ScaleSigned(I sum, I multiplier, I left, I half, I sign,
                                              I right) {
    const I nudge = _mm256_set1_epi64x(std::int64_t{1} << 31);
    const I y = Product(_mm256_sllv_epi32(sum, left), multiplier, nudge, nudge);
    return _mm256_srav_epi32(
        _mm256_sub_epi32(_mm256_add_epi32(y, half), _mm256_srlv_epi32(y, sign)), right);
  }

  // See float_scaling.h. Rounded to nearest, halves to even.
  [[gnu::always_inline]] static I ScaleFloatPositive(I sum, F multiplier, F add) {
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), multiplier, add));
  }
  [[gnu::always_inline]] static I ScaleFloatSigned(I sum, F multiplier, F add) {
    const I sign = _mm256_and_si256(sum, _mm256_set1_epi32(INT32_MIN));
    const F signed_add = _mm256_or_ps(_mm256_castsi256_ps(sign), add);
    return _mm256_cvtps_epi32(
        _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), multiplier, signed_add));
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    I zero, low, high;
    Clamp(const Gemm& gemm, bool add_zero)
        : zero(_mm256_set1_epi16(add_zero ? gemm.out_zero : std::int16_t{0})),
          low(_mm256_set1_epi8(gemm.low)),
          high(_mm256_set1_epi8(gemm.high)) {}
  };
  // kVectors * 8 bytes.
  template <int kVectors>
  [[gnu::always_inline]] static void Store(const Clamp& clamp, const I (&sums)[kVectors],
                                           std::int8_t* out) {
    const I bytes = Bytes(clamp, sums);
    if constexpr (kVectors == 4) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
    } else if constexpr (kVectors == 2) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
    } else {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
    }
  }
  // The first `count` of them, at least one.
  template <int kVectors>
  [[gnu::always_inline]] static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors],
                                               std::int8_t* out, int count) {
    const I bytes = Bytes(clamp, sums);
    __m128i part = _mm256_castsi256_si128(bytes);
    if (kVectors == 4 && count >= 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), part);
      part = _mm256_extracti128_si256(bytes, 1);
      out += 16;
    }
    StoreBytes<Self>(part, out, count);
  }

  // For ADD: element-wise arithmetic of 32 bits.
  static I SetI(std::int32_t value) { return _mm256_set1_epi32(value); }
  static I AddI(I x, I y) { return _mm256_add_epi32(x, y); }
  static I SubI(I x, I y) { return _mm256_sub_epi32(x, y); }
  static I MulLow(I x, I y) { return _mm256_mullo_epi32(x, y); }
  template <int kBits>
  static I ShiftLeft(I x) {
    return _mm256_slli_epi32(x, kBits);
  }
  template <int kBits>
  static I ShiftRight(I x) {
    return _mm256_srai_epi32(x, kBits);
  }
  static I ShiftRightBy(I x, I bits) { return _mm256_srav_epi32(x, bits); }
  // 32 bits: zero.
  static I LogicalShiftRightBy(I x, I bits) { return _mm256_srlv_epi32(x, bits); }
  // 32 int8 that lie together as 32 bits each, and back.
  [[gnu::always_inline]] static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      to[v] = _mm256_cvtepi8_epi32(
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 8 * v)));
    });
  }
  [[gnu::always_inline]] static void StoreInOrder(const Clamp& clamp, const I (&sums)[4],
                                                  std::int8_t* out) {
    const I order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(reinterpret_cast<I*>(out),
                        _mm256_permutevar8x32_epi32(Packed(clamp, sums), order));
  }

  static F LoadF(const std::byte* at) { return _mm256_load_ps(reinterpret_cast<const float*>(at)); }
  static F SetF(float value) { return _mm256_set1_ps(value); }
  static F BroadcastF(const std::byte* at) {
    float value;
    std::memcpy(&value, at, 4);
    return _mm256_set1_ps(value);
  }
  static F FusedMultiplyAdd(F sum, F a, F b) { return _mm256_fmadd_ps(a, b, sum); }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) { return _mm256_max_ps(low, a); }
  static F MinF(F a, F high) { return _mm256_min_ps(high, a); }
  static F LoadUnalignedF(const std::byte* at) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(at));
  }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    const I lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(reinterpret_cast<const float*>(at),
                              _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane));
  }
  static void StoreF(float* at, F value) { _mm256_storeu_ps(at, value); }
  // Less than a vector. Masked stores are slow on some processors.
  static void StoreSomeF(float* at, F value, int count) {
    __m128 part = _mm256_castps256_ps128(value);
    if ((count & 4) != 0) {
      _mm_storeu_ps(at, part);
      part = _mm256_extractf128_ps(value, 1);
      at += 4;
    }
    StoreFloats<Self>(at, part, count);
  }

 private:
  // Bits 32 to 63 of x * multiplier + add, lane by lane.
  [[gnu::always_inline]] static I Product(I x, I multiplier, I add_even, I add_odd) {
    const I even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), add_even);
    const I odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(multiplier, 32)), add_odd);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
  }
  static I Limit(const Clamp& clamp, I bytes) {
    return _mm256_min_epi8(_mm256_max_epi8(bytes, clamp.low), clamp.high);
  }
  // Bytes are packed within 128-bit parts; where that leaves them apart, they are put together.
  [[gnu::always_inline]] static I Packed(const Clamp& clamp, const I (&sums)[4]) {
    const I low = _mm256_adds_epi16(_mm256_packs_epi32(sums[0], sums[1]), clamp.zero);
    const I high = _mm256_adds_epi16(_mm256_packs_epi32(sums[2], sums[3]), clamp.zero);
    return Limit(clamp, _mm256_packs_epi16(low, high));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[4]) {
    return Self::InOrder(Packed(clamp, sums));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[2]) {
    const I shorts = _mm256_adds_epi16(_mm256_packs_epi32(sums[0], sums[1]), clamp.zero);
    return _mm256_permute4x64_epi64(Limit(clamp, _mm256_packs_epi16(shorts, shorts)), 0x08);
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[1]) {
    const I shorts = _mm256_adds_epi16(_mm256_packs_epi32(sums[0], sums[0]), clamp.zero);
    return _mm256_permutevar8x32_epi32(Limit(clamp, _mm256_packs_epi16(shorts, shorts)),
                                       _mm256_setr_epi32(0, 4, 0, 4, 0, 4, 0, 4));
  }
};

struct Avx2 : Avx2Lanes<Avx2> {
  static constexpr DataType kInt8Data = DataType::kShort;
  static constexpr int kWeightBytes = 4;

  // Unpacking 16 bits leaves runs of eight channels in turn in the parts of two vectors.
  static int Int8Channel(int vectors, int vector, int lane) {
    return vectors == 1 ? lane : vector / 2 * 16 + lane / 4 * 8 + vector % 2 * 4 + lane % 4;
  }
  static I InOrder(I bytes) { return _mm256_permute4x64_epi64(bytes, 0xD8); }

  static I LoadWeight(const std::byte* at) { return LoadI(at); }
  // sum += two shorts of data times two weights, in every lane.
  static I Dot(I sum, I data, I weights) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(data, weights));
  }

  // A window of one channel each: lane l of the four vectors takes the short of channel
  // Int8Channel(4, v, l). `taps` points to where each of the group's two taps begins.
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[2],
                                             const std::byte* weights) {
    const I a0 = LoadUnaligned(taps[0]);
    const I a1 = LoadUnaligned(taps[1]);
    const I b0 = LoadUnaligned(taps[0] + 32);
    const I b1 = LoadUnaligned(taps[1] + 32);
    sums[0] = Dot(sums[0], _mm256_unpacklo_epi16(a0, a1), LoadWeight(weights));
    sums[1] = Dot(sums[1], _mm256_unpackhi_epi16(a0, a1), LoadWeight(weights + 32));
    sums[2] = Dot(sums[2], _mm256_unpacklo_epi16(b0, b1), LoadWeight(weights + 64));
    sums[3] = Dot(sums[3], _mm256_unpackhi_epi16(b0, b1), LoadWeight(weights + 96));
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    std::ptrdiff_t i = 0;
    for (; i + 16 <= count; i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 2 * i), _mm256_cvtepi8_epi16(bytes));
    }
    for (; i < count; ++i) {
      const std::int16_t wide = from[i];
      std::memcpy(to + 2 * i, &wide, 2);
    }
  }
};

// kVex: AVX-VNNI's encoding; else that of AVX-512 VL and VNNI, which does the same.
template <bool kVex>
struct Vnni256 : Avx2Lanes<Vnni256<kVex>> {
  using Base = Avx2Lanes<Vnni256<kVex>>;
  using I = typename Base::I;
  static constexpr DataType kInt8Data = DataType::kByte;
  static constexpr int kWeightBytes = 4;

  // As in AVX-512: part p of vector v becomes bytes 4 v to 4 v + 3 of the p-th run.
  static int Int8Channel(int vectors, int vector, int lane) {
    return lane / 4 * 4 * vectors + vector * 4 + lane % 4;
  }
  static I InOrder(I bytes) { return bytes; }

  static I LoadWeight(const std::byte* at) { return Base::LoadI(at); }
  // sum += four bytes of data times four weights, in every lane.
  static I Dot(I sum, I data, I weights) {
    if constexpr (kVex) {
      return _mm256_dpbusd_avx_epi32(sum, data, weights);
    } else {
      return _mm256_dpbusd_epi32(sum, data, weights);
    }
  }

  // See Avx512Vnni.
  [[gnu::always_inline]] static void Interleave(const std::byte* const (&runs)[4], I (&to)[4]) {
    const I t0 = Base::LoadUnaligned(runs[0]);
    const I t1 = Base::LoadUnaligned(runs[1]);
    const I t2 = Base::LoadUnaligned(runs[2]);
    const I t3 = Base::LoadUnaligned(runs[3]);
    const I low01 = _mm256_unpacklo_epi8(t0, t1);
    const I high01 = _mm256_unpackhi_epi8(t0, t1);
    const I low23 = _mm256_unpacklo_epi8(t2, t3);
    const I high23 = _mm256_unpackhi_epi8(t2, t3);
    to[0] = _mm256_unpacklo_epi16(low01, low23);
    to[1] = _mm256_unpackhi_epi16(low01, low23);
    to[2] = _mm256_unpacklo_epi16(high01, high23);
    to[3] = _mm256_unpackhi_epi16(high01, high23);
  }
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[4],
                                             const std::byte* weights) {
    I data[4];
    Interleave(taps, data);
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      sums[v] = Dot(sums[v], data[v], LoadWeight(weights + v * 32));
    });
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    const I flip = _mm256_set1_epi8(-128);
    std::ptrdiff_t i = 0;
    for (; i + 32 <= count; i += 32) {
      const I bytes = _mm256_loadu_si256(reinterpret_cast<const I*>(from + i));
      _mm256_storeu_si256(reinterpret_cast<I*>(to + i), _mm256_xor_si256(bytes, flip));
    }
    for (; i < count; ++i) {
      to[i] = static_cast<std::byte>(from[i] + 128);
    }
  }
};

}  // namespace pinhole::engine::kernels::fast
