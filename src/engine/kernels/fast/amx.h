// SPDX-License-Identifier: Apache-2.0
#pragma once

// The matrix product of int8 on the tiles of AMX (Sapphire Rapids and later): registers of 16 rows
// by 64 bytes, and one instruction that multiplies two of them. A Product for ConvRows, in place of
// the one on vectors. To be included by target_*.cc only, inside its compiler target, like gemm.h.
//
//   data tile      16 pixels, `step` bytes apart, by 64 bytes of a segment; unsigned, as VNNI's
//   weight tile    16 steps by 16 lanes of four weights: as they are packed for VNNI already, with
//                  a block's other vectors between a step and the next
//   sum tile       16 pixels by 16 lanes; begins as the bias, read with a distance of 0 from row to
//                  row, so that there is nothing to clear or to add
//
// So layout and Prepare are those of AVX-512 VNNI, to the byte, and every call may choose between
// the two. Four tiles are sums (16 pixels by 4 vectors, 32 by 2 or 64 by 1), two are data and
// weights, and two more of the same have the size of a segment's last steps: one configuration
// serves a layer, nothing is filled up, and nothing is read beyond what VNNI reads.
//
// Sums are stored, 4 KB on the stack of the thread that makes them (an operator's scratch is one
// for all threads, and Prepare does not know how many there will be), read back as vectors and
// finished as all others. The stack of a microcontroller never sees that: there is no such target.
//
// How tiles are divided up belongs to a thread, so a TileProduct configures them when it first
// needs them, again when it needs fewer rows, and releases them at its end: the system then saves
// nothing of them, and no other code finds them as it did not leave them.
//
// When. Multiplying takes as many turns of the multiplier as the data tile has rows, however full
// its columns are: one for each pixel and vector and begun 64 bytes of a segment, where VPDPBUSD
// does four bytes and two of them go at once. To that come the store and the load of the sum. By
// that count, tiles win from 16 steps a pixel on, where a tile has four steps or more on average;
// and since weights are loaded 16 rows at a time for however few pixels, from four pixels on. That
// is counted from instructions. It has not been measured: no processor with AMX was at hand.
//
// Tiles is the processor's (amx_tiles.h) or an emulation of it (amx_emulated.h):
//   Configure(TileConfig), Load<tile>(at, step), Store<tile>(at, step), Dot<sums, data, weights>()

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/fast/amx_config.h"
#include "engine/kernels/fast/gemm.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

template <class Simd, class Tiles, Finish kFinish>
class TileProduct {
 public:
  static_assert(Simd::kLanes * 4 == kTileRowBytes && Simd::kInt8Data == DataType::kByte &&
                Simd::kWeightBytes == 4);
  static constexpr int kLeastPixels = 4;

  explicit TileProduct(const Gemm& gemm) : gemm_(gemm), pays_(Pays(gemm)) {}

  // Whether tiles are used for kLeastPixels and more.
  static bool Pays(const Gemm& gemm) {
    const auto segments = static_cast<std::int64_t>(gemm.segments.size());
    const std::int64_t tiles = segments * ((gemm.steps + kTileRows - 1) / kTileRows);
    return segments * gemm.steps >= std::max<std::int64_t>(kTileRows, 4 * tiles);
  }

  void Pixels(const Block& block, const std::byte* data, std::ptrdiff_t step, int count,
              std::int8_t* out, std::ptrdiff_t out_step) {
    if (!pays_ || count < kLeastPixels) {
      fast::Pixels<Simd, kFinish>(gemm_, block, data, step, count, out, out_step);
      return;
    }
    // As few tiles as will do, all of the same number of pixels; the last ones reach back.
    const int tiles = (count + kTileRows - 1) / kTileRows;
    Configure((count + tiles - 1) / tiles);
    const Work work{block, data, step, count, out, out_step};
    switch (block.vectors) {
      case 1: Groups<1, 4>(work, 0, tiles); return;
      case 2: Groups<2, 2>(work, 0, tiles); return;
      default: Groups<4, 1>(work, 0, tiles); return;
    }
  }

 private:
  static constexpr int kSumTiles = 4;
  static constexpr int kData = 4, kWeights = 5, kRestOfData = 6, kRestOfWeights = 7;

  struct Work {
    const Block& block;
    const std::byte* data;
    std::ptrdiff_t step;
    int count;
    std::int8_t* out;
    std::ptrdiff_t out_step;
  };

  void Configure(int rows) {
    if (rows == rows_) {
      return;
    }
    rows_ = rows;
    TileConfig config;
    for (int tile = 0; tile < kSumTiles; ++tile) {
      config.Set(tile, rows, kTileRowBytes);
    }
    const int rest = gemm_.steps % kTileRows;
    if (gemm_.steps >= kTileRows) {
      config.Set(kData, rows, kTileRowBytes);
      config.Set(kWeights, kTileRows, kTileRowBytes);
    }
    if (rest > 0) {
      config.Set(kRestOfData, rows, rest * 4);
      config.Set(kRestOfWeights, rest, kTileRowBytes);
    }
    tiles_.Configure(config);
  }

