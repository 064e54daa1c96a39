// SPDX-License-Identifier: Apache-2.0
#pragma once

// NEON on AArch64: four lanes, four bytes a step and lane, channels in order.
//
//   NeonDot  SDOT (Armv8.2 with the dot product: Cortex-A55, A76 and later): int8 data as they are.
//   Neon     any AArch64 processor (Cortex-A53, A72). Sixteen products of bytes are three
//            instructions: SMULL makes eight of 16 bits, SMLAL2 adds eight more to them, SADALP
//            adds the pairs to four sums. Two products fit 16 bits unless all four factors are
//            -128, which is why there is
//   NeonCareful  for layers with a weight of -128: each eight products are added on their own.
//            Converters keep weights within [-127, 127], so this is for the few that don't.
//
// Scaling is what the instructions were made for: SQRDMULH is the reference's first rounding, SRSHL
// its second but for ties below zero.

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

// What the targets share. A template over the target, so that no code of one is taken for
// another's.
template <class Target>
struct NeonCommon {
  static constexpr int kLanes = 4;
  static constexpr DataType kInt8Data = DataType::kSigned;
  static constexpr int kWeightBytes = 4;
  // Places of a depthwise window done at once: four sums each.
  static constexpr int kWindowPlaces = 2;
  static constexpr int kRegisters = 32;

  using I = int32x4_t;
  using F = float32x4_t;

  static int Int8Channel(int /*vectors*/, int vector, int lane) { return vector * 4 + lane; }

  static I LoadI(const std::byte* at) {
    return vld1q_s32(reinterpret_cast<const std::int32_t*>(at));
  }
  static I LoadWeight(const std::byte* at) { return vreinterpretq_s32_s8(LoadBytes(at)); }

