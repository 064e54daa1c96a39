// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: AMX's tile registers in plain C++, so that what is written for them is tested on
// every machine. No program has it: nothing but tests refers to it.
//
// As the manual has it (see amx_config.h): a load fills what lies beyond a tile's rows and bytes
// with zeros and reads nothing there; a store writes nothing there; sums wrap around. What the
// processor refuses, with #GP for a configuration and #UD for an instruction, is false here, and
// nothing is changed then.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/kernels/fast/amx_config.h"
#include "engine/kernels/fast/targets.h"

namespace pinhole::engine::kernels::fast {

class TileRegisters {
 public:
  // LDTILECFG: clears all tiles. Palette 0 is TILERELEASE.
  [[nodiscard]] bool Configure(const TileConfig& config);
  void Release();  // TILERELEASE
  // TILELOADD and TILESTORED: row r is at + r * step.
  [[nodiscard]] bool Load(int tile, const std::byte* at, std::ptrdiff_t step);
  [[nodiscard]] bool Store(int tile, std::byte* at, std::ptrdiff_t step) const;
  // TDPBUSD: sums += unsigned bytes of data times signed weights, four a lane.
  [[nodiscard]] bool Dot(int sums, int data, int weights);
  // TDPBF16PS: sums += pairs of bfloat16 times pairs of them, in single precision. First and second
  // products are summed up apart, each with one rounding a step, then together, and that is added.
  // Numbers below the normal ones are zero, before and after each operation.
  [[nodiscard]] bool DotBf16(int sums, int data, int weights);

  [[nodiscard]] bool configured() const { return config_.palette != 0; }

 private:
  // Configured, and of whole lanes.
  [[nodiscard]] bool Usable(int tile) const;
  // And these three can be multiplied.
  [[nodiscard]] bool Fit(int sums, int data, int weights) const;

  TileConfig config_{.palette = 0};
  std::uint8_t bytes_[kTiles][kTileRows][kTileRowBytes] = {};
};

// For TileSums, which must not do what the processor refuses.
class EmulatedTiles {
 public:
  void Configure(const TileConfig& config) { Expect(registers_.Configure(config)); }
  template <int kTile>
  void Load(const std::byte* at, std::ptrdiff_t step) {
    Expect(registers_.Load(kTile, at, step));
  }
  template <int kTile>
  void Store(std::byte* at, std::ptrdiff_t step) {
    Expect(registers_.Store(kTile, at, step));
  }
  template <int kSums, int kData, int kWeights>
  void Dot() {
    Expect(registers_.Dot(kSums, kData, kWeights));
  }
  template <int kSums, int kData, int kWeights>
  void DotBf16() {
    Expect(registers_.DotBf16(kSums, kData, kWeights));
  }

 private:
  static void Expect(bool done) {
    if (!done) {
      std::abort();
    }
  }

  TileRegisters registers_;
};

// CONV_2D and FULLY_CONNECTED by TileProduct on these, with vectors of sixteen lanes in plain C++;
// the rest is the portable target's.
extern const KernelList kEmulatedAmxKernels;

}  // namespace pinhole::engine::kernels::fast
