// SPDX-License-Identifier: Apache-2.0
#pragma once

// To be included by target_*.cc only, inside its compiler target. All functions are templates over
// the target's instruction set Simd, so that no code of one target is taken for another's.
//
// The matrix product behind convolutions and dense layers: tiles of kPixels pixels by kVectors
// vectors of output channels are summed up in registers and finished there.
//
//   int8    Simd::I sums of 32 bits, two's complement; exact
//   float   Simd::F sums, one fused multiply-add a step, in the order of the data
//
// Pixels(gemm, block, data, step, count, out, out_step) does `count` pixels, `step` bytes of data
// apart, for one block. A count that tiles don't divide is done with smaller tiles or by doing some
// pixels twice, so `out` must not be where `data` is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

template <class Simd>
struct Int8Math {
  using Acc = typename Simd::I;
  using Weight = typename Simd::I;
  using Data = decltype(Simd::Broadcast(nullptr));
  using Out = std::int8_t;
  static constexpr std::ptrdiff_t kWeightBytes =
      static_cast<std::ptrdiff_t>(Simd::kLanes) * Simd::kWeightBytes;

  static Acc LoadBias(const std::byte* b) { return Simd::LoadI(b); }
  static Weight LoadWeight(const std::byte* w) { return Simd::LoadWeight(w); }
  static Data Broadcast(const std::byte* a) { return Simd::Broadcast(a); }
  static Acc Add(Acc acc, const Data& a, Weight w) { return Simd::Dot(acc, a, w); }
};

template <class Simd>
struct FloatMath {
  using Acc = typename Simd::F;
  using Weight = typename Simd::F;
  using Data = typename Simd::F;
  using Out = float;
  static constexpr std::ptrdiff_t kWeightBytes = static_cast<std::ptrdiff_t>(Simd::kLanes) * 4;

  static Acc LoadBias(const std::byte* b) { return Simd::LoadF(b); }
  static Weight LoadWeight(const std::byte* w) { return Simd::LoadF(w); }
  static Data Broadcast(const std::byte* a) { return Simd::BroadcastF(a); }
  static Acc Add(Acc acc, Data a, Weight w) { return Simd::FusedMultiplyAdd(acc, a, w); }
};

// True where sums can be scaled in float: see float_scaling.h.
template <class Simd>
concept ScalesInFloat = requires(typename Simd::I sum, typename Simd::F factor) {
  Simd::ScaleFloatPositive(sum, factor, factor);
};

// Of one vector's lanes, in the order in which Block::finish holds them.
template <class Simd>
struct PositiveFinish {
  static constexpr std::ptrdiff_t kInts = static_cast<std::ptrdiff_t>(Simd::kLanes) * 20;
  static constexpr std::ptrdiff_t kBytes = kInts + (ScalesInFloat<Simd> ? Simd::kLanes * 8 : 0);
  typename Simd::I multiplier, even, odd, shift;

  explicit PositiveFinish(const std::byte* at)
      : multiplier(Simd::LoadI(at + Simd::kLanes * 4)),
        even(Simd::LoadI(at + Simd::kLanes * 8)),
        odd(Simd::LoadI(at + Simd::kLanes * 12)),
        shift(Simd::LoadI(at + Simd::kLanes * 16)) {}
  // Sum -> output, zero point added.
  [[nodiscard]] typename Simd::I operator()(typename Simd::I sum) const {
    return Simd::ScalePositive(sum, multiplier, even, odd, shift);
  }
};

template <class Simd>
struct SignedFinish {
  static constexpr std::ptrdiff_t kInts = static_cast<std::ptrdiff_t>(Simd::kLanes) * 24;
  static constexpr std::ptrdiff_t kBytes = kInts + (ScalesInFloat<Simd> ? Simd::kLanes * 8 : 0);
  typename Simd::I multiplier, left, half, sign, right;

  explicit SignedFinish(const std::byte* at)
      : multiplier(Simd::LoadI(at + Simd::kLanes * 4)),
        left(Simd::LoadI(at + Simd::kLanes * 8)),
        half(Simd::LoadI(at + Simd::kLanes * 12)),
        sign(Simd::LoadI(at + Simd::kLanes * 16)),
        right(Simd::LoadI(at + Simd::kLanes * 20)) {}
  // Sum -> output, without its zero point.
  [[nodiscard]] typename Simd::I operator()(typename Simd::I sum) const {
    return Simd::ScaleSigned(sum, multiplier, left, half, sign, right);
  }
};

// The same in float.
template <class Simd, Finish kFinish>
struct FloatFinish {
  using Ints = std::conditional_t<kFinish == Finish::kPositive, PositiveFinish<Simd>,
                                  SignedFinish<Simd>>;
  typename Simd::F multiplier, add;

