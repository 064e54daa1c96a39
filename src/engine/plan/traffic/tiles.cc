// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/tiles.h"

#include <algorithm>
#include <tuple>

namespace pinhole::engine::plan::traffic {

namespace {

// Stripes enough that loads and stores run beside the computation for most of it.
constexpr std::uint32_t kStripesForOverlap = 4;

}  // namespace

bool Tiler::Streams() const {
  return std::find(inputs_.begin(), inputs_.end(), Stay::kStreams) != inputs_.end();
}

bool Tiler::CanSlice() const {
  if (!work_.channelwise) {
    return false;
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i] != Stay::kStreams || work_.inputs[i].pieces > 1) {
      return false;
    }
  }
  return true;
}

bool Tiler::IsRepeated(std::size_t i, const Tiling& tiling) const {
  for (std::size_t k = 0; k < i; ++k) {
    if (work_.inputs[k].tensor == work_.inputs[i].tensor && IsWhole(i, tiling)) {
      return true;
    }
  }
  return false;
}

std::uint32_t Tiler::HeldRows(std::size_t i, const Tiling& tiling) const {
  const Operand& in = work_.inputs[i];
  // This stripe's rows and the next one's.
  const std::uint64_t neighbours =
      std::uint64_t{tiling.stripe} * (tiling.Stripes(work_) > 1 ? 2 : 1);
  const auto rows = static_cast<std::uint32_t>(std::min<std::uint64_t>(neighbours, work_.rows()));
  return std::max<std::uint32_t>(in.window.Most(rows, in.rows), 1);
}

std::uint32_t Tiler::ConstantSlots(const Tiling& tiling) const {
  return std::min<std::uint32_t>(tiling.Tiles(work_), 2);
}

std::uint32_t Tiler::OutputSlots(const Tiling& tiling) const {
  const std::uint64_t parts = tiling.outer == Tiling::Outer::kRows
                                  ? tiling.Stripes(work_)
                                  : std::uint64_t{tiling.Stripes(work_)} * tiling.Tiles(work_);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(parts, 2));
}

std::uint64_t Tiler::FastBytes(const Tiling& tiling) const {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Operand& in = work_.inputs[i];
    if (IsRepeated(i, tiling)) {
      continue;
    }
    if (IsWhole(i, tiling)) {
      bytes += AlignedFast(std::uint64_t{in.rows} * in.row_bytes);
    } else {
      const std::uint64_t row = tiling.sliced ? std::uint64_t{in.row_bytes} / work_.channels *
                                                    std::min(tiling.tile, work_.channels)
                                              : in.row_bytes;
      bytes += AlignedFast(HeldRows(i, tiling) * row);
    }
  }
  const std::uint64_t tile = std::min(tiling.tile, work_.channels);
  bytes += ConstantSlots(tiling) * AlignedFast(tile * work_.channel_bytes);
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    const Operand& out = work_.outputs[o];
    if (outputs_[o] == Stay::kResident) {
      bytes += AlignedFast(std::uint64_t{out.rows} * out.row_bytes);
    } else {
      const std::uint64_t rows = std::min(tiling.stripe, out.rows);
      const std::uint64_t row = tiling.outer == Tiling::Outer::kRows
                                    ? out.row_bytes
                                    : std::uint64_t{out.row_bytes} / work_.channels * tile;
      bytes += OutputSlots(tiling) * AlignedFast(rows * row);
    }
  }
  return bytes;
}

std::uint64_t Tiler::LoadedBytes(std::size_t i, const Tiling& tiling) const {
  const Operand& in = work_.inputs[i];
  if (inputs_[i] == Stay::kResident) {
    return 0;
  }
  if (tiling.sliced && tiling.tile < work_.channels) {
    const std::uint64_t element = in.row_bytes / work_.channels;  // of all pixels of a row
    const std::uint64_t pixel = in.pixel_bytes / work_.channels;
    const std::uint64_t pixels = in.rows * (element / pixel);
    const std::uint64_t full = work_.channels / tiling.tile;
    const std::uint64_t rest = work_.channels % tiling.tile;
    return full * Lined(pixels, tiling.tile * pixel) + (rest > 0 ? Lined(pixels, rest * pixel) : 0);
  }
  const Rows needed =
      inputs_[i] == Stay::kCaptured ? Rows{0, in.rows} : in.window.Need({0, work_.rows()}, in.rows);
  std::uint64_t bytes = std::uint64_t{needed.count()} * in.row_bytes;
  if (in.pieces > 1 && !IsWhole(i, tiling)) {
    bytes = Lined(std::uint64_t{needed.count()} * in.pieces, in.row_bytes / in.pieces);
  }
  const bool again = tiling.outer == Tiling::Outer::kChannels && !IsWhole(i, tiling);
  return bytes * (again ? tiling.Tiles(work_) : 1);
}

