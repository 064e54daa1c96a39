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

// `count` int8 outputs from one block: sums over all taps, four at a time (or two: Simd's group).
template <class Simd, Finish kFinish>
void WindowInt8(const Gemm& gemm, const Block& block, const std::byte* data, int count,
                std::int8_t* out) {
  constexpr int kVectors = kMaxVectors;
  constexpr int kGroup = 4 / BytesOf(Simd::kInt8Data);
  typename Simd::I sums[kVectors];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    sums[v] = Simd::LoadI(block.finish + v * FinishBytes<Simd, kFinish>());
  });
  const std::byte* weights = block.weights;
  const std::int32_t* const end = gemm.segments.data() + gemm.segments.size();
  for (const std::int32_t* tap = gemm.segments.data(); tap != end; tap += kGroup) {
    const std::byte* taps[kGroup];
    Unroll<kGroup>([&](auto i) PINHOLE_INLINE { taps[i] = data + tap[i]; });
    Simd::DotTaps(sums, taps, weights);
    weights += kVectors * Simd::kLanes * Simd::kWeightBytes;
  }
  typename Simd::I acc[kVectors][1];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE { acc[v][0] = sums[v]; });
  FinishInt8<Simd, kFinish, 1, kVectors>(gemm, block.finish, count, acc, out, 0);
}

template <class Simd>
void WindowFloat(const Gemm& gemm, const Block& block, const std::byte* data, int count,
                 float* out) {
  constexpr int kVectors = kMaxVectors;
  typename Simd::F acc[kVectors][1];
  Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
    acc[v][0] = Simd::LoadF(block.finish + v * Simd::kLanes * 4);
  });
  const std::byte* weights = block.weights;
  for (const std::int32_t tap : gemm.segments) {
    const std::byte* const at = data + tap;
    Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
      acc[v][0] = Simd::FusedMultiplyAdd(acc[v][0], Simd::LoadUnalignedF(at + v * Simd::kLanes * 4),
                                         Simd::LoadF(weights + v * Simd::kLanes * 4));
    });
    weights += kVectors * Simd::kLanes * 4;
  }
  FinishFloat<Simd, 1, kVectors>(gemm, count, acc, out, 0);
}

// `length` lanes, the first of which is the first of the first block's.
template <class Simd, Finish kFinish>
void WindowRun(const Gemm& gemm, const std::byte* data, int length, int period,
               std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>* out) {
  constexpr int kBlock = kMaxVectors * Simd::kLanes;
  constexpr std::ptrdiff_t kBytes =
      kFinish == Finish::kFloat ? 4 : BytesOf(Simd::kInt8Data);
  for (const Block& block : gemm.blocks) {
    for (int at = block.first; at < length; at += period) {
      const int count = std::min(kBlock, length - at);
      if constexpr (kFinish == Finish::kFloat) {
        WindowFloat<Simd>(gemm, block, data + at * kBytes, count, out + at);
      } else {
        WindowInt8<Simd, kFinish>(gemm, block, data + at * kBytes, count, out + at);
      }
    }
  }
}

}  // namespace pinhole::engine::kernels::fast