  explicit FloatFinish(const std::byte* at)
      : multiplier(Simd::LoadF(at + Ints::kInts)),
        add(Simd::LoadF(at + Ints::kInts + Simd::kLanes * 4)) {}
  [[nodiscard]] typename Simd::I operator()(typename Simd::I sum) const {
    if constexpr (kFinish == Finish::kPositive) {
      return Simd::ScaleFloatPositive(sum, multiplier, add);
    } else {
      return Simd::ScaleFloatSigned(sum, multiplier, add);
    }
  }
};

// Bytes of a vector's record, by kind.
template <class Simd, Finish kFinish>
constexpr std::ptrdiff_t FinishBytes() {
  return kFinish == Finish::kPositive ? PositiveFinish<Simd>::kBytes
         : kFinish == Finish::kSigned ? SignedFinish<Simd>::kBytes
                                      : static_cast<std::ptrdiff_t>(Simd::kLanes) * 4;
}

// The sums of kPixels pixels become outputs, and the first `count` of their lanes are stored. Inline,
// whatever the compiler thinks of its size: the sums are in registers.
template <class Simd, Finish kFinish, int kPixels, int kVectors>
[[gnu::always_inline]] inline void FinishInt8(const Gemm& gemm, const Block& block, int count,
                typename Simd::I (&acc)[kVectors][kPixels], std::int8_t* out,
                std::ptrdiff_t out_step) {
  using Scale = std::conditional_t<kFinish == Finish::kPositive, PositiveFinish<Simd>,
                                   SignedFinish<Simd>>;
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const std::byte* const record = block.finish + v * Scale::kBytes;
    if constexpr (ScalesInFloat<Simd>) {
      if ((block.in_float >> v & 1) != 0) {
        const FloatFinish<Simd, kFinish> scale(record);
        Unroll<kPixels>([&](auto m) PINHOLE_INLINE { acc[v][m] = scale(acc[v][m]); });
        return;
      }
    }
    const Scale scale(record);
    Unroll<kPixels>([&](auto m) PINHOLE_INLINE { acc[v][m] = scale(acc[v][m]); });
  });
  const typename Simd::Clamp clamp(gemm, kFinish == Finish::kSigned);
  Unroll<kPixels>([&](auto m) PINHOLE_INLINE {
    typename Simd::I sums[kVectors];
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE { sums[v] = acc[v][m]; });
    if (count == kVectors * Simd::kLanes) {
      Simd::template Store<kVectors>(clamp, sums, out + m * out_step);
    } else {
      Simd::template StoreSome<kVectors>(clamp, sums, out + m * out_step, count);
    }
  });
}

template <class Simd, int kPixels, int kVectors>
[[gnu::always_inline]] inline void FinishFloat(const Gemm& gemm, int count, typename Simd::F (&acc)[kVectors][kPixels],
                 float* out, std::ptrdiff_t out_step) {
  const typename Simd::F low = Simd::SetF(gemm.float_low);
  const typename Simd::F high = Simd::SetF(gemm.float_high);
  Unroll<kPixels>([&](auto m) PINHOLE_INLINE {
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      const typename Simd::F y = Simd::MinF(Simd::MaxF(acc[v][m], low), high);
      const int rest = count - v * Simd::kLanes;
      float* const at = out + m * out_step + v * Simd::kLanes;
      if (rest >= Simd::kLanes) {
        Simd::StoreF(at, y);
      } else if (rest > 0) {
        Simd::StoreSomeF(at, y, rest);
      }
    });
  });
}

