// SPDX-License-Identifier: Apache-2.0
#pragma once

// One work in stripes of rows and tiles of channels: what each way of cutting holds in fast memory
// and moves, and the best way that fits. Used by the planner alone.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/plan/traffic/network.h"

namespace pinhole::engine::plan::traffic {

// Where an operand of the interval is to be.
enum class Stay : std::uint8_t {
  kStreams,   // comes from slow memory, or goes there, piece by piece
  kResident,  // is in fast memory as a whole before the interval, or (an output) after it
  kCaptured,  // an input: comes from slow memory and then stays as a whole
  kDropped,   // an output that nobody needs
};

struct Tiling {
  enum class Outer : std::uint8_t { kRows, kChannels };

  Outer outer = Outer::kRows;
  bool keep_inputs = false;  // inputs that stream are kept as a whole while the work runs
  bool sliced = false;       // of inputs only the tile's channels are loaded
  std::uint32_t stripe = 1;  // rows of the output
  std::uint32_t tile = 1;    // channels of the output

  [[nodiscard]] std::uint32_t Stripes(const Work& work) const {
    return (work.rows() + stripe - 1) / stripe;
  }
  [[nodiscard]] std::uint32_t Tiles(const Work& work) const {
    return (work.channels + tile - 1) / tile;
  }
};

struct Cost {
  std::uint64_t bytes = 0;  // moved, short runs counted as lines
  std::uint64_t steps = 0;

  friend bool operator<(const Cost& a, const Cost& b) {
    return a.bytes != b.bytes ? a.bytes < b.bytes : a.steps < b.steps;
  }
  Cost operator+(const Cost& other) const { return {bytes + other.bytes, steps + other.steps}; }
};

struct TiledCost {
  Tiling tiling;
  std::uint64_t fast_bytes = 0;
  Cost cost;
};

constexpr std::uint64_t AlignedFast(std::uint64_t bytes) { return (bytes + 15) / 16 * 16; }

class Tiler {
 public:
  // `inputs` and `outputs` say where each operand is to be. All must outlive the tiler.
  Tiler(const Work& work, const std::vector<Stay>& inputs, const std::vector<Stay>& outputs,
        std::uint32_t line_bytes)
      : work_(work), inputs_(inputs), outputs_(outputs), line_(line_bytes) {}

  // The way that moves least among those of at most `fast_bytes`; nullopt where none fits.
  // `tried` is raised by the number of ways looked at.
  [[nodiscard]] std::optional<TiledCost> Best(std::uint64_t fast_bytes, std::uint64_t& tried) const;
  // The least that any way holds.
  [[nodiscard]] std::uint64_t Least() const;

  // Rows of input i that need a place.
  [[nodiscard]] std::uint32_t HeldRows(std::size_t i, const Tiling& tiling) const;
  // How many tiles of constants have a place.
  [[nodiscard]] std::uint32_t ConstantSlots(const Tiling& tiling) const;
  // How many stripes, or tiles of stripes, of an output that isn't kept have a place.
  [[nodiscard]] std::uint32_t OutputSlots(const Tiling& tiling) const;
  // True where input i is there as a whole.
  [[nodiscard]] bool IsWhole(std::size_t i, const Tiling& tiling) const {
    return inputs_[i] != Stay::kStreams || tiling.keep_inputs;
  }
  // True where input i is an earlier one once more, and is there as a whole.
  [[nodiscard]] bool IsRepeated(std::size_t i, const Tiling& tiling) const;
  [[nodiscard]] std::uint64_t FastBytes(const Tiling& tiling) const;

 private:
  [[nodiscard]] Cost CostOf(const Tiling& tiling) const;
  [[nodiscard]] std::uint64_t LoadedBytes(std::size_t i, const Tiling& tiling) const;
  [[nodiscard]] std::uint64_t Lined(std::uint64_t pieces, std::uint64_t piece_bytes) const {
    return pieces * ((piece_bytes + line_ - 1) / line_ * line_);
  }
  [[nodiscard]] bool CanSlice() const;
  [[nodiscard]] bool Streams() const;
  [[nodiscard]] std::vector<Tiling> Ways() const;
  void TryStripes(const Tiling& way, std::uint64_t fast_bytes, std::optional<TiledCost>& best,
                  std::uint64_t& tried) const;

  const Work& work_;
  const std::vector<Stay>& inputs_;
  const std::vector<Stay>& outputs_;
  std::uint32_t line_;
};

}  // namespace pinhole::engine::plan::traffic