  // See Finish in layout.h. Rounded twice as the reference does it; where the result is below zero
  // it may differ, and is cut off. Clamp adds the zero point.
  static I ScalePositive(I sum, I multiplier, I /*even*/, I /*odd*/, I shift) {
    return vrshlq_s32(vqrdmulhq_s32(sum, multiplier), vmvnq_s32(shift));  // by -e
  }
  // SRSHL rounds ties up, the reference away from zero: below zero y is made one less first.
  static I ScaleSigned(I sum, I multiplier, I left, I /*half*/, I /*sign*/, I right) {
    const I one_less = vsubq_s32(left, vdupq_n_s32(1));  // SQRDMULH doubles
    const I by = vnegq_s32(right);
    const I y = vqrdmulhq_s32(vshlq_s32(sum, one_less), multiplier);
    return vrshlq_s32(vsraq_n_s32(y, vandq_s32(y, by), 31), by);
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    int16x8_t zero;
    int8x16_t low, high;
    Clamp(const Gemm& gemm, bool /*add_zero*/)
        : zero(vdupq_n_s16(gemm.out_zero)),
          low(vdupq_n_s8(gemm.low)),
          high(vdupq_n_s8(gemm.high)) {}
  };
  // kVectors * 4 bytes.
  template <int kVectors>
  [[gnu::always_inline]] static void Store(const Clamp& clamp, const I (&sums)[kVectors],
                                           std::int8_t* out) {
    const int8x16_t bytes = Bytes(clamp, sums);
    if constexpr (kVectors == 4) {
      vst1q_s8(out, bytes);
    } else if constexpr (kVectors == 2) {
      vst1_s8(out, vget_low_s8(bytes));
    } else {
      StoreFour(out, bytes);
    }
  }
  // The first `count` of them.
  template <int kVectors>
  [[gnu::always_inline]] static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors],
                                               std::int8_t* out, int count) {
    int8x16_t bytes = Bytes(clamp, sums);
    if ((count & 8) != 0) {
      vst1_s8(out, vget_low_s8(bytes));
      bytes = vextq_s8(bytes, bytes, 8);
      out += 8;
    }
    if ((count & 4) != 0) {
      StoreFour(out, bytes);
      bytes = vextq_s8(bytes, bytes, 4);
      out += 4;
    }
    if ((count & 2) != 0) {
      vst1q_lane_s8(out, bytes, 0);
      vst1q_lane_s8(out + 1, bytes, 1);
      bytes = vextq_s8(bytes, bytes, 2);
      out += 2;
    }
    if ((count & 1) != 0) {
      vst1q_lane_s8(out, bytes, 0);
    }
  }

  // For ADD: element-wise arithmetic of 32 bits.
  static I SetI(std::int32_t value) { return vdupq_n_s32(value); }
  static I AddI(I a, I b) { return vaddq_s32(a, b); }
  static I SubI(I a, I b) { return vsubq_s32(a, b); }
  static I MulLow(I a, I b) { return vmulq_s32(a, b); }
  template <int kBits>
  static I ShiftLeft(I a) {
    return vshlq_n_s32(a, kBits);
  }
  template <int kBits>
  static I ShiftRight(I a) {
    return vshrq_n_s32(a, kBits);
  }
  static I ShiftRightBy(I a, I bits) { return vshlq_s32(a, vnegq_s32(bits)); }
  // 32 bits: zero.
  static I LogicalShiftRightBy(I a, I bits) {
    return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(a), vnegq_s32(bits)));
  }
  // 16 int8 that lie together as 32 bits each, and back.
  [[gnu::always_inline]] static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    const int8x16_t bytes = vld1q_s8(from);
    const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
    const int16x8_t high = vmovl_high_s8(bytes);
    to[0] = vmovl_s16(vget_low_s16(low));
    to[1] = vmovl_high_s16(low);
    to[2] = vmovl_s16(vget_low_s16(high));
    to[3] = vmovl_high_s16(high);
  }
  [[gnu::always_inline]] static void StoreInOrder(const Clamp& clamp, const I (&sums)[4],
                                                  std::int8_t* out) {
    Store<4>(clamp, sums, out);
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    std::memcpy(to, from, static_cast<std::size_t>(count));
  }

  static F LoadF(const std::byte* at) { return vld1q_f32(reinterpret_cast<const float*>(at)); }
  static F SetF(float value) { return vdupq_n_f32(value); }
  static F BroadcastF(const std::byte* at) {
    return vld1q_dup_f32(reinterpret_cast<const float*>(at));
  }
  static F FusedMultiplyAdd(F sum, F a, F b) { return vfmaq_f32(sum, a, b); }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) { return vmaxq_f32(a, low); }
  static F MinF(F a, F high) { return vminq_f32(a, high); }
  static F LoadUnalignedF(const std::byte* at) { return LoadF(at); }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    const auto* const lanes = reinterpret_cast<const float*>(at);
    if (count >= 4) {
      return vld1q_f32(lanes);
    }
    F some = vdupq_n_f32(0.0F);
    if (count >= 2) {
      some = vcombine_f32(vld1_f32(lanes), vdup_n_f32(0.0F));
    }
    if (count == 3) {
      some = vld1q_lane_f32(lanes + 2, some, 2);
    } else if (count == 1) {
      some = vld1q_lane_f32(lanes, some, 0);
    }
    return some;
  }
  static void StoreF(float* at, F value) { vst1q_f32(at, value); }
  static void StoreSomeF(float* at, F value, int count) {
    if (count >= 2) {
      vst1_f32(at, vget_low_f32(value));
    }
    if (count == 3) {
      vst1q_lane_f32(at + 2, value, 2);
    } else if (count == 1) {
      vst1q_lane_f32(at, value, 0);
    }
  }

 protected:
  static int8x16_t LoadBytes(const std::byte* at) {
    return vld1q_s8(reinterpret_cast<const std::int8_t*>(at));
  }
  static void StoreFour(std::int8_t* out, int8x16_t bytes) {
    const std::int32_t four = vgetq_lane_s32(vreinterpretq_s32_s8(bytes), 0);
    std::memcpy(out, &four, 4);
  }
  static int8x16_t Limit(const Clamp& clamp, int8x16_t bytes) {
    return vminq_s8(vmaxq_s8(bytes, clamp.low), clamp.high);
  }
  static int16x8_t Shorts(const Clamp& clamp, I low, I high) {
    return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), clamp.zero);
  }
  [[gnu::always_inline]] static int8x16_t Bytes(const Clamp& clamp, const I (&sums)[4]) {
    return Limit(clamp, vqmovn_high_s16(vqmovn_s16(Shorts(clamp, sums[0], sums[1])),
                                        Shorts(clamp, sums[2], sums[3])));
  }
  [[gnu::always_inline]] static int8x16_t Bytes(const Clamp& clamp, const I (&sums)[2]) {
    const int8x8_t bytes = vqmovn_s16(Shorts(clamp, sums[0], sums[1]));
    return Limit(clamp, vcombine_s8(bytes, bytes));
  }
  [[gnu::always_inline]] static int8x16_t Bytes(const Clamp& clamp, const I (&sums)[1]) {
    const int8x8_t bytes = vqmovn_s16(Shorts(clamp, sums[0], sums[0]));
    return Limit(clamp, vcombine_s8(bytes, bytes));
  }
};