template <class Simd, Finish kFinish, int kPixels, int kVectors>
void Tile(const Gemm& gemm, const Block& block, const std::byte* data, std::ptrdiff_t step,
          std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>* out,
          std::ptrdiff_t out_step) {
  using Math = std::conditional_t<kFinish == Finish::kFloat, FloatMath<Simd>, Int8Math<Simd>>;
  typename Math::Acc acc[kVectors][kPixels];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Math::LoadBias(block.finish + v * FinishBytes<Simd, kFinish>());
    Unroll<kPixels>([&](auto m) PINHOLE_INLINE { acc[v][m] = bias; });
  });
  const std::byte* w = block.weights;
  // The way through the weights is known, so they are asked for before they are needed: with one
  // pixel reading them is all there is to do, and wide tiles of few pixels are not far from it.
  constexpr std::ptrdiff_t kAhead = 4096;
  // Two or three pixels share a pointer and reach their data by none, one or two steps: that is what
  // addressing modes do, and so twelve pixels don't want twelve registers.
  constexpr int kGroup = kPixels % 3 == 0 ? 3 : kPixels % 2 == 0 ? 2 : 1;
  constexpr int kGroups = kPixels / kGroup;
  for (const std::int32_t segment : gemm.segments) {
    const std::byte* pixel[kGroups];
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      pixel[g] = data + segment + g * kGroup * step;
    });
    for (std::int32_t k = gemm.steps; k > 0; --k) {
      typename Math::Weight weights[kVectors];
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        weights[v] = Math::LoadWeight(w + v * Math::kWeightBytes);
        // Once a cache line, whatever the vectors' size.
        if constexpr ((kPixels == 1 || kVectors == 4) && v * Math::kWeightBytes % 64 == 0) {
          __builtin_prefetch(w + v * Math::kWeightBytes + kAhead);
        }
      });
      Unroll<kPixels>([&](auto m) PINHOLE_INLINE {
        const auto a = Math::Broadcast(pixel[m / kGroup] + (m % kGroup) * step);
        Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
          acc[v][m] = Math::Add(acc[v][m], a, weights[v]);
        });
      });
      Unroll<kGroups>([&](auto g) PINHOLE_INLINE { pixel[g] += 4; });
      w += kVectors * Math::kWeightBytes;
    }
  }
  if constexpr (kFinish == Finish::kFloat) {
    FinishFloat<Simd, kPixels, kVectors>(gemm, block.count, acc, out, out_step);
  } else {
    FinishInt8<Simd, kFinish, kPixels, kVectors>(gemm, block, block.count, acc, out,
                                                 out_step);
  }
}

// The tiles that `Simd` has registers for: at most Simd::MaxPixels(kVectors) pixels.
template <class Simd, Finish kFinish, int kVectors>
struct Tiles {
  using Out = std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>;
  static constexpr int kMost = Simd::MaxPixels(kVectors);

  static void Pixels(const Gemm& gemm, const Block& block, const std::byte* data,
                     std::ptrdiff_t step, int count, Out* out, std::ptrdiff_t out_step) {
    int done = 0;
    for (; count - done >= kMost; done += kMost) {
      Tile<Simd, kFinish, kMost, kVectors>(gemm, block, data + done * step, step,
                                           out + done * out_step, out_step);
    }
    while (done < count) {
      // The smallest tile that does the rest, if it may reach back; else the largest that fits.
      const int size = Size(count - done, count);
      done = std::min(done, count - size);
      One(size, gemm, block, data + done * step, step, out + done * out_step, out_step);
      done += size;
    }
  }

 private:
  static constexpr int kSizes[] = {1, 2, 3, 4, 6, 8, 12};

  static int Size(int rest, int count) {
    int size = 1;
    for (const int candidate : kSizes) {
      if (candidate > kMost || candidate > count) {
        break;
      }
      size = candidate;
      if (candidate >= rest) {
        break;
      }
    }
    return size;
  }

  template <int kPixels>
  static void Maybe(const Gemm& gemm, const Block& block, const std::byte* data,
                    std::ptrdiff_t step, Out* out, std::ptrdiff_t out_step) {
    if constexpr (kPixels <= kMost) {
      Tile<Simd, kFinish, kPixels, kVectors>(gemm, block, data, step, out, out_step);
    }
  }
  static void One(int size, const Gemm& gemm, const Block& block, const std::byte* data,
                  std::ptrdiff_t step, Out* out, std::ptrdiff_t out_step) {
    switch (size) {
      case 1: Maybe<1>(gemm, block, data, step, out, out_step); return;
      case 2: Maybe<2>(gemm, block, data, step, out, out_step); return;
      case 3: Maybe<3>(gemm, block, data, step, out, out_step); return;
      case 4: Maybe<4>(gemm, block, data, step, out, out_step); return;
      case 6: Maybe<6>(gemm, block, data, step, out, out_step); return;
      case 8: Maybe<8>(gemm, block, data, step, out, out_step); return;
      default: Maybe<12>(gemm, block, data, step, out, out_step); return;
    }
  }
};

// `count` pixels for one block, of whatever size.
template <class Simd, Finish kFinish>
void Pixels(const Gemm& gemm, const Block& block, const std::byte* data, std::ptrdiff_t step,
            int count, std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>* out,
            std::ptrdiff_t out_step) {
  if constexpr (kFinish != Finish::kFloat && requires { typename Simd::Careful; }) {
    if (gemm.careful) {
      Pixels<typename Simd::Careful, kFinish>(gemm, block, data, step, count, out, out_step);
      return;
    }
  }
  switch (block.vectors) {
    case 1:
      Tiles<Simd, kFinish, 1>::Pixels(gemm, block, data, step, count, out, out_step);
      return;
    case 2:
      Tiles<Simd, kFinish, 2>::Pixels(gemm, block, data, step, count, out, out_step);
      return;
    default:
      Tiles<Simd, kFinish, 4>::Pixels(gemm, block, data, step, count, out, out_step);
      return;
  }
}

}  // namespace pinhole::engine::kernels::fast
