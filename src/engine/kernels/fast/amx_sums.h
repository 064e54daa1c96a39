// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sums of products on the tiles of AMX: the part that every product on tiles has in common, of
// int8 and of bfloat16, of convolutions (amx.h) and of matrices (engine/matrix/tiles.h). To be
// included by target_*.cc only, inside its compiler target.
//
//   data tile      16 rows of data, `step` bytes apart, by 64 bytes of a segment
//   weight tile    16 steps by 16 lanes of four bytes of weights: as they are packed for vectors
//                  of 16 lanes already, with a block's other vectors between a step and the next
//   sum tile       16 rows by 16 lanes; begins as the bias, read with a distance of 0 from row to
//                  row, so that there is nothing to clear or to add
//
// So layout and packing are those of the vectors' target, to the byte. Four tiles are sums (16 rows
// by 4 vectors, 32 by 2 or 64 by 1), two are data and weights, and two more of the same have the
// size of a segment's last steps: one configuration serves a layer, nothing is filled up, and
// nothing is read beyond what vectors read.
//
//   TileSums<AmxTiles, TileDot::kBytes> sums(steps);
//   sums.Configure(rows);                          // of a tile; 16 at most
//   sums.Sum<kVectors, kGroups>({...}, segments, to);
//
// How tiles are divided up belongs to a thread, so the object configures them when it is told to,
// again only for another number of rows, and releases them at its end: the system then saves
// nothing of them, and no other code finds them as it did not leave them.
//
// A sum depends on its own row's data alone. Those of int8 are exact. Those of bfloat16 are what
// TDPBF16PS makes: of 16 steps the first and second products of pairs are summed up apart and then
// together, and that is added to the sum; VDPBF16PS rounds in another order.
//
// Tiles is the processor's (amx_tiles.h) or an emulation of it (amx_emulated.h):
//   Configure(TileConfig), Load<tile>(at, step), Store<tile>(at, step),
//   Dot<sums, data, weights>(), DotBf16<sums, data, weights>()

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/kernels/fast/amx_config.h"
#include "engine/kernels/fast/unroll.h"

namespace pinhole::engine::kernels::fast {

// What a step's four bytes are: int8 weights and data of x + 128, or two bfloat16.
enum class TileDot { kBytes, kBf16 };

template <class Tiles, TileDot kDot>
class TileSums {
 public:
  // The bytes that Sum stores: [group][vector][row][lane], rows beyond Configure's as they were.
  template <int kVectors, int kGroups>
  static constexpr int kSumBytes = kVectors * kGroups * kTileRows * kTileRowBytes;

  // What some tiles of rows are multiplied with: kVectors vectors of lanes.
  struct Weights {
    const std::byte* start = nullptr;  // as what a vector's sums begin: 64 bytes
    std::ptrdiff_t start_step = 0;     // from one vector's to the next
    const std::byte* at = nullptr;     // [segment][step][vector][lane]
  };

  // `steps`: of a segment, four bytes each.
  explicit TileSums(std::int32_t steps) : steps_(steps) {}

  void Configure(int rows) {
    if (rows == rows_) {
      return;
    }
    rows_ = rows;
    TileConfig config;
    for (int tile = 0; tile < kSumTiles; ++tile) {
      config.Set(tile, rows, kTileRowBytes);
    }
    const int rest = steps_ % kTileRows;
    if (steps_ >= kTileRows) {
      config.Set(kData, rows, kTileRowBytes);
      config.Set(kWeights, kTileRows, kTileRowBytes);
    }
    if (rest > 0) {
      config.Set(kRestOfData, rows, rest * 4);
      config.Set(kRestOfWeights, rest, kTileRowBytes);
    }
    tiles_.Configure(config);
  }
  [[nodiscard]] int rows() const { return rows_; }

  // One tile of rows at each of `data`. `segments`: bytes from there to each segment. To `sums`.
  template <int kVectors, int kGroups>
  void Sum(const Weights& weights, const std::byte* const (&data)[kGroups], std::ptrdiff_t step,
           std::span<const std::int32_t> segments, std::byte* sums) {
    static_assert(kVectors * kGroups <= kSumTiles);
    constexpr std::ptrdiff_t kStepBytes = std::ptrdiff_t{kVectors} * kTileRowBytes;
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        tiles_.template Load<g * kVectors + v>(weights.start + v * weights.start_step, 0);
      });
    });
    const std::int32_t whole = steps_ / kTileRows;
    const std::int32_t rest = steps_ % kTileRows;
    const std::byte* from = weights.at;
    for (const std::int32_t segment : segments) {
      std::ptrdiff_t at = segment;
      for (std::int32_t k = 0; k < whole; ++k) {
        Multiply<kVectors, kGroups, kData, kWeights>(data, at, step, from);
        at += kTileRowBytes;
        from += kTileRows * kStepBytes;
      }
      if (rest > 0) {
        Multiply<kVectors, kGroups, kRestOfData, kRestOfWeights>(data, at, step, from);
        from += rest * kStepBytes;
      }
    }
    Unroll<kVectors * kGroups>([&](auto t) PINHOLE_INLINE {
      tiles_.template Store<t>(sums + t * kTileRows * kTileRowBytes, kTileRowBytes);
    });
  }

 private:
  static constexpr int kSumTiles = 4;
  static constexpr int kData = 4, kWeights = 5, kRestOfData = 6, kRestOfWeights = 7;

  // Up to 64 bytes of each row times the weights of as many steps.
  template <int kVectors, int kGroups, int kDataTile, int kWeightTile>
  [[gnu::always_inline]] void Multiply(const std::byte* const (&data)[kGroups], std::ptrdiff_t at,
                                       std::ptrdiff_t step, const std::byte* weights) {
    Unroll<kGroups>([&](auto g) PINHOLE_INLINE {
      tiles_.template Load<kDataTile>(data[g] + at, step);
      Unroll<kVectors>([&](auto v) PINHOLE_INLINE {
        // One vector's weights stay for the next rows.
        if constexpr (kVectors > 1 || g == 0) {
          tiles_.template Load<kWeightTile>(weights + v * kTileRowBytes,
                                            std::ptrdiff_t{kVectors} * kTileRowBytes);
        }
        if constexpr (kDot == TileDot::kBytes) {
          tiles_.template Dot<g * kVectors + v, kDataTile, kWeightTile>();
        } else {
          tiles_.template DotBf16<g * kVectors + v, kDataTile, kWeightTile>();
        }
      });
    });
  }

  Tiles tiles_;
  std::int32_t steps_;
  int rows_ = 0;  // as configured
};

}  // namespace pinhole::engine::kernels::fast