Cost Tiler::CostOf(const Tiling& tiling) const {
  Cost cost;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    cost.bytes += IsRepeated(i, tiling) ? 0 : LoadedBytes(i, tiling);
  }
  const std::uint32_t tiles = tiling.Tiles(work_);
  const bool reload = tiling.outer == Tiling::Outer::kRows && tiles > ConstantSlots(tiling);
  cost.bytes += work_.constant_bytes() * (reload ? tiling.Stripes(work_) : 1);
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    const Operand& out = work_.outputs[o];
    if (outputs_[o] != Stay::kStreams) {
      continue;
    }
    const std::uint64_t bytes = std::uint64_t{out.rows} * out.row_bytes;
    const std::uint64_t pixels = bytes / out.pixel_bytes;
    if (tiling.outer == Tiling::Outer::kChannels && tiles > 1 && pixels > 1) {
      const std::uint64_t channel = out.pixel_bytes / work_.channels;
      const std::uint64_t rest = work_.channels % tiling.tile;
      cost.bytes += work_.channels / tiling.tile * Lined(pixels, tiling.tile * channel);
      cost.bytes += rest > 0 ? Lined(pixels, rest * channel) : 0;
    } else {
      cost.bytes += bytes;
    }
  }
  cost.steps = std::uint64_t{tiling.Stripes(work_)} * tiles;
  return cost;
}

std::vector<Tiling> Tiler::Ways() const {
  std::vector<Tiling> ways;
  ways.push_back({Tiling::Outer::kRows, false, false, 1, work_.channels});
  if (work_.channels > 1) {
    ways.push_back({Tiling::Outer::kChannels, false, false, 1, 1});
    if (Streams()) {
      ways.push_back({Tiling::Outer::kChannels, true, false, 1, 1});
    }
    if (CanSlice()) {
      ways.push_back({Tiling::Outer::kChannels, false, true, 1, 1});
    }
    ways.push_back({Tiling::Outer::kRows, false, false, 1, 1});
    if (Streams()) {
      ways.push_back({Tiling::Outer::kRows, true, false, 1, 1});
    }
  }
  return ways;
}

std::uint64_t Tiler::Least() const {
  std::uint64_t least = ~std::uint64_t{0};
  for (Tiling way : Ways()) {
    // One stripe needs no second place: now and then that is less than stripes of a row.
    for (const std::uint32_t stripe : {std::uint32_t{1}, work_.rows()}) {
      for (const std::uint32_t tile : {std::uint32_t{1}, work_.channels}) {
        way.stripe = stripe;
        way.tile = tile;
        least = std::min(least, FastBytes(way));
      }
    }
  }
  return least;
}

// For some heights of a stripe, the widest tile that fits (or all channels, where the way says so).
void Tiler::TryStripes(const Tiling& way, std::uint64_t fast_bytes, std::optional<TiledCost>& best,
                       std::uint64_t& tried) const {
  const std::uint32_t rows = work_.rows();
  const auto fits = [&](Tiling& tiling) {
    ++tried;
    return FastBytes(tiling) <= fast_bytes;
  };
  std::vector<std::uint32_t> stripes = {rows};
  for (std::uint64_t part = 2; part / 2 < rows; part *= 2) {
    stripes.push_back(static_cast<std::uint32_t>((rows + part - 1) / part));
  }
  for (const std::uint32_t stripe : stripes) {
    Tiling tiling = way;
    tiling.stripe = stripe;
    tiling.tile = work_.channels;
    if (!fits(tiling)) {
      if (way.tile == work_.channels) {
        continue;
      }
      std::uint32_t low = 0;  // fits, if above 0
      std::uint32_t high = work_.channels;
      while (high - low > 1) {
        tiling.tile = low + (high - low) / 2;
        (fits(tiling) ? low : high) = tiling.tile;
      }
      if (low == 0) {
        continue;
      }
      // Tiles of one size.
      tiling.tile = low;
      const std::uint32_t tiles = tiling.Tiles(work_);
      tiling.tile = (work_.channels + tiles - 1) / tiles;
    }
    const TiledCost found{tiling, FastBytes(tiling), CostOf(tiling)};
    const auto rank = [rows](const TiledCost& way_found) {
      const Cost& cost = way_found.cost;
      const bool overlaps = cost.steps >= std::min(rows, kStripesForOverlap);
      return std::make_tuple(cost.bytes, !overlaps, cost.steps);
    };
    if (!best || rank(found) < rank(*best)) {
      best = found;
    }
  }
}

std::optional<TiledCost> Tiler::Best(std::uint64_t fast_bytes, std::uint64_t& tried) const {
  std::optional<TiledCost> best;
  for (const Tiling& way : Ways()) {
    TryStripes(way, fast_bytes, best, tried);
    if (best && way.tile == work_.channels) {
      break;  // all constants and all inputs once: nothing is less
    }
  }
  return best;
}

}  // namespace pinhole::engine::plan::traffic
