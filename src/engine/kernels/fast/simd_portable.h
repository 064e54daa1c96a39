// SPDX-License-Identifier: Apache-2.0
#pragma once

// Plain C++ for processors without a target of their own: four lanes, int8 data and weights as int16,
// two a step and lane, which compilers make into whatever vectors there are.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

template <int kLaneCount>
struct PortableOf {
  static constexpr int kLanes = kLaneCount;
  static constexpr int kWindowPlaces = 1;
  static constexpr int kRegisters = 16;
  static constexpr DataType kInt8Data = DataType::kShort;
  static constexpr int kWeightBytes = 4;
  static constexpr int MaxPixels(int vectors) { return vectors == 4 ? 2 : 4; }

  struct I {
    std::int32_t lane[kLanes];
  };
  struct F {
    float lane[kLanes];
  };

  static int Int8Channel(int /*vectors*/, int vector, int lane) { return vector * kLanes + lane; }

  // function(lane index) for each lane.
  template <typename Vector, typename Function>
  static Vector Each(const Function& function) {
    Vector result;
    for (int i = 0; i < kLanes; ++i) {
      result.lane[i] = function(i);
    }
    return result;
  }
  template <typename Vector>
  static Vector Load(const std::byte* at) {
    Vector vector;
    std::memcpy(vector.lane, at, sizeof(vector.lane));
    return vector;
  }

  static I LoadI(const std::byte* at) { return Load<I>(at); }
  static I LoadWeight(const std::byte* at) { return Load<I>(at); }
  static I Broadcast(const std::byte* at) {
    std::int32_t two;
    std::memcpy(&two, at, 4);
    return SetI(two);
  }
  // sum += two shorts of data times two weights, in every lane.
  static I Dot(I sum, I data, I weights) {
    return Each<I>([&](int i) {
      return sum.lane[i] + Low(data.lane[i]) * Low(weights.lane[i]) +
             High(data.lane[i]) * High(weights.lane[i]);
    });
  }

  // See Finish in layout.h. Constants of even lanes come before those of odd lanes.
  static I ScalePositive(I sum, I multiplier, I even, I odd, I shift) {
    return Each<I>([&](int i) {
      std::int64_t add;
      std::memcpy(&add, (i % 2 == 0 ? even : odd).lane + i / 2 * 2, 8);
      return HighHalf(sum.lane[i], multiplier.lane[i], add) >> shift.lane[i];
    });
  }
  static I ScaleSigned(I sum, I multiplier, I left, I half, I sign, I right) {
    return Each<I>([&](int i) {
      const std::int32_t y = HighHalf(sum.lane[i] << left.lane[i], multiplier.lane[i],
                                      std::int64_t{1} << 31);
      const std::int32_t below = sign.lane[i] < 32 && y < 0 ? 1 : 0;
      return (y + half.lane[i] - below) >> right.lane[i];
    });
  }

  // From 32 bits to the clamped byte.
  struct Clamp {
    std::int32_t zero, low, high;
    Clamp(const Gemm& gemm, bool add_zero)
        : zero(add_zero ? gemm.out_zero : 0), low(gemm.low), high(gemm.high) {}
  };
  template <int kVectors>
  static void Store(const Clamp& clamp, const I (&sums)[kVectors], std::int8_t* out) {
    StoreSome<kVectors>(clamp, sums, out, kVectors * kLanes);
  }
  template <int kVectors>
  static void StoreSome(const Clamp& clamp, const I (&sums)[kVectors], std::int8_t* out,
                        int count) {
    for (int i = 0; i < count; ++i) {
      out[i] = static_cast<std::int8_t>(
          std::clamp(sums[i / kLanes].lane[i % kLanes] + clamp.zero, clamp.low, clamp.high));
    }
  }

  // A window of one channel each; `taps` points to where each of the group's two taps begins.
  static void DotTaps(I (&sums)[4], const std::byte* const (&taps)[2], const std::byte* weights) {
    std::int16_t first[4 * kLanes];
    std::int16_t second[4 * kLanes];
    std::memcpy(first, taps[0], sizeof(first));
    std::memcpy(second, taps[1], sizeof(second));
    for (int v = 0; v < 4; ++v) {
      const I w = LoadWeight(weights + v * kLanes * 4);
      for (int i = 0; i < kLanes; ++i) {
        sums[v].lane[i] += first[v * kLanes + i] * Low(w.lane[i]) +
                           second[v * kLanes + i] * High(w.lane[i]);
      }
    }
  }

