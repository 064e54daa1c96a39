// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Scaled {
  std::vector<std::int16_t> samples;
  int bits;
};

Scaled Scale(const std::vector<std::int16_t>& x, int place = -1) {
  OpHarness op(OpKind::kSignalFftAutoScale);
  const Shape shape{static_cast<std::int32_t>(x.size())};
  op.Input<std::int16_t>(shape, x).Output<std::int16_t>(shape).Output<std::int32_t>({});
  EXPECT_TRUE(op.Run(kSignalFftAutoScale, place)) << op.why();
  return {op.Result<std::int16_t>(), op.Result<std::int32_t>(1)[0]};
}

TEST(SignalFftAutoScale, TheLargestEndsInTheUpperHalf) {
  for (int largest = 1; largest <= 32767; largest += 37) {
    const auto peak = static_cast<std::int16_t>(largest);
    for (const std::int16_t sign : {std::int16_t{1}, std::int16_t{-1}}) {
      const Scaled scaled = Scale({0, static_cast<std::int16_t>(sign * peak), 1, -1});
      EXPECT_GE(std::abs(scaled.samples[1]), 16384);
      EXPECT_EQ(scaled.samples[1], sign * (largest << scaled.bits));
      EXPECT_EQ(scaled.samples[3], -(1 << scaled.bits));
    }
  }
}

TEST(SignalFftAutoScale, InPlaceEqualsApart) {
  EXPECT_THAT(Scale({3, -7, 100}, 0).samples, ElementsAre(3 * 256, -7 * 256, 100 * 256));
  EXPECT_EQ(Scale({3, -7, 100}, 0).bits, 8);
}

TEST(SignalFftAutoScale, SilenceStaysSilent) {
  EXPECT_THAT(Scale({0, 0}).samples, ElementsAre(0, 0));
  EXPECT_EQ(Scale({0, 0}).bits, 0);
}

// The reference's own: |-32768| does not fit and counts for less than anything that follows.
TEST(SignalFftAutoScale, TheMostNegativeSampleIsForgotten) {
  EXPECT_THAT(Scale({1, -32768}).samples, ElementsAre(1, -32768));
  EXPECT_EQ(Scale({1, -32768}).bits, 0);
  EXPECT_THAT(Scale({-32768, 8191}).samples, ElementsAre(0, 8191 * 4));
}

TEST(SignalFftAutoScale, RefusesOtherShapes) {
  OpHarness op(OpKind::kSignalFftAutoScale);
  op.Input<std::int16_t>({1, 4}, {1, 2, 3, 4})
      .Output<std::int16_t>({1, 4})
      .Output<std::int32_t>({});
  EXPECT_FALSE(op.Prepare(kSignalFftAutoScale));
  EXPECT_THAT(op.why(), HasSubstr("has 2 dimensions, 1 expected"));
  OpHarness bits(OpKind::kSignalFftAutoScale);
  bits.Input<std::int16_t>({1}, {1}).Output<std::int16_t>({1}).Output<std::int32_t>({1});
  EXPECT_FALSE(bits.Prepare(kSignalFftAutoScale));
  EXPECT_THAT(bits.why(), HasSubstr("declared [1], computed []"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
