// SPDX-License-Identifier: Apache-2.0
#pragma once

// WebAssembly's 128-bit vectors: four lanes, channels in order.
//
//   Wasm         i32x4.dot_i16x8_s: int8 data widened to int16 when they are copied, two a step and
//                lane; weights widened as they are loaded
//   WasmRelaxed  the same for int8; floats by f32x4.relaxed_madd, one instruction in place of two
//
// Relaxed vectors have a product of bytes too, but one of its factors has seven bits only: int8
// weights would want two products each, which is as many instructions on x86 as there are now.
//
// A module that holds an instruction the browser doesn't know is refused as a whole, so which of
// the two a program uses is settled by which module is loaded, not while it runs.
//
// There is no shift by as many bits as each lane says. Lanes are multiplied by powers of two in 64
// bits instead: see Layout::by_factors.

#include <wasm_simd128.h>

#include <cstdint>

#include "engine/kernels/fast/layout.h"

namespace pinhole::engine::kernels::fast {

// What the two share. A template over the target, so that no code of one is taken for the other's.
template <class Target>
struct WasmCommon {
  static constexpr int kLanes = 4;
  static constexpr DataType kInt8Data = DataType::kShort;
  static constexpr int kWeightBytes = 2;
  static constexpr bool kByFactors = true;
  // Sixteen registers where x86 runs it: 8 sums, 4 weights, the rest for data and products.
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 2 : vectors == 2 ? 4 : 8; }
  // Places of a depthwise window done at once: four sums each.
  static constexpr int kWindowPlaces = 1;
  static constexpr int kRegisters = 16;

  using I = v128_t;
  using F = v128_t;

  static int Int8Channel(int /*vectors*/, int vector, int lane) { return vector * 4 + lane; }

