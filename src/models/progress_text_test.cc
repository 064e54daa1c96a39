// SPDX-License-Identifier: Apache-2.0
#include "models/progress_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhole::models {
namespace {

using testing::HasSubstr;

TEST(ProgressText, ShowsBytesRateAndTimeLeft) {
  ProgressText text("tiny.en", 80000000);
  text.Moved(0, 0);
  text.Moved(40000000, 4);
  EXPECT_EQ(text.Bar(79),
            "tiny.en  [=============>             ]  40.0 MB of 80.0 MB  10.0 MB/s  4 s left");
}

// What is there from before says nothing about the rate.
TEST(ProgressText, TakesTheRateFromWhatCameNow) {
  ProgressText text("x", 100000000);
  text.Moved(90000000, 10);
  text.Moved(92000000, 12);
  EXPECT_THAT(text.Bar(100), HasSubstr("1.00 MB/s  8 s left"));
}

// However many pieces came at once.
TEST(ProgressText, HasTheRateOfAllThatCame) {
  ProgressText text("x", 1000000);
  for (int i = 0; i <= 100; ++i) {
    text.Moved(static_cast<std::uint64_t>(i) * 1000, i * 0.001);
  }
  EXPECT_THAT(text.Bar(100), HasSubstr("1.00 MB/s  1 s left"));
}

TEST(ProgressText, IsNeverWiderThanAsked) {
  ProgressText text("large-v3-turbo-q5_0", 1000);
  for (std::uint64_t bytes = 0; bytes <= 1000; bytes += 50) {
    text.Moved(bytes, static_cast<double>(bytes));
    for (std::size_t width = 0; width < 140; ++width) {
      EXPECT_LE(text.Bar(width).size(), width);
    }
  }
}

TEST(ProgressText, SaysEachTenthOnce) {
  ProgressText text("x", 1003);
  int lines = 0;
  for (std::uint64_t bytes = 0; bytes <= 1003; ++bytes) {
    text.Moved(bytes, static_cast<double>(bytes));
    lines += text.SparseLine().empty() ? 0 : 1;
    EXPECT_EQ(text.SparseLine(), "");
  }
  EXPECT_EQ(lines, 10);
}

TEST(ProgressText, BeginsAnewWhereTheDownloadDoes) {
  ProgressText text("x", 1000);
  text.Moved(500, 1);
  EXPECT_EQ(text.SparseLine(), "x: 50 %, 500 bytes of 1.00 kB");
  text.Moved(0, 2);
  EXPECT_EQ(text.SparseLine(), "");
  text.Moved(100, 3);
  EXPECT_EQ(text.SparseLine(), "x: 10 %, 100 bytes of 1.00 kB, 100 bytes/s");
}

TEST(ProgressText, SaysTimesInTwoUnits) {
  EXPECT_EQ(ShownSeconds(0.2), "1 s");
  EXPECT_EQ(ShownSeconds(75), "1 min 15 s");
  EXPECT_EQ(ShownSeconds(7500), "2 h 5 min");
  EXPECT_EQ(ShownSeconds(1e300), "more than a day");
}

}  // namespace
}  // namespace pinhole::models
