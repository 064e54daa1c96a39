// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/tiles.h"

#include <algorithm>

namespace pinhole::inside::sense {

namespace {

// Neighbours share at least one part in so many of their side.
constexpr int kOverlapParts = 3;

// A box that comes nearer to a seam than this part of the tile is cut. What is left of the overlap
// is kWholePart.
constexpr float kSeamPart = 1.0F / 24.0F;
static_assert(1.0F / kOverlapParts - 2.0F * kSeamPart >= TilePlan::kWholePart - 1e-6F);

int RoundUp(int dividend, int divisor) { return (dividend + divisor - 1) / divisor; }

// Whether [begin, end] comes too near an end of a tile that is no end of the picture.
bool IsCutAlong(int tile_begin, int tile_side, int extent, float begin, float end) {
  const float margin = static_cast<float>(tile_side) * kSeamPart;
  const int tile_end = tile_begin + tile_side;
  return (tile_begin > 0 && begin < static_cast<float>(tile_begin) + margin) ||
         (tile_end < extent && end > static_cast<float>(tile_end) - margin);
}

}  // namespace

// Spread evenly, so that the last one ends where the picture does.
int TilePlan::Axis::begin(int i) const {
  return count == 1 ? 0
                    : static_cast<int>(std::int64_t{extent - side} * i / (std::int64_t{count} - 1));
}

TilePlan::Axis TilePlan::Cover(int extent, int side) {
  if (side >= extent) {
    return {extent, extent, 1};
  }
  const int step = std::max(1, side - RoundUp(side, kOverlapParts));
  return {extent, side, RoundUp(extent - side, step) + 1};
}

// The smallest tiles of which `count` reach, each sharing its part with the next.
TilePlan::Axis TilePlan::Split(int extent, int count) {
  const int tiles = std::min(count, extent);
  const int parts = kOverlapParts + (tiles - 1) * (kOverlapParts - 1);
  return {extent, std::min(extent, RoundUp(extent * kOverlapParts, parts) + 2), tiles};
}

TilePlan::TilePlan(int width, int height) {
  levels_[0] = {{width, width, 1}, {height, height, 1}};
  level_count_ = 1;
}

bool TilePlan::Add(const Level& level) {
  if (level_count_ == kMaxLevels || size() + level.size() > kMaxTiles) {
    return false;
  }
  levels_[level_count_++] = level;
  return true;
}

TilePlan TilePlan::Whole(int width, int height) { return {width, height}; }

base::Result<TilePlan> TilePlan::Grid(int width, int height, int columns, int rows) {
  constexpr int kMost = kMaxTiles - 1;
  if (columns < 1 || rows < 1 || columns > kMost || rows > kMost || columns * rows > kMost) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  TilePlan plan(width, height);
  if (columns * rows > 1) {
    plan.complete_ = plan.Add({Split(width, columns), Split(height, rows)});
  }
  return plan;
}

TilePlan TilePlan::ForModel(int width, int height, int model_side) {
  TilePlan plan(width, height);
  for (int side = RoundUp(std::max(width, height), 2); side >= model_side && side > 1;
       side = RoundUp(side, 2)) {
    if (!plan.Add({Cover(width, side), Cover(height, side)})) {
      plan.complete_ = false;
      break;
    }
  }
  return plan;
}

std::size_t TilePlan::size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < level_count_; ++i) {
    total += levels_[i].size();
  }
  return total;
}

Tile TilePlan::tile(std::size_t i) const {
  std::size_t level = 0;
  while (i >= levels_[level].size()) {
    i -= levels_[level++].size();
  }
  const Axis& x = levels_[level].x;
  const Axis& y = levels_[level].y;
  const int column = static_cast<int>(i) % x.count, row = static_cast<int>(i) / x.count;
  return {x.begin(column), y.begin(row), x.side, y.side};
}

int TilePlan::smallest_side() const {
  const Level& last = levels_[level_count_ - 1];
  return std::max(last.x.side, last.y.side);
}

bool TilePlan::IsCut(const Tile& tile, const decode::Box& box) const {
  return IsCutAlong(tile.left, tile.width, levels_[0].x.extent, box.left, box.right) ||
         IsCutAlong(tile.top, tile.height, levels_[0].y.extent, box.top, box.bottom);
}

}  // namespace pinhole::inside::sense