  static I LoadI(const std::byte* at) { return wasm_v128_load(at); }
  static I LoadWeight(const std::byte* at) { return wasm_i16x8_load8x8(at); }
  static I Broadcast(const std::byte* at) { return wasm_v128_load32_splat(at); }
  // sum += two shorts of data times two weights, in every lane.
  static I Dot(I sum, I data, I weights) {
    return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(data, weights));
  }

  // See Finish in layout.h, by factors. The products of lanes 0 and 1 and of 2 and 3 are formed
  // apart, in 64 bits.
  static I ScalePositive(I sum, I multiplier, I low_add, I high_add, I factor) {
    return ShiftRightByFactor(
        HighHalves(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(sum, multiplier), low_add),
                   wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(sum, multiplier), high_add)),
        factor);
  }
  static I ScaleSigned(I sum, I multiplier, I left_factor, I half, I sign_mask, I factor) {
    const I x = wasm_i32x4_mul(sum, left_factor);
    const I nudge = wasm_i64x2_splat(std::int64_t{1} << 31);
    const I y = HighHalves(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, multiplier), nudge),
                           wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, multiplier), nudge));
    const I below_zero = wasm_v128_and(wasm_i32x4_shr(y, 31), sign_mask);  // -1 or 0
    return ShiftRightByFactor(wasm_i32x4_add(wasm_i32x4_add(y, half), below_zero), factor);
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    I zero, low, high;
    Clamp(const Gemm& gemm, bool add_zero)
        : zero(wasm_i16x8_splat(add_zero ? gemm.out_zero : std::int16_t{0})),
          low(wasm_i8x16_splat(gemm.low)),
          high(wasm_i8x16_splat(gemm.high)) {}
  };
  // kVectors * 4 bytes.
  template <int kVectors>
  [[gnu::always_inline]] static void Store(const Clamp& clamp, const I (&sums)[kVectors],
                                           std::int8_t* out) {
    const I bytes = Bytes(clamp, sums);
    if constexpr (kVectors == 4) {
      wasm_v128_store(out, bytes);
    } else if constexpr (kVectors == 2) {
      wasm_v128_store64_lane(out, bytes, 0);
    } else {
      wasm_v128_store32_lane(out, bytes, 0);
    }
  }
  // The first `count` of them.
  template <int kVectors>
  [[gnu::always_inline]] static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors],
                                               std::int8_t* out, int count) {
    I bytes = Bytes(clamp, sums);
    if ((count & 8) != 0) {
      wasm_v128_store64_lane(out, bytes, 0);
      bytes = wasm_i64x2_shuffle(bytes, bytes, 1, 1);
      out += 8;
    }
    if ((count & 4) != 0) {
      wasm_v128_store32_lane(out, bytes, 0);
      bytes = wasm_i32x4_shuffle(bytes, bytes, 1, 1, 1, 1);
      out += 4;
    }
    if ((count & 2) != 0) {
      wasm_v128_store16_lane(out, bytes, 0);
      bytes = wasm_i16x8_shuffle(bytes, bytes, 1, 1, 1, 1, 1, 1, 1, 1);
      out += 2;
    }
    if ((count & 1) != 0) {
      wasm_v128_store8_lane(out, bytes, 0);
    }
  }

  // A window of one channel each: lane l of vector v takes the short of channel 4 v + l. `taps`
  // points to where each of the group's two taps begins.
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[2],
                                             const std::byte* weights) {
    const I a0 = wasm_v128_load(taps[0]);
    const I b0 = wasm_v128_load(taps[1]);
    const I a1 = wasm_v128_load(taps[0] + 16);
    const I b1 = wasm_v128_load(taps[1] + 16);
    sums[0] = Dot(sums[0], PairLow(a0, b0), LoadWeight(weights));
    sums[1] = Dot(sums[1], PairHigh(a0, b0), LoadWeight(weights + 8));
    sums[2] = Dot(sums[2], PairLow(a1, b1), LoadWeight(weights + 16));
    sums[3] = Dot(sums[3], PairHigh(a1, b1), LoadWeight(weights + 24));
  }

  // For ADD: element-wise arithmetic of 32 bits. Shifts by a vector are by its first lane.
  static I SetI(std::int32_t value) { return wasm_i32x4_splat(value); }
  static I AddI(I a, I b) { return wasm_i32x4_add(a, b); }
  static I SubI(I a, I b) { return wasm_i32x4_sub(a, b); }
  static I MulLow(I a, I b) { return wasm_i32x4_mul(a, b); }
  template <int kBits>
  static I ShiftLeft(I a) {
    return wasm_i32x4_shl(a, kBits);
  }
  template <int kBits>
  static I ShiftRight(I a) {
    return wasm_i32x4_shr(a, kBits);
  }
  static I ShiftRightBy(I a, I bits) { return wasm_i32x4_shr(a, First(bits)); }
  // 32 bits, which an instruction takes for none: zero.
  static I LogicalShiftRightBy(I a, I bits) {
    return wasm_v128_and(wasm_u32x4_shr(a, First(bits)), wasm_i32x4_lt(bits, wasm_i32x4_splat(32)));
  }
  // 16 int8 that lie together as 32 bits each, and back.
  [[gnu::always_inline]] static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    const I low = wasm_i16x8_load8x8(from);
    const I high = wasm_i16x8_load8x8(from + 8);
    to[0] = wasm_i32x4_extend_low_i16x8(low);
    to[1] = wasm_i32x4_extend_high_i16x8(low);
    to[2] = wasm_i32x4_extend_low_i16x8(high);
    to[3] = wasm_i32x4_extend_high_i16x8(high);
  }
  [[gnu::always_inline]] static void StoreInOrder(const Clamp& clamp, const I (&sums)[4],
                                                  std::int8_t* out) {
    Store<4>(clamp, sums, out);
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    std::ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8) {
      wasm_v128_store(to + 2 * i, wasm_i16x8_load8x8(from + i));
    }
    for (; i < count; ++i) {
      const auto wide = wasm_i16x8_extend_low_i8x16(wasm_v128_load8_splat(from + i));
      wasm_v128_store16_lane(to + 2 * i, wide, 0);
    }
  }

  static F LoadF(const std::byte* at) { return wasm_v128_load(at); }
  static F SetF(float value) { return wasm_f32x4_splat(value); }
  static F BroadcastF(const std::byte* at) { return wasm_v128_load32_splat(at); }
  // Rounded twice; see WasmRelaxed.
  static F FusedMultiplyAdd(F sum, F a, F b) { return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b)); }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) { return wasm_f32x4_pmax(a, low); }
  static F MinF(F a, F high) { return wasm_f32x4_pmin(a, high); }
  static F LoadUnalignedF(const std::byte* at) { return wasm_v128_load(at); }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    switch (count < 4 ? count : 4) {
      case 4: return wasm_v128_load(at);
      case 3: return wasm_v128_load32_lane(at + 8, wasm_v128_load64_zero(at), 2);
      case 2: return wasm_v128_load64_zero(at);
      case 1: return wasm_v128_load32_zero(at);
      default: return wasm_f32x4_splat(0.0F);
    }
  }
  static void StoreF(float* at, F value) { wasm_v128_store(at, value); }
  static void StoreSomeF(float* at, F value, int count) {
    if (count >= 2) {
      wasm_v128_store64_lane(at, value, 0);
    }
    if (count == 3) {
      wasm_v128_store32_lane(at + 2, value, 2);
    } else if (count == 1) {
      wasm_v128_store32_lane(at, value, 0);
    }
  }

 private:
  static std::uint32_t First(I lanes) {
    return static_cast<std::uint32_t>(wasm_i32x4_extract_lane(lanes, 0));
  }
  // Bits 32 to 63 of each product.
  static I HighHalves(I low, I high) { return wasm_i32x4_shuffle(low, high, 1, 3, 5, 7); }
  // floor(x / 2^s) for a factor of 2^(30 - s).
  static I ShiftRightByFactor(I x, I factor) {
    return HighHalves(wasm_i64x2_shl(wasm_i64x2_extmul_low_i32x4(x, factor), 2),
                      wasm_i64x2_shl(wasm_i64x2_extmul_high_i32x4(x, factor), 2));
  }
  static I PairLow(I a, I b) { return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
  static I PairHigh(I a, I b) { return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
  static I Limit(const Clamp& clamp, I bytes) {
    return wasm_i8x16_min(wasm_i8x16_max(bytes, clamp.low), clamp.high);
  }
  static I Shorts(const Clamp& clamp, I low, I high) {
    return wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(low, high), clamp.zero);
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[4]) {
    return Limit(clamp, wasm_i8x16_narrow_i16x8(Shorts(clamp, sums[0], sums[1]),
                                                Shorts(clamp, sums[2], sums[3])));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[2]) {
    const I shorts = Shorts(clamp, sums[0], sums[1]);
    return Limit(clamp, wasm_i8x16_narrow_i16x8(shorts, shorts));
  }
  [[gnu::always_inline]] static I Bytes(const Clamp& clamp, const I (&sums)[1]) {
    const I shorts = Shorts(clamp, sums[0], sums[0]);
    return Limit(clamp, wasm_i8x16_narrow_i16x8(shorts, shorts));
  }
};

struct Wasm : WasmCommon<Wasm> {
};

#if defined(__wasm_relaxed_simd__)

struct WasmRelaxed : WasmCommon<WasmRelaxed> {

  // Rounded once or twice, as the processor likes it.
  static F FusedMultiplyAdd(F sum, F a, F b) { return wasm_f32x4_relaxed_madd(a, b, sum); }
};

#endif

}  // namespace pinhole::engine::kernels::fast
