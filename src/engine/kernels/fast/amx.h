// SPDX-License-Identifier: Apache-2.0
#pragma once

// The matrix product of int8 on the tiles of AMX (Sapphire Rapids and later): registers of 16 rows
// by 64 bytes, and one instruction that multiplies two of them. A Product for ConvRows, in place of
// the one on vectors. To be included by target_*.cc only, inside its compiler target, like gemm.h.
//
// amx_sums.h has the tiles: 16 pixels of unsigned bytes, as VNNI's, times 16 steps by 16 lanes of
// four weights, as they are packed for VNNI. So layout and Prepare are those of AVX-512 VNNI, to the
// byte, and every call may choose between the two, by amx_config.h's counts.
//
// Sums are stored, 4 KB on the stack of the thread that makes them (an operator's scratch is one
// for all threads, and Prepare does not know how many there will be), read back as vectors and
// finished as all others. The stack of a microcontroller never sees that: there is no such target.
//
// Tiles is the processor's (amx_tiles.h) or an emulation of it (amx_emulated.h).

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/fast/amx_config.h"
#include "engine/kernels/fast/amx_sums.h"
#include "engine/kernels/fast/gemm.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

template <class Simd, class Tiles, Finish kFinish>
class TileProduct {
 public:
  static_assert(Simd::kLanes * 4 == kTileRowBytes && Simd::kInt8Data == DataType::kByte &&
                Simd::kWeightBytes == 4);

  explicit TileProduct(const Gemm& gemm)
      : gemm_(gemm),
        sums_(gemm.steps),
        pays_(TilesPay(static_cast<std::int64_t>(gemm.segments.size()), gemm.steps)) {}

  void Pixels(const Block& block, const std::byte* data, std::ptrdiff_t step, int count,
              std::int8_t* out, std::ptrdiff_t out_step) {
    if (!pays_ || count < kLeastTileData) {
      fast::Pixels<Simd, kFinish>(gemm_, block, data, step, count, out, out_step);
      return;
    }
    const int tiles = TilesFor(count);
    sums_.Configure((count + tiles - 1) / tiles);
    const Work work{block, data, step, count, out, out_step};
    switch (block.vectors) {
      case 1: Groups<1, 4>(work, 0, tiles); return;
      case 2: Groups<2, 2>(work, 0, tiles); return;
      default: Groups<4, 1>(work, 0, tiles); return;
    }
  }

 private:
  using Sums = TileSums<Tiles, TileDot::kBytes>;

  struct Work {
    const Block& block;
    const std::byte* data;
    std::ptrdiff_t step;
    int count;
    std::int8_t* out;
    std::ptrdiff_t out_step;
  };

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
    std::ptrdiff_t pixels[kGroups];
    const std::byte* data[kGroups];
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      pixels[g] = std::min((first + g) * sums_.rows(), work.count - sums_.rows());
      data[g] = work.data + pixels[g] * work.step;
    });
    alignas(kTileRowBytes) std::byte sums[Sums::template kSumBytes<kVectors, kGroups>];
    sums_.template Sum<kVectors, kGroups>(
        {work.block.finish, FinishBytes<Simd, kFinish>(), work.block.weights}, data, work.step,
        gemm_.segments, sums);
    for (int g = 0; g < kGroups; ++g) {
      FinishTiles<kVectors>(work.block, sums + g * kVectors * kTileRows * kTileRowBytes,
                            work.out + pixels[g] * work.out_step, work.out_step);
    }
  }

  // The sums of one tile of pixels, vector behind vector, become outputs.
  template <int kVectors>
  void FinishTiles(const Block& block, const std::byte* sums, std::int8_t* out,
                   std::ptrdiff_t out_step) const {
    constexpr int kPixels = kLeastTileData;
    for (int done = 0; done < sums_.rows(); done += kPixels) {
      const int first = std::min(done, sums_.rows() - kPixels);
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
  Sums sums_;
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
