// SPDX-License-Identifier: Apache-2.0
#pragma once

// How AMX's tile registers are divided up: what LDTILECFG reads. Palette 1, the only one that there
// is, has eight tiles of at most 16 rows by 64 bytes; a tile that is not set can't be used.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.

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

}  // namespace pinhole::engine::kernels::fast
