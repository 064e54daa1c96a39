// SPDX-License-Identifier: Apache-2.0
#include "signal/sampling_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace pinhole::signal {
namespace {

// The rounding error of the map is far below 1/32 pixel: every coordinate is the exact one, rounded
// down or up at most by half a step and a hair.
TEST(SamplingGrid, IsTheExactMapRounded) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> side(1, 3000);
  std::uniform_int_distribution<int> network(1, 400);
  for (int round = 0; round < 200; ++round) {
    const int width = side(random), height = side(random), size = network(random);
    const SamplingGrid grid(width, height, size);
    const double s = std::max(width, height);
    for (int i = 0; i < size; i += 1 + size / 17) {
      const auto source = grid.At(i, size - 1 - i);
      EXPECT_NEAR(source.x, 32.0 * (i * s / size - (s - width) / 2), 0.5 + 1e-6);
      EXPECT_NEAR(source.y, 32.0 * ((size - 1 - i) * s / size - (s - height) / 2), 0.5 + 1e-6);
    }
  }
}

TEST(SamplingGrid, OneToOneIsTheIdentity) {
  const SamplingGrid grid(96, 96, 96);
  for (int i = 0; i < 96; ++i) {
    EXPECT_EQ(grid.At(i, 95 - i).x, 32 * i);
    EXPECT_EQ(grid.At(i, 95 - i).y, 32 * (95 - i));
  }
}

TEST(SamplingGrid, TakesTheExtremes) {
  for (const auto& [w, h] : {std::pair{32767, 1}, {1, 32767}, {32767, 32767}, {1, 1}}) {
    for (const int size : {1, 32767}) {
      const SamplingGrid grid(w, h, size);
      const auto last = grid.At(size - 1, size - 1);
      EXPECT_LE(std::abs(last.x), 32 * 32767);
      EXPECT_LE(std::abs(last.y), 32 * 32767);
    }
  }
}

// Whole numbers and the grid agree wherever there is no tie; of the geometries the extremes and
// those with the most ties are looked at too.
void ExpectAxisIsGrid(int width, int height, int size) {
  SCOPED_TRACE(std::to_string(width) + " x " + std::to_string(height) + ", " +
               std::to_string(size));
  const SamplingGrid grid(width, height, size);
  const int side = std::max(width, height);
  SamplingAxis across(side, width, size), down(side, height, size);
  for (int i = 0; i < size; ++i, across.Next(), down.Next()) {
    for (const int other : {0, size / 3, size - 1}) {
      if (!across.is_tie()) {
        ASSERT_EQ(across.at(), grid.At(i, other).x) << i << ", " << other;
      }
      if (!down.is_tie()) {
        ASSERT_EQ(down.at(), grid.At(other, i).y) << other << ", " << i;
      }
    }
  }
}

TEST(SamplingGrid, WholeNumbersSayTheSameOffTies) {
  std::mt19937 random(8);
  std::uniform_int_distribution<int> side(1, 32767), network(1, 4096);
  for (int round = 0; round < 300; ++round) {
    ExpectAxisIsGrid(side(random), side(random), network(random));
    ExpectAxisIsGrid(side(random) % 700 + 1, side(random) % 700 + 1, 128);
  }
  for (const int size : {1, 2, 127, 128, 192, 4096, 32767}) {
    for (const auto& [width, height] :
         {std::pair{32767, 1}, {1, 32767}, {32767, 32767}, {32766, 32765}, {1, 1}, {324, 244}}) {
      ExpectAxisIsGrid(width, height, size);
    }
  }
}

TEST(SamplingGrid, WholeNumbersSeeEveryTie) {
  // 64 * x * 551 / 128 is odd where x = 2 * odd.
  SamplingAxis axis(551, 551, 128);
  for (int x = 0; x < 128; ++x, axis.Next()) {
    EXPECT_EQ(axis.is_tie(), x % 4 == 2) << x;
  }
}

// How the coordinates of a row that lie exactly between two 1/32 steps fall, from left to right: u
// up, d down. Coordinates outside the picture are left out.
std::string Ties(int width, int height, int size) {
  const SamplingGrid grid(width, height, size);
  const std::int64_t side = std::max(width, height);
  std::string ties;
  for (std::int64_t x = 0; x < size; ++x) {
    const std::int64_t twice_lower = (64 * x * side - 32 * (side - width) * size) / size;
    const bool tie = (64 * x * side) % size == 0 && (64 * x * side / size) % 2 == 1;
    if (tie && twice_lower >= 0 && twice_lower < 64 * (width - 1)) {
      ties += grid.At(static_cast<int>(x), size / 2).x * 2 > twice_lower ? 'u' : 'd';
    }
  }
  return ties;
}

// Expected: OpenCV 4.6's warpPerspective, read off its output on pictures of alternating black and
// white columns. No single rounding rule gives these. Tolerance: none.
TEST(SamplingGrid, BreaksTiesAsTheReferenceDoes) {
  EXPECT_EQ(Ties(1126, 661, 128),
            "ududuuududuuudududududuuudududududududududududududududududududud");
  EXPECT_EQ(Ties(551, 1137, 128), "dddddddddddddddu");
}

}  // namespace
}  // namespace pinhole::signal
