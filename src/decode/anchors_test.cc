// SPDX-License-Identifier: Apache-2.0
#include "decode/anchors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pinhole::decode {
namespace {

std::vector<Anchor> Make(const SsdAnchorOptions& options) {
  std::vector<Anchor> anchors(CountSsdAnchors(options).value());
  EXPECT_EQ(MakeSsdAnchors(options, anchors).value(), anchors.size());
  return anchors;
}

SsdAnchorOptions FixedSize(int input, std::initializer_list<std::uint16_t> strides,
                           float interpolated) {
  SsdAnchorOptions options;
  options.input_size = input;
  options.layers = strides.size();
  std::copy(strides.begin(), strides.end(), options.strides.begin());
  options.interpolated_scale_aspect_ratio = interpolated;
  options.fixed_anchor_size = true;
  return options;
}

void ExpectSame(const std::vector<Anchor>& a, const std::vector<Anchor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].x_center, b[i].x_center) << i;
    EXPECT_EQ(a[i].y_center, b[i].y_center) << i;
    EXPECT_EQ(a[i].width, b[i].width) << i;
    EXPECT_EQ(a[i].height, b[i].height) << i;
  }
}

TEST(SsdAnchors, FullRangeIsOneGridRowByRow) {
  const std::vector<Anchor> anchors = Make(FixedSize(192, {4}, 0.0F));
  ASSERT_EQ(anchors.size(), 2304U);
  EXPECT_FLOAT_EQ(anchors[0].x_center, 0.5F / 48);
  EXPECT_FLOAT_EQ(anchors[1].x_center, 1.5F / 48);
  EXPECT_FLOAT_EQ(anchors[1].y_center, 0.5F / 48);
  EXPECT_FLOAT_EQ(anchors[48].y_center, 1.5F / 48);
  EXPECT_EQ(anchors[2303].width, 1.0F);
}

TEST(SsdAnchors, ShortRangeMergesLayersOfOneStride) {
  const std::vector<Anchor> anchors = Make(FixedSize(128, {8, 16, 16, 16}, 1.0F));
  ASSERT_EQ(anchors.size(), 16U * 16 * 2 + 8 * 8 * 6);
  EXPECT_EQ(anchors[0].x_center, anchors[1].x_center);
  EXPECT_FLOAT_EQ(anchors[2].x_center, 1.5F / 16);
  EXPECT_FLOAT_EQ(anchors[512].x_center, 0.5F / 8);
  EXPECT_FLOAT_EQ(anchors[517].x_center, 0.5F / 8);
  EXPECT_FLOAT_EQ(anchors[518].x_center, 1.5F / 8);
}

// The six-layer example of the calculator's own documentation: 300 x 300, strides 16 to 512.
TEST(SsdAnchors, MobilenetSizesAndCount) {
  SsdAnchorOptions options;
  options.input_size = 300;
  options.strides = {16, 32, 64, 128, 256, 512};
  options.layers = 6;
  options.min_scale = 0.2F;
  options.max_scale = 0.95F;
  options.aspect_ratios = {1.0F, 2.0F, 0.5F, 3.0F, 0.3333F};
  options.ratios = 5;
  options.reduce_boxes_in_lowest_layer = true;
  const std::vector<Anchor> anchors = Make(options);
  // 19 x 19 x 3, then 6 a cell on 10, 5, 3, 2 and 1 squared: the 1917 of SSD MobileNet.
  ASSERT_EQ(anchors.size(), 1917U);
  EXPECT_FLOAT_EQ(anchors[0].width, 0.1F);
  EXPECT_FLOAT_EQ(anchors[1].width, 0.2F * std::sqrt(2.0F));
  EXPECT_FLOAT_EQ(anchors[1].height, 0.2F / std::sqrt(2.0F));
  const std::size_t second = 19 * 19 * 3;
  EXPECT_FLOAT_EQ(anchors[second].width, 0.35F);
  EXPECT_FLOAT_EQ(anchors[second + 5].width, std::sqrt(0.35F * 0.5F));
  EXPECT_FLOAT_EQ(anchors[1916].width, std::sqrt(0.95F * 1.0F));
}

TEST(GridAnchors, AreTheFixedSizeSsdAnchors) {
  const GridLayer full[] = {{4, 1}};
  std::vector<Anchor> anchors(CountGridAnchors(192, full).value());
  ASSERT_TRUE(MakeGridAnchors(192, full, anchors));
  ExpectSame(anchors, Make(FixedSize(192, {4}, 0.0F)));
  const GridLayer near[] = {{8, 2}, {16, 6}};
  anchors.resize(CountGridAnchors(128, near).value());
  ASSERT_TRUE(MakeGridAnchors(128, near, anchors));
  ExpectSame(anchors, Make(FixedSize(128, {8, 16, 16, 16}, 1.0F)));
}

TEST(Anchors, RefuseWhatMakesNoGrid) {
  EXPECT_EQ(CountSsdAnchors(FixedSize(0, {4}, 0.0F)).error(), base::Error::kInvalidArgument);
  EXPECT_EQ(CountSsdAnchors(FixedSize(192, {0}, 0.0F)).error(), base::Error::kInvalidArgument);
  EXPECT_EQ(CountSsdAnchors(FixedSize(192, {}, 0.0F)).error(), base::Error::kInvalidArgument);
  EXPECT_EQ(CountSsdAnchors(FixedSize(8192, {1}, 0.0F)).error(), base::Error::kTooLarge);
  const GridLayer uneven[] = {{5, 1}};
  EXPECT_EQ(CountGridAnchors(192, uneven).error(), base::Error::kInvalidArgument);
  const GridLayer none[] = {{4, 0}};
  EXPECT_EQ(CountGridAnchors(192, none).error(), base::Error::kInvalidArgument);
  std::vector<Anchor> few(2303);
  EXPECT_EQ(MakeSsdAnchors(FixedSize(192, {4}, 0.0F), few).error(), base::Error::kOutOfMemory);
}

}  // namespace
}  // namespace pinhole::decode