  // For ADD: element-wise arithmetic of 32 bits.
  static I SetI(std::int32_t value) {
    return Each<I>([=](int) { return value; });
  }
  static I AddI(I a, I b) {
    return Each<I>([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static I SubI(I a, I b) {
    return Each<I>([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static I MulLow(I a, I b) {
    return Each<I>([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  template <int kBits>
  static I ShiftLeft(I a) {
    return Each<I>([&](int i) { return a.lane[i] * (std::int32_t{1} << kBits); });
  }
  template <int kBits>
  static I ShiftRight(I a) {
    return Each<I>([&](int i) { return a.lane[i] >> kBits; });
  }
  static I ShiftRightBy(I a, I bits) {
    return Each<I>([&](int i) { return a.lane[i] >> bits.lane[i]; });
  }
  // 32 bits: zero.
  static I LogicalShiftRightBy(I a, I bits) {
    return Each<I>([&](int i) {
      return static_cast<std::int32_t>(
          std::uint64_t{static_cast<std::uint32_t>(a.lane[i])} >> bits.lane[i]);
    });
  }
  static void LoadInOrder(const std::int8_t* from, I (&to)[4]) {
    for (int v = 0; v < 4; ++v) {
      to[v] = Each<I>([&](int i) { return std::int32_t{from[v * kLanes + i]}; });
    }
  }
  static void StoreInOrder(const Clamp& clamp, const I (&sums)[4], std::int8_t* out) {
    Store<4>(clamp, sums, out);
  }

  // `count` int8 as kInt8Data.
  static void Convert(std::byte* to, const std::int8_t* from, std::ptrdiff_t count) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const std::int16_t wide = from[i];
      std::memcpy(to + 2 * i, &wide, 2);
    }
  }

  static F LoadF(const std::byte* at) { return Load<F>(at); }
  static F LoadUnalignedF(const std::byte* at) { return Load<F>(at); }
  // The first `count` lanes, if any; the others are zero.
  static F LoadSomeF(const std::byte* at, int count) {
    F some = SetF(0.0F);
    if (count > 0) {
      std::memcpy(some.lane, at, 4 * static_cast<std::size_t>(std::min(count, kLanes)));
    }
    return some;
  }
  static F SetF(float value) {
    return Each<F>([=](int) { return value; });
  }
  static F BroadcastF(const std::byte* at) {
    float value;
    std::memcpy(&value, at, 4);
    return SetF(value);
  }
  // Rounded twice.
  static F FusedMultiplyAdd(F sum, F a, F b) {
    return Each<F>([&](int i) { return sum.lane[i] + a.lane[i] * b.lane[i]; });
  }
  // NaN in `a` stays, as in the reference kernels.
  static F MaxF(F a, F low) {
    return Each<F>([&](int i) { return std::max(a.lane[i], low.lane[i]); });
  }
  static F MinF(F a, F high) {
    return Each<F>([&](int i) { return std::min(a.lane[i], high.lane[i]); });
  }
  static void StoreF(float* at, F value) { StoreSomeF(at, value, kLanes); }
  static void StoreSomeF(float* at, F value, int count) {
    std::memcpy(at, value.lane, 4 * static_cast<std::size_t>(count));
  }

 private:
  static std::int32_t Low(std::int32_t pair) { return static_cast<std::int16_t>(pair & 0xFFFF); }
  static std::int32_t High(std::int32_t pair) { return pair >> 16; }
  // Bits 32 to 63 of x * multiplier + add.
  static std::int32_t HighHalf(std::int32_t x, std::int32_t multiplier, std::int64_t add) {
    return static_cast<std::int32_t>((std::int64_t{x} * multiplier + add) >> 32);
  }
};

using Portable = PortableOf<4>;

}  // namespace pinhole::engine::kernels::fast
