// SPDX-License-Identifier: Apache-2.0
#pragma once

// How AMX's tile registers are divided up: what LDTILECFG reads. Palette 1, the only one that there
// is, has eight tiles of at most 16 rows by 64 bytes; a tile that is not set can't be used.
//
// And when tiles are used in place of vectors that give the same bits. Multiplying takes as many
// turns of the multiplier as the data tile has rows, however full its columns are: one for each
// pixel and vector and begun 64 bytes of a segment, where VPDPBUSD does four bytes and two of them
// go at once. To that come the store and the load of the sum. By that count, tiles win from 16
// steps a pixel on, where a tile has four steps or more on average; and since weights are loaded 16
// rows at a time for however few pixels, from four pixels on. That is counted from instructions. It
// has not been measured: no processor with AMX was at hand.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.

#include <algorithm>
#include <cstdint>

namespace pinhole::engine::kernels::fast {

inline constexpr int kTiles = 8;
inline constexpr int kTileRows = 16;
inline constexpr int kTileRowBytes = 64;

struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;  // where an interrupted load goes on
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};

  [[gnu::always_inline]] void Set(int tile, int tile_rows, int bytes) {
    rows[tile] = static_cast<std::uint8_t>(tile_rows);
    row_bytes[tile] = static_cast<std::uint16_t>(bytes);
  }
};
static_assert(sizeof(TileConfig) == 64);

// Of data: the rows (a convolution's pixels) from which on tiles are used.
inline constexpr int kLeastTileData = 4;

// Whether tiles are used for so many and more, of `segments` runs of `steps` times four bytes each.
[[gnu::always_inline]] constexpr bool TilesPay(std::int64_t segments, std::int64_t steps) {
  const std::int64_t tiles = segments * ((steps + kTileRows - 1) / kTileRows);
  return segments * steps >= std::max<std::int64_t>(kTileRows, 4 * tiles);
}

// As few tiles as will do for so many rows. All get the same number of them, rounded up; the last
// ones reach back.
[[gnu::always_inline]] constexpr int TilesFor(int rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

}  // namespace pinhole::engine::kernels::fast
