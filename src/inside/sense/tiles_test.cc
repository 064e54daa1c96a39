// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace pinhole::inside::sense {
namespace {

struct Size {
  int width, height;
};
constexpr Size kSizes[] = {{1, 1},     {2, 3},      {191, 192}, {192, 192},    {320, 240},
                           {97, 1200}, {2048, 922}, {20000, 1}, {1, 32767},    {8000, 8000},
                           {33, 32},   {5000, 777}, {32767, 2}, {32767, 32767}};

std::vector<TilePlan> Plans(const Size& size) {
  std::vector<TilePlan> plans = {TilePlan::Whole(size.width, size.height)};
  for (const int side : {1, 96, 128, 192, 640}) {
    plans.push_back(TilePlan::ForModel(size.width, size.height, side));
  }
  for (const auto& [columns, rows] :
       {std::pair{1, 1}, {1, 2}, {2, 1}, {3, 2}, {31, 33}, {1023, 1}}) {
    plans.push_back(TilePlan::Grid(size.width, size.height, columns, rows).value());
  }
  return plans;
}

// Tiles of one level have one size.
bool SameLevel(const Tile& a, const Tile& b) { return a.width == b.width && a.height == b.height; }

TEST(TilePlan, BeginsWithTheWholeAndStaysInsideThePicture) {
  for (const Size& size : kSizes) {
    for (const TilePlan& plan : Plans(size)) {
      ASSERT_GE(plan.size(), 1U);
      ASSERT_LE(plan.size(), TilePlan::kMaxTiles);
      const Tile whole = plan.tile(0);
      EXPECT_EQ(whole.left, 0);
      EXPECT_EQ(whole.top, 0);
      EXPECT_EQ(whole.width, size.width);
      EXPECT_EQ(whole.height, size.height);
      for (std::size_t i = 0; i < plan.size(); ++i) {
        const Tile tile = plan.tile(i);
        ASSERT_GE(tile.left, 0);
        ASSERT_GE(tile.top, 0);
        ASSERT_GE(tile.width, 1);
        ASSERT_GE(tile.height, 1);
        ASSERT_LE(tile.left + tile.width, size.width);
        ASSERT_LE(tile.top + tile.height, size.height);
      }
    }
  }
}

TEST(TilePlan, WholeIsOneTileThatCutsNothing) {
  const TilePlan plan = TilePlan::Whole(40, 30);
  EXPECT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan.smallest_side(), 40);
  EXPECT_FALSE(plan.IsCut(plan.tile(0), {-9, -9, 99, 99}));
}

// The law that seams rest on: what is at most a quarter of a tile is uncut in one of each level.
TEST(TilePlan, WhatIsSmallIsSeenWholeOnEveryLevel) {
  std::mt19937 random(1);
  const auto any = [&random](float high) {
    return std::uniform_real_distribution<float>(0.0F, std::max(high, 1e-6F))(random);
  };
  for (const Size& size : kSizes) {
    for (const TilePlan& plan : Plans(size)) {
      for (std::size_t i = 0; i < plan.size(); i += 1 + plan.size() / 8) {
        const Tile of = plan.tile(i);
        for (int round = 0; round < 20; ++round) {
          const float width = static_cast<float>(of.width) * TilePlan::kWholePart * any(1.0F);
          const float height = static_cast<float>(of.height) * TilePlan::kWholePart * any(1.0F);
          const float left = any(static_cast<float>(size.width) - width);
          const float top = any(static_cast<float>(size.height) - height);
          const decode::Box box{left, top, left + width, top + height};
          bool seen = false;
          for (std::size_t k = 0; k < plan.size() && !seen; ++k) {
            const Tile tile = plan.tile(k);
            const auto tile_left = static_cast<float>(tile.left);
            const auto tile_top = static_cast<float>(tile.top);
            seen = SameLevel(tile, of) && box.left >= tile_left && box.top >= tile_top &&
                   box.right <= tile_left + static_cast<float>(tile.width) + 0.01F &&
                   box.bottom <= tile_top + static_cast<float>(tile.height) + 0.01F &&
                   !plan.IsCut(tile, box);
          }
          ASSERT_TRUE(seen) << size.width << " x " << size.height << ", tiles of " << of.width
                            << " x " << of.height << ": " << box.left << ", " << box.top << ", "
                            << box.right << ", " << box.bottom;
        }
      }
    }
  }
}

TEST(TilePlan, SeamsCutAndThePicturesBorderDoesNot) {
  const TilePlan plan = TilePlan::Grid(300, 100, 2, 1).value();
  ASSERT_EQ(plan.size(), 3U);
  const Tile first = plan.tile(1), last = plan.tile(2);
  const auto seam = static_cast<float>(first.width);
  EXPECT_FALSE(plan.IsCut(first, {-5, -5, 50, 120})) << "left, above and below nothing follows";
  EXPECT_TRUE(plan.IsCut(first, {seam - 40, 10, seam, 50}));
  EXPECT_TRUE(plan.IsCut(first, {seam - 40, 10, seam - 1, 50})) << "too near";
  EXPECT_FALSE(plan.IsCut(first, {seam - 60, 10, seam - 20, 50}));
  const auto begin = static_cast<float>(last.left);
  EXPECT_TRUE(plan.IsCut(last, {begin + 1, 10, begin + 40, 50}));
  EXPECT_FALSE(plan.IsCut(last, {begin + 20, 10, 310, 50}));
}

TEST(TilePlan, ForModelHalvesDownToTheModelsPixels) {
  const TilePlan plan = TilePlan::ForModel(2048, 922, 192);
  std::vector<int> sides;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Tile tile = plan.tile(i);
    const int side = std::max(tile.width, tile.height);
    if (sides.empty() || sides.back() != side) {
      sides.push_back(side);
    }
  }
  EXPECT_EQ(sides, (std::vector{2048, 1024, 512, 256}));
  EXPECT_EQ(plan.smallest_side(), 256);
  EXPECT_TRUE(plan.is_complete());
  EXPECT_EQ(TilePlan::ForModel(192, 192, 192).size(), 1U);
  EXPECT_EQ(TilePlan::ForModel(383, 10, 192).size(), 1U + 3U);
}

TEST(TilePlan, SaysWhereTheLimitLeftALevelOut) {
  const TilePlan large = TilePlan::ForModel(8000, 8000, 192);
  EXPECT_FALSE(large.is_complete());
  EXPECT_EQ(large.smallest_side(), 500);
  EXPECT_TRUE(TilePlan::ForModel(20000, 1, 192).is_complete());
}

TEST(TilePlan, GridRefusesNoTilesAndTooMany) {
  for (const auto& [columns, rows] :
       {std::pair{0, 1}, {1, 0}, {-1, 3}, {32, 32}, {1024, 1}, {1 << 30, 4}}) {
    const auto plan = TilePlan::Grid(100, 100, columns, rows);
    ASSERT_FALSE(plan) << columns << " x " << rows;
    EXPECT_EQ(plan.error(), base::Error::kInvalidArgument);
  }
  EXPECT_EQ(TilePlan::Grid(100, 100, 3, 2).value().size(), 7U);
  EXPECT_EQ(TilePlan::Grid(2, 1, 3, 3).value().size(), 3U) << "not more tiles than pixels";
}

}  // namespace
}  // namespace pinhole::inside::sense
