// SPDX-License-Identifier: Apache-2.0
#include "signal/letterbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "signal/png_for_tests.h"

namespace pinhole::signal {
namespace {

std::vector<std::uint8_t> RandomSamples(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> samples(count);
  std::generate(samples.begin(), samples.end(),
                [&random] { return static_cast<std::uint8_t>(random()); });
  return samples;
}

TEST(Letterbox, SameSizeCopies) {
  const auto samples = RandomSamples(24 * 24 * 3, 1);
  const auto picture = *ImageView::Make(samples, 24, 24, 3);
  std::vector<std::uint8_t> out(samples.size());
  ASSERT_TRUE(Letterbox(picture, 24, 3, out));
  EXPECT_EQ(out, samples);
}

TEST(Letterbox, BorderIsBlackAndEvenOnBothSides) {
  const std::vector<std::uint8_t> white(40 * 20, 255);
  const auto picture = *ImageView::Make(white, 40, 20, 1);
  std::vector<std::uint8_t> out(40 * 40);
  ASSERT_TRUE(Letterbox(picture, 40, 1, out));
  for (int y = 0; y < 40; ++y) {
    EXPECT_EQ(out[static_cast<std::size_t>(y) * 40 + 7], y >= 10 && y < 30 ? 255 : 0) << y;
  }
}

TEST(Letterbox, FlatColourStaysFlat) {
  for (const int side : {3, 50, 301}) {
    const std::vector<std::uint8_t> flat(static_cast<std::size_t>(side * side), 131);
    std::vector<std::uint8_t> out(32 * 32);
    ASSERT_TRUE(Letterbox(*ImageView::Make(flat, side, side, 1), 32, 1, out));
    // The last row and column may reach over the edge when the picture is enlarged.
    for (int y = 0; y < 21; ++y) {
      for (int x = 0; x < 21; ++x) {
        EXPECT_EQ(out[static_cast<std::size_t>(y * 32 + x)], 131) << side;
      }
    }
  }
}

TEST(Letterbox, StrideChangesNothing) {
  const auto samples = RandomSamples(31 * 50, 2);
  std::vector<std::uint8_t> tight;
  for (std::size_t y = 0; y < 31; ++y) {
    tight.insert(tight.end(), samples.begin() + static_cast<std::ptrdiff_t>(y * 50),
                 samples.begin() + static_cast<std::ptrdiff_t>(y * 50 + 45));
  }
  std::vector<std::uint8_t> wide_out(64 * 64 * 3), tight_out(64 * 64 * 3);
  ASSERT_TRUE(Letterbox(*ImageView::Make(samples, 15, 31, 3, 50), 64, 3, wide_out));
  ASSERT_TRUE(Letterbox(*ImageView::Make(tight, 15, 31, 3), 64, 3, tight_out));
  EXPECT_EQ(wide_out, tight_out);
}

TEST(Letterbox, GreyAndColourMeet) {
  const auto grey = RandomSamples(37 * 20, 3);
  std::vector<std::uint8_t> colour;
  for (const std::uint8_t v : grey) {
    colour.insert(colour.end(), 3, v);
  }
  const auto grey_view = *ImageView::Make(grey, 37, 20, 1);
  const auto colour_view = *ImageView::Make(colour, 37, 20, 3);
  std::vector<std::uint8_t> a(32 * 32), b(32 * 32), a3(32 * 32 * 3), b3(32 * 32 * 3);
  ASSERT_TRUE(Letterbox(grey_view, 32, 1, a));
  ASSERT_TRUE(Letterbox(colour_view, 32, 1, b));
  EXPECT_EQ(a, b);
  ASSERT_TRUE(Letterbox(grey_view, 32, 3, a3));
  ASSERT_TRUE(Letterbox(colour_view, 32, 3, b3));
  EXPECT_EQ(a3, b3);
}

TEST(Letterbox, ElementsAreTheSamplesTheNetworkMeans) {
  std::vector<std::uint8_t> ramp(256);
  std::iota(ramp.begin(), ramp.end(), std::uint8_t{0});
  const auto picture = *ImageView::Make(ramp, 16, 16, 1);
  std::vector<float> real(256);
  ASSERT_TRUE(Letterbox(picture, 16, 1, {-1.0F, 1.0F}, real));
  EXPECT_EQ(real[0], -1.0F);
  EXPECT_EQ(real[100], 100.0F * 2.0F / 255.0F - 1.0F);
  EXPECT_EQ(real[255], 1.0F);
  std::vector<std::int8_t> quantized(256);
  ASSERT_TRUE(Letterbox(picture, 16, 1, {-1.0F, 1.0F}, {0.0078125F, -1}, quantized));
  EXPECT_EQ(quantized[0], -128);   // -129, clamped
  EXPECT_EQ(quantized[100], -29);  // -0.2157 / 0.0078 rounds to -28
  EXPECT_EQ(quantized[255], 127);
  std::vector<std::uint8_t> as_is(256);
  ASSERT_TRUE(Letterbox(picture, 16, 1, {0.0F, 1.0F}, {1.0F / 255.0F, 0}, as_is));
  EXPECT_EQ(as_is, ramp);
}

TEST(Letterbox, RefusesWrongSizesAndQuantisation) {
  const std::vector<std::uint8_t> samples(12);
  const auto picture = *ImageView::Make(samples, 2, 2, 3);
  std::vector<std::uint8_t> out(48);
  EXPECT_FALSE(Letterbox(picture, 5, 3, out));
  EXPECT_FALSE(Letterbox(picture, 4, 2, out));
  EXPECT_FALSE(Letterbox(picture, 0, 3, std::span<std::uint8_t>()));
  EXPECT_FALSE(Letterbox(picture, 4, 3, {0, 1}, {0.0F, 0}, out));
  EXPECT_FALSE(Letterbox(picture, 4, 3, {-3e38F, 3e38F}, {1.0F, 0}, out));
  EXPECT_TRUE(Letterbox(picture, 4, 3, {0, 1e30F}, {1e-30F, 0}, out));
}

TEST(LetterboxMap, GoesThereAndBack) {
  for (const auto& [w, h] : {std::pair{640, 480}, {480, 641}, {33, 33}}) {
    const LetterboxMap map(w, h);
    const Point corner = map.ToPicture({0.0F, 0.0F});
    EXPECT_FLOAT_EQ(corner.x, -static_cast<float>(std::max(0, h - w)) / 2);
    const Point back = map.ToSquare(map.ToPicture({0.3F, 0.8F}));
    EXPECT_NEAR(back.x, 0.3F, 1e-6F);
    EXPECT_NEAR(back.y, 0.8F, 1e-6F);
  }
}

// Input: pictures as PNG. Expected: the network inputs beside them, made with OpenCV 4.6
// (warpPerspective as MediaPipe's ImageToTensor calls it). Tolerance: none.
TEST(Letterbox, EqualsTheReferenceBitForBit) {
  const auto inputs = base::TestData("golden/faces/inputs");
  const auto pictures = base::TestData("images");
  if (!exists(inputs) || !exists(pictures)) {
    GTEST_SKIP() << inputs << " or " << pictures << " is missing (set PINHOLE_DATA)";
  }
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pictures)) {
    if (entry.path().extension() != ".png") {
      continue;
    }
    const TestPicture picture = ReadPng(entry.path());
    ASSERT_FALSE(picture.rgb.empty()) << entry.path();
    for (const int size : {192, 128}) {
      const TestPicture expected = ReadPng(inputs / std::to_string(size) / entry.path().filename());
      std::vector<std::uint8_t> out(expected.rgb.size());
      ASSERT_TRUE(Letterbox(picture.view(), size, 3, out)) << entry.path();
      EXPECT_EQ(out, expected.rgb) << entry.path() << " at " << size;
      ++compared;
    }
  }
  EXPECT_GE(compared, 28);
}

}  // namespace
}  // namespace pinhole::signal
