// SPDX-License-Identifier: Apache-2.0
#include "host/draw.h"

#include <gtest/gtest.h>

#include <limits>

namespace pinhole::host {
namespace {

constexpr Color kInk = {9, 200, 40};

inside::pictures::Picture Blank(int width, int height) {
  return {width, height, 3,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3))};
}

bool IsInked(const inside::pictures::Picture& picture, int x, int y) {
  const std::size_t at =
      static_cast<std::size_t>(y) * picture.row_bytes() + static_cast<std::size_t>(x) * 3;
  return picture.pixels[at] == 9 && picture.pixels[at + 1] == 200 && picture.pixels[at + 2] == 40;
}

int InkedCount(const inside::pictures::Picture& picture) {
  int count = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      count += IsInked(picture, x, y) ? 1 : 0;
    }
  }
  return count;
}

TEST(Draw, BoxIsAFrame) {
  inside::pictures::Picture picture = Blank(20, 10);
  DrawBox(picture, 2, 3, 8, 9, kInk);
  EXPECT_TRUE(IsInked(picture, 2, 3));
  EXPECT_TRUE(IsInked(picture, 7, 8));
  EXPECT_FALSE(IsInked(picture, 8, 8));
  EXPECT_FALSE(IsInked(picture, 4, 5));
  EXPECT_EQ(InkedCount(picture), 2 * 6 + 2 * 4);
}

TEST(Draw, OutsideIsCutOffAndNothingOverflows) {
  inside::pictures::Picture picture = Blank(6, 6);
  const double huge = std::numeric_limits<double>::max();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  DrawBox(picture, -huge, -huge, huge, huge, kInk);
  DrawBox(picture, nan, nan, nan, nan, kInk);
  DrawPoint(picture, huge, -huge, kInk);
  DrawPoint(picture, nan, 3, kInk);
  EXPECT_EQ(InkedCount(picture), 0);
  DrawBox(picture, -5, 2, 3, 20, kInk);
  EXPECT_TRUE(IsInked(picture, 0, 2));
  EXPECT_TRUE(IsInked(picture, 2, 5));
  EXPECT_FALSE(IsInked(picture, 0, 3));
}

TEST(Draw, PointIsADisc) {
  inside::pictures::Picture picture = Blank(9, 9);
  DrawPoint(picture, 4.5, 4.5, kInk);
  EXPECT_TRUE(IsInked(picture, 4, 4));
  EXPECT_TRUE(IsInked(picture, 4, 2));
  EXPECT_TRUE(IsInked(picture, 6, 4));
  EXPECT_FALSE(IsInked(picture, 6, 6));
}

}  // namespace
}  // namespace pinhole::host