#if defined(PINHOLE_NEON_DOT)

// 32 registers: 24 sums, 4 weights, the rest for data.
struct NeonDot : NeonCommon<NeonDot> {
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 6 : 12; }

  // Not in every lane: SDOT takes its four bytes from one. The load is one of a float, since that
  // is what goes to a vector register directly.
  static int8x8_t Broadcast(const std::byte* at) {
    float four;
    std::memcpy(&four, at, 4);
    return vreinterpret_s8_f32(float32x2_t{four, 0.0F});
  }
  // sum += four bytes of data times four weights, in every lane.
  static I Dot(I sum, int8x8_t data, I weights) {
    return vdotq_lane_s32(sum, vreinterpretq_s8_s32(weights), data, 0);
  }

  // A window of one channel each: lane l of vector v takes the bytes of channel 4 v + l from the
  // four runs of data, one behind the other.
  [[gnu::always_inline]] static void Interleave(const std::byte* const (&runs)[4], I (&to)[4]) {
    const int8x16_t t0 = LoadBytes(runs[0]);
    const int8x16_t t1 = LoadBytes(runs[1]);
    const int8x16_t t2 = LoadBytes(runs[2]);
    const int8x16_t t3 = LoadBytes(runs[3]);
    const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(t0, t1));
    const int16x8_t high01 = vreinterpretq_s16_s8(vzip2q_s8(t0, t1));
    const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(t2, t3));
    const int16x8_t high23 = vreinterpretq_s16_s8(vzip2q_s8(t2, t3));
    to[0] = vreinterpretq_s32_s16(vzip1q_s16(low01, low23));
    to[1] = vreinterpretq_s32_s16(vzip2q_s16(low01, low23));
    to[2] = vreinterpretq_s32_s16(vzip1q_s16(high01, high23));
    to[3] = vreinterpretq_s32_s16(vzip2q_s16(high01, high23));
  }
  static I Dot(I sum, I data, I weights) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(data), vreinterpretq_s8_s32(weights));
  }
  // `taps` points to where each of a group's taps begins.
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[4],
                                             const std::byte* weights) {
    I data[4];
    Interleave(taps, data);
    Unroll<4>([&](auto v) PINHOLE_INLINE {
      sums[v] = Dot(sums[v], data[v], LoadWeight(weights + v * 16));
    });
  }
};

#else