  // Tiles [first, end) of pixels, kGroups at a time.
  template <int kVectors, int kGroups>
  void Groups(const Work& work, int first, int end) {
    for (; end - first >= kGroups; first += kGroups) {
      Sum<kVectors, kGroups>(work, first);
    }
    if constexpr (kGroups > 1) {
      if (first < end) {
        Groups<kVectors, kGroups / 2>(work, first, end);
      }
    }
  }

  template <int kVectors, int kGroups>
  void Sum(const Work& work, int first) {
    constexpr std::ptrdiff_t kStepBytes = std::ptrdiff_t{kVectors} * kTileRowBytes;
    std::ptrdiff_t pixels[kGroups];
    const std::byte* data[kGroups];
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      pixels[g] = std::min((first + g) * rows_, work.count - rows_);
      data[g] = work.data + pixels[g] * work.step;
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        tiles_.template Load<g * kVectors + v>(work.block.finish + v * FinishBytes<Simd, kFinish>(),
                                               0);
      });
    });
    const std::int32_t whole = gemm_.steps / kTileRows;
    const std::int32_t rest = gemm_.steps % kTileRows;
    const std::byte* weights = work.block.weights;
    for (const std::int32_t segment : gemm_.segments) {
      std::ptrdiff_t at = segment;
      for (std::int32_t k = 0; k < whole; ++k) {
        Multiply<kVectors, kGroups, kData, kWeights>(data, at, work.step, weights);
        at += kTileRowBytes;
        weights += kTileRows * kStepBytes;
      }
      if (rest > 0) {
        Multiply<kVectors, kGroups, kRestOfData, kRestOfWeights>(data, at, work.step, weights);
        weights += rest * kStepBytes;
      }
    }
    alignas(kTileRowBytes) std::byte sums[kVectors * kGroups * kTileRows * kTileRowBytes];
    Unroll<kVectors * kGroups>([&](auto t) PINHOLE_INLINE {
      tiles_.template Store<t>(sums + t * kTileRows * kTileRowBytes, kTileRowBytes);
    });
    for (int g = 0; g < kGroups; ++g) {
      FinishTiles<kVectors>(work.block, sums + g * kVectors * kTileRows * kTileRowBytes,
                            work.out + pixels[g] * work.out_step, work.out_step);
    }
  }

  // Up to 64 bytes of each pixel times the weights of as many steps.
  template <int kVectors, int kGroups, int kDataTile, int kWeightTile>
  [[gnu::always_inline]] void Multiply(const std::byte* const (&data)[kGroups], std::ptrdiff_t at,
                                       std::ptrdiff_t step, const std::byte* weights) {
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      tiles_.template Load<kDataTile>(data[g] + at, step);
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        // One vector's weights stay for the next pixels.
        if constexpr (kVectors > 1 || g == 0) {
          tiles_.template Load<kWeightTile>(weights + v * kTileRowBytes,
                                            std::ptrdiff_t{kVectors} * kTileRowBytes);
        }
        tiles_.template Dot<g * kVectors + v, kDataTile, kWeightTile>();
      });
    });
  }

  // The sums of one tile of pixels, vector behind vector, become outputs.
  template <int kVectors>
  void FinishTiles(const Block& block, const std::byte* sums, std::int8_t* out,
                   std::ptrdiff_t out_step) const {
    constexpr int kPixels = kLeastPixels;
    for (int done = 0; done < rows_; done += kPixels) {
      const int first = std::min(done, rows_ - kPixels);
      typename Simd::I acc[kVectors][kPixels];
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        Unroll<kPixels>([&](auto m) PINHOLE_INLINE {
          acc[v][m] = Simd::LoadI(sums + (v * kTileRows + first + m) * kTileRowBytes);
        });
      });
      FinishInt8<Simd, kFinish, kPixels, kVectors>(gemm_, block, block.count, acc,
                                                   out + first * out_step, out_step);
    }
  }

  const Gemm& gemm_;
  Tiles tiles_;
  int rows_ = 0;  // of pixels, as configured
  bool pays_;
};

// Floats are vectors' work: tiles multiply them as bf16 only, and eight bits of mantissa are not
// what a float network was promised.
template <class Simd, class Tiles>
class TileProduct<Simd, Tiles, Finish::kFloat> : public VectorProduct<Simd, Finish::kFloat> {
 public:
  using VectorProduct<Simd, Finish::kFloat>::VectorProduct;
};

}  // namespace pinhole::engine::kernels::fast
