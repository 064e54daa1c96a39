// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products on the tiles of AMX, in place of those on vectors: the Tiling of a target's TargetOf. To
// be included by target_*.cc only, inside its compiler target, after kernels.h.
//
// engine/kernels/fast/amx_sums.h has the tiles: 16 rows by 64 bytes of prepared x times 16 steps of
// one vector of a block. Packed weights and prepared rows are those of AVX-512 with VNNI and BF16,
// to the byte.
//
//   kInt8   sums are exact, so tiles and vectors give the same bits, and amx_config.h's counts say
//           which: tiles from four rows of 61 inputs on
//   kBf16   tiles always, down to a single row. TDPBF16PS adds in another order than VDPBF16PS, and
//           a row must not depend on how many come with it
//   kF32    vectors: tiles don't multiply floats
//   kSplit  vectors: few rows are ever multiplied with it, and its halves would have to be told
//           apart in memory
//
// Sums are stored, 4 KB on the stack, and finished as those of vectors are. Tiles is AmxTiles, or
// for tests EmulatedTiles.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/fast/amx_config.h"
#include "engine/kernels/fast/amx_sums.h"
#include "engine/matrix/kernels.h"

namespace pinhole::engine::matrix {

template <class Simd, Precision kPrecision, class Tiles>
class TileProduct {
  using M = Math<Simd, kPrecision>;
  static constexpr int kV = kVectors<Simd>;
  static constexpr int kRowBytes = kernels::fast::kTileRowBytes;
  static constexpr auto kDot = kPrecision == Precision::kBf16 ? kernels::fast::TileDot::kBf16
                                                              : kernels::fast::TileDot::kBytes;
  using Sums = kernels::fast::TileSums<Tiles, kDot>;
  // One tile of rows by all vectors of a block.
  static_assert(Simd::kLanes * 4 == kRowBytes && M::kWeightBytes == 4 && M::kDataBytes == 4);
  static_assert(kPrecision == Precision::kBf16 ||
                (kPrecision == Precision::kInt8 && Simd::kInt8Data == DataType::kByte));

 public:
  TileProduct(const Matrix& matrix, const Rows& rows, Then then)
      : matrix_(matrix), rows_(rows), then_(then), sums_(Steps<M>(matrix.shape.inputs)) {}

  // As Target::multiply.
  void Run(int first_block, int end_block, float* y, std::ptrdiff_t y_step) {
    const std::size_t bytes = BlockBytes<Simd, kPrecision>(matrix_.shape.inputs);
    const int tiles = kernels::fast::TilesFor(rows_.count);
    sums_.Configure((rows_.count + tiles - 1) / tiles);
    for (int block = first_block; block < end_block; ++block) {
      for (int tile = 0; tile < tiles; ++tile) {
        Tile(matrix_.packed + static_cast<std::size_t>(block) * bytes, tile * sums_.rows(),
             matrix_.shape.outputs - block * kBlock<Simd>, y + block * kBlock<Simd>, y_step);
      }
    }
  }

 private:
  // Rows from `begin` on times a block, `count` of whose outputs and more are there. The last tile
  // reaches back, for rows that are done: they are not added twice.
  void Tile(const std::byte* block, int begin, int count, float* y, std::ptrdiff_t y_step) {
    static constexpr std::int32_t kOneSegment[] = {0};
    constexpr int kStart = IsInt8(kPrecision) ? 2 : 0;
    const int first = std::min(begin, rows_.count - sums_.rows());
    const std::byte* const data[1] = {rows_.data + first * rows_.step};
    alignas(kRowBytes) std::byte sums[Sums::template kSumBytes<kV, 1>];
    sums_.template Sum<kV, 1>({block + std::ptrdiff_t{kStart} * kV * kRowBytes, kRowBytes,
                               block + HeadBytes<Simd, kPrecision>()},
                              data, rows_.step, kOneSegment, sums);
    for (int row = begin; row < first + sums_.rows(); ++row) {
      const float step = IsInt8(kPrecision) ? rows_.scales[row] : 1;
      Unroll<kV>([&](auto v) PINHOLE_INLINE {
        typename M::Acc sum;
        std::memcpy(&sum, sums + (v * kernels::fast::kTileRows + row - first) * kRowBytes,
                    sizeof(sum));
        Finish<Simd, kPrecision>::Put(block, v, sum, step, y + row * y_step + v * Simd::kLanes,
                                      count - v * Simd::kLanes, then_);
      });
    }
  }

  const Matrix& matrix_;
  const Rows& rows_;
  Then then_;
  Sums sums_;
};

template <class Tiles>
struct OnTiles {
  template <class Simd, Precision kPrecision>
  static bool Takes(const Matrix& matrix, const Rows& rows) {
    if constexpr (kPrecision == Precision::kBf16) {
      return rows.count > 0;
    } else if constexpr (kPrecision == Precision::kInt8) {
      return rows.count >= kernels::fast::kLeastTileData &&
             kernels::fast::TilesPay(1, Steps<Math<Simd, kPrecision>>(matrix.shape.inputs));
    } else {
      return false;
    }
  }
  template <class Simd, Precision kPrecision>
  static void Multiply(const Matrix& matrix, const Rows& rows, int first_block, int end_block,
                       float* y, std::ptrdiff_t y_step, Then then) {
    if constexpr (kPrecision == Precision::kBf16 || kPrecision == Precision::kInt8) {
      TileProduct<Simd, kPrecision, Tiles>(matrix, rows, then)
          .Run(first_block, end_block, y, y_step);
    }
  }
};

}  // namespace pinhole::engine::matrix
