// SPDX-License-Identifier: Apache-2.0
#pragma once

// The processor's own tiles, for TileSums. No compiler target is needed for them.
//
// Assembler in place of the compilers' intrinsics, for three reasons. GCC 12's don't say what
// memory they read: of a configuration it keeps the first eight bytes, and of data whatever it
// likes. They want the number of a tile as a digit in the source, which the constant of a template
// is not. And they want a compiler target of their own, where the rest of the kernel shares that of
// AVX-512 VNNI. A tile is no operand that a compiler knows, so all of them are volatile, which
// keeps their order.

#include <cstddef>

#include "engine/kernels/fast/amx_config.h"

namespace pinhole::engine::kernels::fast {

class AmxTiles {
 public:
  AmxTiles() = default;
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
  [[gnu::always_inline]] ~AmxTiles() {
    if (configured_) {
      asm volatile("tilerelease");
    }
  }

  // Clears all tiles.
  [[gnu::always_inline]] void Configure(const TileConfig& config) {
    configured_ = true;
    asm volatile("ldtilecfg %0" ::"m"(config));
  }
  // Row r of the tile is at + r * step.
  template <int kTile>
  [[gnu::always_inline]] void Load(const std::byte* at, std::ptrdiff_t step) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(at), "r"(step), "n"(kTile) : "memory");
  }
  template <int kTile>
  [[gnu::always_inline]] void Store(std::byte* at, std::ptrdiff_t step) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(at), "r"(step), "n"(kTile) : "memory");
  }
  // sums += unsigned data times signed weights.
  template <int kSums, int kData, int kWeights>
  [[gnu::always_inline]] void Dot() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"n"(kSums), "n"(kData), "n"(kWeights));
  }
  // sums += pairs of bfloat16 times pairs of them.
  template <int kSums, int kData, int kWeights>
  [[gnu::always_inline]] void DotBf16() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"n"(kSums), "n"(kData), "n"(kWeights));
  }

 private:
  bool configured_ = false;
};

}  // namespace pinhole::engine::kernels::fast