// 32 registers: 12 sums, 4 weights, 6 for pixels' data, the rest for products of 16 bits; with 16
// sums GCC 12 runs out of them.
template <class Target>
struct NeonBytes : NeonCommon<Target> {
  using Base = NeonCommon<Target>;
  using I = typename Base::I;
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 3 : 6; }

  // Bytes 0 and 1 of a step in every lane, and bytes 2 and 3.
  struct Data {
    int8x16_t first, second;
  };
  static Data Broadcast(const std::byte* at) { return {Pair(at), Pair(at + 2)}; }
  // So a vector of weights is bytes 0 and 1 of all lanes, then bytes 2 and 3.
  static int ProductPlace(int /*vectors*/, int vector, int lane, int byte) {
    return vector * 16 + byte / 2 * 8 + lane * 2 + byte % 2;
  }
  static I Dot(I sum, const Data& data, I weights) {
    const int8x16_t w = vreinterpretq_s8_s32(weights);
    return Target::AddPairs(sum, data.first, w, data.second, w);
  }

  // A window's weights are those of all sixteen channels for one tap, then for the next. Taps 0 and
  // 2 share products of 16 bits, like bytes 0 and 2 above.
  static int WindowPlace(int /*vectors*/, int vector, int lane, int tap) {
    return tap * 16 + vector * 4 + lane;
  }
  [[gnu::always_inline]] static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[4],
                                             const std::byte* weights) {
    Target::AddTaps(sums, Base::LoadBytes(taps[0]), Base::LoadBytes(weights),
                    Base::LoadBytes(taps[2]), Base::LoadBytes(weights + 32));
    Target::AddTaps(sums, Base::LoadBytes(taps[1]), Base::LoadBytes(weights + 16),
                    Base::LoadBytes(taps[3]), Base::LoadBytes(weights + 48));
  }

 private:
  static int8x16_t Pair(const std::byte* at) {
#if !defined(__clang__)
    // LD1R knows no index; told the address as a sum of two registers, GCC loads to a third one.
    asm("" : "+r"(at));
#endif
    return vreinterpretq_s8_s16(vld1q_dup_s16(reinterpret_cast<const std::int16_t*>(at)));
  }

 protected:
  static void Widen(I& low_sum, I& high_sum, int16x8_t products) {
    low_sum = vaddw_s16(low_sum, vget_low_s16(products));
    high_sum = vaddw_high_s16(high_sum, products);
  }
};

// Any weights.
struct NeonCareful : NeonBytes<NeonCareful> {
  // sum += a's low half times v's, plus b's high half times w's, two products a lane each.
  static I AddPairs(I sum, int8x16_t a, int8x16_t v, int8x16_t b, int8x16_t w) {
    return vpadalq_s16(vpadalq_s16(sum, vmull_s8(vget_low_s8(a), vget_low_s8(v))),
                       vmull_high_s8(b, w));
  }
  // sums += a * v + b * w, byte by byte.
  static void AddTaps(I (&sums)[4], int8x16_t a, int8x16_t v, int8x16_t b, int8x16_t w) {
    Widen(sums[0], sums[1], vmull_s8(vget_low_s8(a), vget_low_s8(v)));
    Widen(sums[2], sums[3], vmull_high_s8(a, v));
    Widen(sums[0], sums[1], vmull_s8(vget_low_s8(b), vget_low_s8(w)));
    Widen(sums[2], sums[3], vmull_high_s8(b, w));
  }
};

// No weight is -128: 127 * 128 twice is within 16 bits.
struct Neon : NeonBytes<Neon> {
  using Careful = NeonCareful;

  static I AddPairs(I sum, int8x16_t a, int8x16_t v, int8x16_t b, int8x16_t w) {
    return vpadalq_s16(sum, vmlal_high_s8(vmull_s8(vget_low_s8(a), vget_low_s8(v)), b, w));
  }
  static void AddTaps(I (&sums)[4], int8x16_t a, int8x16_t v, int8x16_t b, int8x16_t w) {
    Widen(sums[0], sums[1],
          vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(v)), vget_low_s8(b), vget_low_s8(w)));
    Widen(sums[2], sums[3], vmlal_high_s8(vmull_high_s8(a, v), b, w));
  }
};

#endif

}  // namespace pinhole::engine::kernels::fast
