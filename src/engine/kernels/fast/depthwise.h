// SPDX-License-Identifier: Apache-2.0
#pragma once

// Depthwise convolutions: a lane is a channel, and there is nothing to broadcast. To be included by
// target_*.cc only, inside its compiler target, like gemm.h.
//
// Where a row's channels follow each other column by column, and do so under every tap (RowCopy's
// phases see to that for strides), a row is one long run of lanes and the weights repeat: eight
// channels fill a vector of 64 bytes as well as 64 channels do.

#include <algorithm>

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

template <class Simd, int kPlaces>
void WindowFloat(const Gemm& gemm, const Block& block, const std::byte* data, int apart, int count,
                 float* out) {
  constexpr int kVectors = kMaxVectors;
  typename Simd::F acc[kVectors][kPlaces];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    const auto bias = Simd::LoadF(block.finish + v * Simd::kLanes * 4);
    Unroll<kPlaces>([&](auto p) PINHOLE_INLINE { acc[v][p] = bias; });
  });
  const std::byte* weights = block.weights;
  for (const std::int32_t tap : gemm.segments) {
    const std::byte* const at = data + tap;
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      const auto weight = Simd::LoadF(weights + v * Simd::kLanes * 4);
      Unroll<kPlaces>([&](auto p) PINHOLE_INLINE {
        const std::ptrdiff_t lane = static_cast<std::ptrdiff_t>(p) * apart + v * Simd::kLanes;
        acc[v][p] = Simd::FusedMultiplyAdd(acc[v][p], Simd::LoadUnalignedF(at + lane * 4), weight);
      });
    });
    weights += kVectors * Simd::kLanes * 4;
  }
  FinishFloat<Simd, kPlaces, kVectors>(gemm, count, acc, out, apart);
}

template <class Simd, Finish kFinish, int kPlaces>
void WindowAt(const Gemm& gemm, const Block& block, const std::byte* data, int apart, int count,
              std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>* out) {
  if constexpr (kFinish == Finish::kFloat) {
    WindowFloat<Simd, kPlaces>(gemm, block, data, apart, count, out);
  } else {
    WindowInt8<Simd, kFinish, kPlaces>(gemm, block, data, apart, count, out);
  }
}

// `length` lanes, the first of which is the first of the first block's.
template <class Simd, Finish kFinish>
void WindowRun(const Gemm& gemm, const std::byte* data, int length, int period,
               std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>* out) {
  constexpr int kBlock = kMaxVectors * Simd::kLanes;
  constexpr int kPlaces = Simd::kWindowPlaces;
  constexpr std::ptrdiff_t kBytes = kFinish == Finish::kFloat ? 4 : BytesOf(Simd::kInt8Data);
  for (const Block& block : gemm.blocks) {
    int at = block.first;
    for (; at + (kPlaces - 1) * period + kBlock <= length; at += kPlaces * period) {
      WindowAt<Simd, kFinish, kPlaces>(gemm, block, data + at * kBytes, period, kBlock, out + at);
    }
    for (; at < length; at += period) {
      WindowAt<Simd, kFinish, 1>(gemm, block, data + at * kBytes, period,
                                 std::min(kBlock, length - at), out + at);
    }
  }
}

}  // namespace pinhole::engine::kernels::fast
