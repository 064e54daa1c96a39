// SPDX-License-Identifier: Apache-2.0
// Colours against the equations of BT.601 and BT.709 in double precision, over all triples on a
// grid; known values; strides; the same picture in every format.
#include "inside/camera/pixel_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace pinhole::inside::camera {
namespace {

using testing::ElementsAre;

std::vector<std::uint8_t> Converted(const RawLayout& layout, const std::vector<std::uint8_t>& raw) {
  EXPECT_GE(raw.size(), RawBytesOf(layout));
  std::vector<std::uint8_t> out(
      static_cast<std::size_t>(layout.width * layout.height * ChannelsOf(layout.format)));
  Convert(layout, std::as_bytes(std::span(raw)), out);
  return out;
}

std::array<int, 3> Yuv(int y, int cb, int cr, const YuvMatrix& matrix = {}) {
  const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
  const std::vector<std::uint8_t> out =
      Converted({PixelFormat::kYuyv, 2, 1, 4, matrix}, {byte(y), byte(cb), byte(y), byte(cr)});
  return {out[0], out[1], out[2]};
}

// ITU-R BT.601-7 section 2.5 and 3, BT.709-6 section 3, solved for R'G'B'.
std::array<double, 3> Reference(int y, int cb, int cr, const YuvMatrix& matrix) {
  const double kr = matrix.bt709 ? 0.2126 : 0.299;
  const double kb = matrix.bt709 ? 0.0722 : 0.114;
  const double luma = matrix.full_range ? y / 255.0 : (y - 16) / 219.0;
  const double b = (cb - 128) / (matrix.full_range ? 255.0 : 224.0);
  const double r = (cr - 128) / (matrix.full_range ? 255.0 : 224.0);
  const double red = luma + 2 * (1 - kr) * r;
  const double blue = luma + 2 * (1 - kb) * b;
  const double green = (luma - kr * red - kb * blue) / (1 - kr - kb);
  return {red * 255, green * 255, blue * 255};
}

TEST(PixelFormats, AgreesWithTheEquations) {
  for (const YuvMatrix matrix :
       {YuvMatrix{false, false}, {false, true}, {true, false}, {true, true}}) {
    double worst = 0;
    for (int y = 0; y < 256; y += 5) {
      for (int cb = 0; cb < 256; cb += 15) {
        for (int cr = 0; cr < 256; cr += 15) {
          const std::array<int, 3> got = Yuv(y, cb, cr, matrix);
          const std::array<double, 3> wanted = Reference(y, cb, cr, matrix);
          for (std::size_t i = 0; i < 3; ++i) {
            worst = std::max(worst, std::abs(got[i] - std::clamp(wanted[i], 0.0, 255.0)));
          }
        }
      }
    }
    EXPECT_LT(worst, 0.51);  // a half for rounding, and what the fixed point costs
  }
}

// Colour bars of 100 %, as every table of BT.601 prints them.
TEST(PixelFormats, KnownColours) {
  EXPECT_THAT(Yuv(16, 128, 128), ElementsAre(0, 0, 0));
  EXPECT_THAT(Yuv(235, 128, 128), ElementsAre(255, 255, 255));
  EXPECT_THAT(Yuv(126, 128, 128), ElementsAre(128, 128, 128));
  const auto near = [](int value) {
    return testing::AllOf(testing::Ge(value - 2), testing::Le(value + 2));
  };
  EXPECT_THAT(Yuv(81, 90, 240), ElementsAre(near(255), near(0), near(0)));
  EXPECT_THAT(Yuv(145, 54, 34), ElementsAre(near(0), near(255), near(0)));
  EXPECT_THAT(Yuv(41, 240, 110), ElementsAre(near(0), near(0), near(255)));
  EXPECT_THAT(Yuv(210, 16, 146), ElementsAre(near(255), near(255), near(0)));
  EXPECT_THAT(Yuv(63, 102, 240, {true, false}), ElementsAre(near(255), near(0), near(0)));
  EXPECT_THAT(Yuv(0, 128, 128, {false, true}), ElementsAre(0, 0, 0));
  EXPECT_THAT(Yuv(255, 128, 128, {false, true}), ElementsAre(255, 255, 255));
}

TEST(PixelFormats, BeyondBlackAndWhiteIsCutOff) {
  EXPECT_THAT(Yuv(0, 0, 0), ElementsAre(0, 136, 0));
  EXPECT_THAT(Yuv(255, 255, 255), ElementsAre(255, testing::Gt(100), 255));
}

TEST(PixelFormats, GapsBetweenRowsAreNotRead) {
  constexpr std::uint8_t kGap = 99;
  EXPECT_THAT(Converted({PixelFormat::kGrey, 2, 2, 5, {}}, {1, 2, kGap, kGap, kGap, 3, 4}),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Converted({PixelFormat::kRgb, 1, 2, 4, {}}, {1, 2, 3, kGap, 4, 5, 6}),
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(Converted({PixelFormat::kBgr, 1, 2, 5, {}}, {1, 2, 3, kGap, kGap, 4, 5, 6}),
              ElementsAre(3, 2, 1, 6, 5, 4));
}

TEST(PixelFormats, EveryFormatShowsTheSamePicture) {
  // 4 x 2 pixels; chroma is the same for two by two of them.
  const std::vector<std::uint8_t> luma = {20, 60, 100, 140, 180, 200, 220, 235};
  const std::vector<std::uint8_t> chroma = {90, 200, 160, 110};  // Cb Cr, Cb Cr
  std::vector<std::uint8_t> nv12;
  std::vector<std::uint8_t> yuyv;
  constexpr std::size_t kStride = 6;
  for (std::size_t y = 0; y < 2; ++y) {
    nv12.insert(nv12.end(), luma.begin() + 4 * y, luma.begin() + 4 * y + 4);
    nv12.insert(nv12.end(), kStride - 4, 77);
    for (std::size_t x = 0; x < 4; x += 2) {
      yuyv.insert(yuyv.end(), {luma[4 * y + x], chroma[x], luma[4 * y + x + 1], chroma[x + 1]});
    }
  }
  nv12.insert(nv12.end(), chroma.begin(), chroma.end());
  const std::vector<std::uint8_t> rgb = Converted({PixelFormat::kYuyv, 4, 2, 8, {}}, yuyv);
  EXPECT_EQ(Converted({PixelFormat::kNv12, 4, 2, kStride, {}}, nv12), rgb);
  std::vector<std::uint8_t> bgr = rgb;
  for (std::size_t i = 0; i < bgr.size(); i += 3) {
    std::swap(bgr[i], bgr[i + 2]);
  }
  EXPECT_EQ(Converted({PixelFormat::kBgr, 4, 2, 12, {}}, bgr), rgb);
  EXPECT_EQ(Converted({PixelFormat::kRgb, 4, 2, 12, {}}, rgb), rgb);
}

TEST(PixelFormats, BytesThatAPictureNeeds) {
  EXPECT_EQ(RawBytesOf({PixelFormat::kYuyv, 640, 480, 1280, {}}), 640U * 480 * 2);
  EXPECT_EQ(RawBytesOf({PixelFormat::kNv12, 640, 480, 640, {}}), 640U * 480 * 3 / 2);
  EXPECT_EQ(RawBytesOf({PixelFormat::kRgb, 10, 3, 64, {}}), 64U * 2 + 30);
}

}  // namespace
}  // namespace pinhole::inside::camera
