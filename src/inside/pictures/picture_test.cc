// SPDX-License-Identifier: Apache-2.0
// What pictures become. That JPEG, PNG and BMP pixels are OpenCV's is seen from
// detections_golden_test.cc; hostile ones are hostile_test.cc's.
#include "inside/pictures/picture.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "inside/pictures/sample_pictures.h"

namespace pinhole::inside::pictures {
namespace {

using Pixels = std::vector<std::uint8_t>;

Picture Decoded(const std::string& bytes) { return DecodePicture(Bytes(bytes)); }

TEST(Picture, UprightIsWhatExifSays) {
  // Seen: 1 2 3
  //       4 5 6, as each orientation stores it.
  const Picture seen{3, 2, 1, {1, 2, 3, 4, 5, 6}};
  const std::pair<int, Picture> stored[] = {
      {1, {3, 2, 1, {1, 2, 3, 4, 5, 6}}}, {2, {3, 2, 1, {3, 2, 1, 6, 5, 4}}},
      {3, {3, 2, 1, {6, 5, 4, 3, 2, 1}}}, {4, {3, 2, 1, {4, 5, 6, 1, 2, 3}}},
      {5, {2, 3, 1, {1, 4, 2, 5, 3, 6}}}, {6, {2, 3, 1, {3, 6, 2, 5, 1, 4}}},
      {7, {2, 3, 1, {6, 3, 5, 2, 4, 1}}}, {8, {2, 3, 1, {4, 1, 5, 2, 6, 3}}}};
  for (const auto& [orientation, picture] : stored) {
    const Picture upright = Upright(picture, orientation);
    EXPECT_EQ(upright.width, 3) << orientation;
    EXPECT_EQ(upright.pixels, seen.pixels) << orientation;
  }
  EXPECT_EQ(Upright(seen, 77).pixels, seen.pixels);
}

TEST(Picture, JpegIsTurnedAsItsExifSays) {
  EXPECT_EQ(Decoded(SampleJpeg(1)).width, 16);
  EXPECT_EQ(Decoded(SampleJpeg(3)).width, 16);
  const Picture turned = Decoded(SampleJpeg(6));
  EXPECT_EQ(turned.width, 8);
  EXPECT_EQ(turned.height, 16);
  EXPECT_EQ(turned.pixels, Pixels(128, 128));
}

TEST(Picture, PngKeepsEveryPixel) {
  for (const int channels : {1, 3}) {
    Picture picture{5, 4, channels, {}};
    for (int i = 0; i < 20 * channels; ++i) {
      picture.pixels.push_back(static_cast<std::uint8_t>(i * 11));
    }
    const Picture again = DecodePicture(EncodePng(picture));
    EXPECT_EQ(again.channels, channels);
    EXPECT_EQ(again.pixels, picture.pixels);
  }
}

TEST(Picture, PgmSamplesAreScaledToBytes) {
  EXPECT_EQ(Decoded("P2 3 1 2 0 1 2").pixels, (Pixels{0, 128, 255}));
  EXPECT_EQ(Decoded(std::string("P5 2 1 65535\n\xFF\xFF\x80\x00", 17)).pixels, (Pixels{255, 128}));
  EXPECT_EQ(Decoded("P6#c\n1 1 255\nabc").pixels, (Pixels{'a', 'b', 'c'}));
}

TEST(Picture, BmpRowsAndPalettes) {
  const auto bmp = [](int height, int bits, const std::string& rest) {
    const std::string header = std::string("BM") + std::string(8, '\0') + '\x3E' +
                               std::string(3, '\0') + '\x28' + std::string(3, '\0') + '\x02' +
                               std::string(3, '\0') + static_cast<char>(height) +
                               std::string(3, height < 0 ? '\xFF' : '\0') + '\x01' + '\0' +
                               static_cast<char>(bits) + std::string(25, '\0');
    return header + rest;
  };
  const std::string palette("\x01\x02\x03\x00\x0A\x0B\x0C\x00", 8);  // blue, green, red, nothing
  const std::string rows("\x40\0\0\0\x80\0\0\0", 8);                 // bits 0 1, then 1 0
  const Pixels first = {3, 2, 1, 12, 11, 10};
  const Pixels second = {12, 11, 10, 3, 2, 1};
  Pixels up = second;
  up.insert(up.end(), first.begin(), first.end());
  Pixels down = first;
  down.insert(down.end(), second.begin(), second.end());
  EXPECT_EQ(Decoded(bmp(2, 1, palette + rows)).pixels, up);
  EXPECT_EQ(Decoded(bmp(-2, 1, palette + rows)).pixels, down);
}

TEST(Picture, ToRgbRepeatsGrey) {
  EXPECT_EQ(ToRgb({2, 1, 1, {7, 9}}).pixels, (Pixels{7, 7, 7, 9, 9, 9}));
}

}  // namespace
}  // namespace pinhole::inside::pictures
