// SPDX-License-Identifier: Apache-2.0
#pragma once

// Depthwise convolutions: a lane is a channel, and there is nothing to broadcast. To be included by
// target_*.cc only, inside its compiler target, like gemm.h.
//
// Where a row's channels follow each other column by column, and do so under every tap (for int8,
// RowCopy's phases see to that where the stride is more than one), a row is one long run of lanes
// and the weights repeat: eight channels fill a vector of 64 bytes as well as 64 channels do.
//
// Float data are read where they lie, without a copy: taps over the edge are left out.

#include <algorithm>
#include <span>

#include "engine/kernels/fast/gemm.h"

namespace pinhole::engine::kernels::fast {

// Outputs of one block at kPlaces places that lie `apart` lanes from each other, so that weights and
// scaling are loaded once for all of them. The first `count` lanes are stored. Sums go over all
// taps, four at a time (or two: Simd's group).
template <class Simd, Finish kFinish, int kPlaces>
void WindowInt8(const Gemm& gemm, const Block& block, const std::byte* data, int apart, int count,
                std::int8_t* out) {
  constexpr int kVectors = kMaxVectors;
  constexpr int kBytes = BytesOf(Simd::kInt8Data);
  constexpr int kGroup = 4 / kBytes;
  typename Simd::I sums[kPlaces][kVectors];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Simd::LoadI(block.finish + v * FinishBytes<Simd, kFinish>());
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { sums[p][v] = bias; });
  });
  const std::byte* weights = block.weights;
  const std::int32_t* const end = gemm.segments.data() + gemm.segments.size();
  for (const std::int32_t* tap = gemm.segments.data(); tap != end; tap += kGroup) {
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE {
      const std::byte* taps[kGroup];
      Unroll<kGroup>([&](auto i) PINHOLE_INLINE {
        taps[i] = data + tap[i] + static_cast<std::ptrdiff_t>(p) * apart * kBytes;
      });
      Simd::DotTaps(sums[p], taps, weights);
    });
    weights += kVectors * Simd::kLanes * Simd::kWeightBytes;
  }
  typename Simd::I acc[kVectors][kPlaces];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { acc[v][p] = sums[p][v]; });
  });
  FinishInt8<Simd, kFinish, kPlaces, kVectors>(gemm, block.finish, count, acc, out, apart);
}

// `length` lanes, the first of which is the first of the first block's.
template <class Simd, Finish kFinish>
void WindowRun(const Gemm& gemm, const std::byte* data, int length, int period, std::int8_t* out) {
  constexpr int kBlock = kMaxVectors * Simd::kLanes;
  constexpr int kPlaces = Simd::kWindowPlaces;
  constexpr std::ptrdiff_t kBytes = BytesOf(Simd::kInt8Data);
  if constexpr (requires { typename Simd::Careful; }) {
    if (gemm.careful) {
      WindowRun<typename Simd::Careful, kFinish>(gemm, data, length, period, out);
      return;
    }
  }
  for (const Block& block : gemm.blocks) {
    int at = block.first;
    for (; at + (kPlaces - 1) * period + kBlock <= length; at += kPlaces * period) {
      WindowInt8<Simd, kFinish, kPlaces>(gemm, block, data + at * kBytes, period, kBlock,
                                         out + at);
    }
    for (; at < length; at += period) {
      WindowInt8<Simd, kFinish, 1>(gemm, block, data + at * kBytes, period,
                                   std::min(kBlock, length - at), out + at);
    }
  }
}

// A tap of a float window: its data under the first place, and which of the window's taps it is.
struct FloatTap {
  const std::byte* data;
  std::int32_t index;
};

// kPlaces places of one block, `data_apart` and `apart` lanes from each other in data and output;
// the first `count` lanes are stored.
template <class Simd, int kVectors, int kPlaces>
void WindowFloat(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                 std::ptrdiff_t offset, std::ptrdiff_t data_apart, std::ptrdiff_t apart, int count,
                 float* out) {
  typename Simd::F acc[kVectors][kPlaces];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Simd::LoadF(block.finish + v * Simd::kLanes * 4);
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { acc[v][p] = bias; });
  });
  // Whole vectors are loaded only where all of their lanes count: data are read where they lie.
  const bool whole = count == kVectors * Simd::kLanes;
  for (const FloatTap& tap : taps) {
    const std::byte* const at = tap.data + offset * 4;
    const std::byte* const weights =
        block.weights + static_cast<std::ptrdiff_t>(tap.index) * kVectors * Simd::kLanes * 4;
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      const auto weight = Simd::LoadF(weights + v * Simd::kLanes * 4);
      Unroll<kPlaces>([&](auto p) PINHOLE_INLINE {
        const std::byte* const lanes = at + (p * data_apart + v * Simd::kLanes) * 4;
        const auto x = whole ? Simd::LoadUnalignedF(lanes)
                             : Simd::LoadSomeF(lanes, count - v * Simd::kLanes);
        acc[v][p] = Simd::FusedMultiplyAdd(acc[v][p], x, weight);
      });
    });
  }
  FinishFloat<Simd, kPlaces, kVectors>(gemm, count, acc, out, apart);
}

// Places of a window over float data, one behind the other: each is `lanes` lanes and begins
// `data_step` lanes behind the one before it.
template <class Simd, int kVectors>
void WindowPlaces(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                  std::ptrdiff_t data_step, std::ptrdiff_t step, int places, int count,
                  float* out) {
  constexpr int kPlaces = Simd::kWindowPlaces;
  int place = 0;
  for (; place + kPlaces <= places; place += kPlaces) {
    WindowFloat<Simd, kVectors, kPlaces>(gemm, block, taps, block.first + place * data_step,
                                         data_step, step, count, out + place * step);
  }
  for (; place < places; ++place) {
    WindowFloat<Simd, kVectors, 1>(gemm, block, taps, block.first + place * data_step, data_step,
                                   step, count, out + place * step);
  }
}

template <class Simd>
void WindowPlaces(const Gemm& gemm, const Block& block, std::span<const FloatTap> taps,
                  std::ptrdiff_t data_step, std::ptrdiff_t step, int places, int count,
                  float* out) {
  switch (block.vectors) {
    case 1:
      WindowPlaces<Simd, 1>(gemm, block, taps, data_step, step, places, count, out);
      return;
    case 2:
      WindowPlaces<Simd, 2>(gemm, block, taps, data_step, step, places, count, out);
      return;
    default:
      WindowPlaces<Simd, 4>(gemm, block, taps, data_step, step, places, count, out);
      return;
  }
}

}  // namespace pinhole::engine::kernels::fast
