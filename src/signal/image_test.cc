// SPDX-License-Identifier: Apache-2.0
#include "signal/image.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace pinhole::signal {
namespace {

base::Error MakeError(std::size_t samples, int width, int height, int channels,
                      std::size_t stride = 0) {
  static const std::vector<std::uint8_t> memory(1000);
  const auto view =
      ImageView::Make(std::span(memory).first(samples), width, height, channels, stride);
  return view ? base::Error::kInternal : view.error();
}

TEST(ImageView, RowsFollowTheStride) {
  std::vector<std::uint8_t> memory(2 * 10 + 6);
  for (std::size_t i = 0; i < memory.size(); ++i) {
    memory[i] = static_cast<std::uint8_t>(i);
  }
  const auto view = MutableImageView::Make(memory, 2, 3, 3, 10);  // the last row has no gap
  ASSERT_TRUE(view);
  EXPECT_EQ(view->row(2).size(), 6U);
  EXPECT_EQ(view->row(2)[0], 20);
  view->row(1)[5] = 99;
  EXPECT_EQ(memory[15], 99);
}

TEST(ImageView, RefusesWhatDoesNotFit) {
  EXPECT_EQ(MakeError(11, 2, 2, 3), base::Error::kTruncated);
  EXPECT_EQ(MakeError(25, 2, 3, 3, 10), base::Error::kTruncated);
  EXPECT_EQ(MakeError(100, 2, 2, 3, std::numeric_limits<std::size_t>::max()),
            base::Error::kTruncated);
  EXPECT_EQ(MakeError(12, 2, 2, 2), base::Error::kInvalidArgument);
  EXPECT_EQ(MakeError(12, 0, 2, 3), base::Error::kInvalidArgument);
  EXPECT_EQ(MakeError(12, 2, -1, 3), base::Error::kInvalidArgument);
  EXPECT_EQ(MakeError(12, 2, 2, 3, 5), base::Error::kInvalidArgument);
  EXPECT_EQ(MakeError(1000, 32768, 1, 1), base::Error::kTooLarge);
  EXPECT_EQ(MakeError(12, 2, 2, 3), base::Error::kInternal) << "exactly enough is enough";
}

TEST(Luma, LeavesGreyAndWeighsColours) {
  for (int v = 0; v < 256; ++v) {
    const auto grey = static_cast<std::uint8_t>(v);
    EXPECT_EQ(Luma(grey, grey, grey), grey);
  }
  EXPECT_EQ(Luma(255, 0, 0), 76);
  EXPECT_EQ(Luma(0, 255, 0), 150);
  EXPECT_EQ(Luma(0, 0, 255), 29);
}

}  // namespace
}  // namespace pinhole::signal
