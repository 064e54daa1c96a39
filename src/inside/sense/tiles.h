// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which parts of a large picture a detector looks at, so that small faces are seen large enough.
//
// A network sees every picture at its own size: a face of 40 pixels in a picture of 2000 is 4
// pixels high at 192. A plan is the whole picture and then levels of tiles, each level covering the
// picture with tiles of one size that overlap by at least a third. What is small enough lies whole
// in one of them, away from the seams, so that boxes cut by a seam can be left out (IsCut):
//
//   a box whose width and height are at most a quarter of the tile's (kWholePart) is seen whole, by
//   some tile of the level; a larger one by a coarser level, in the end by the whole picture.
//
// ForModel halves the tiles from level to level until another halving would show the network pixels
// that the picture does not have. Plans are computed, not stored: no memory, and tile(i) costs
// nothing. The number of tiles is bounded, whatever the picture's size.
//
//   const TilePlan plan = TilePlan::ForModel(picture.width(), picture.height(), 192);
//   for (std::size_t i = 0; i < plan.size(); ++i) { ... plan.tile(i) ... }

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "decode/detection.h"

namespace pinhole::inside::sense {

// In pixels of the picture; lies inside it.
struct Tile {
  int left = 0, top = 0, width = 1, height = 1;
};

class TilePlan {
 public:
  static constexpr std::size_t kMaxTiles = 1024;
  // Of a tile's width and height: a box that large is always seen whole.
  static constexpr float kWholePart = 0.25F;

  // Sides of pictures and models are from 1 to 32767 here and below.
  static TilePlan Whole(int width, int height);

  // The whole picture, then `columns` x `rows` tiles, or fewer where the picture has fewer pixels.
  // Error: kInvalidArgument (less than 1 x 1, or more than kMaxTiles with the whole picture).
  static base::Result<TilePlan> Grid(int width, int height, int columns, int rows);

  // The whole picture, then square tiles of a half, a quarter, ... of its longer side, as long as a
  // tile has at least as many pixels as the model's square input, `model_side` wide. Levels that
  // would make more than kMaxTiles tiles are left out: is_complete() says so.
  static TilePlan ForModel(int width, int height, int model_side);

  // At least 1: the whole picture, which is the first tile.
  [[nodiscard]] std::size_t size() const;
  // i < size().
  [[nodiscard]] Tile tile(std::size_t i) const;
  // The longer side of the smallest tiles.
  [[nodiscard]] int smallest_side() const;
  [[nodiscard]] bool is_complete() const { return complete_; }

  // True for a box, in pixels of the picture, that comes too near a seam of a tile: a side where
  // the tile ends and the picture goes on. Past the picture's own border is not cut.
  [[nodiscard]] bool IsCut(const Tile& tile, const decode::Box& box) const;

 private:
  // Tiles side by side along one axis of the picture.
  struct Axis {
    int extent = 1;  // of the picture
    int side = 1;    // of a tile, at most the extent
    int count = 1;

    [[nodiscard]] int begin(int i) const;
  };
  struct Level {
    Axis x, y;
    [[nodiscard]] std::size_t size() const {
      return static_cast<std::size_t>(x.count) * static_cast<std::size_t>(y.count);
    }
  };
  static constexpr std::size_t kMaxLevels = 16;  // halvings of a side below 2^15, and the whole

  TilePlan(int width, int height);
  // False where it has no room.
  bool Add(const Level& level);
  static Axis Cover(int extent, int side);
  static Axis Split(int extent, int count);

  std::array<Level, kMaxLevels> levels_{};
  std::size_t level_count_ = 0;
  bool complete_ = true;
};

}  // namespace pinhole::inside::sense
