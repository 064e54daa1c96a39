// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/flex_options.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Channels = std::vector<std::uint32_t>;
using Table = std::vector<std::int16_t>;

struct PcanOp : OpHarness {
  PcanOp(const FlexOptions& options, const Channels& x, const Channels& noise, const Table& table)
      : OpHarness(OpKind::kSignalPcan, options.attribute()) {
    const Shape shape{static_cast<std::int32_t>(x.size())};
    Input<std::uint32_t>(shape, x)
        .Input<std::uint32_t>(shape, noise)
        .Constant<std::int16_t>({static_cast<std::int32_t>(table.size())}, table)
        .Output<std::uint32_t>(shape);
  }
};

Channels Result(std::int32_t shift, const Channels& x, const Channels& noise, const Table& table,
                int place = -1) {
  const FlexOptions options({{"snr_shift", shift}});
  PcanOp op(options, x, noise, table);
  EXPECT_TRUE(op.Run(kSignalPcan, place)) << op.why();
  return op.Result<std::uint32_t>();
}

// A gain of one everywhere: 1 in Q0 at 0, 1, and as each parabola's value.
Table ConstantGain(std::int16_t gain) {
  Table table(125, 0);
  table[0] = table[1] = gain;
  for (std::size_t i = 2; i < table.size(); i += 4) {
    table[i] = gain;
  }
  return table;
}

// snr in Q12: below 2, its square over 4 in Q6; from there snr - 1.
TEST(SignalPcan, ShrinksTheRatio) {
  const Channels noise(6, 5);
  EXPECT_THAT(Result(0, {0, 4096, 8191, 8192, 12288, 409600}, noise, ConstantGain(1)),
              ElementsAre(0, 16, 63, 64, 128, 99 * 64));
  EXPECT_THAT(Result(0, {0, 4096, 8191, 8192, 12288, 409600}, noise, ConstantGain(1), 0),
              ElementsAre(0, 16, 63, 64, 128, 99 * 64));
}

TEST(SignalPcan, ASteadyGainIsTheSameForAnyNoise) {
  Channels noise = {0, 1, 2, 3};
  for (std::uint32_t n = 4; n < 0x80000000; n *= 2) {
    noise.insert(noise.end(), {n - 1, n, n + 1, n + n / 2});
  }
  noise.push_back(0xFFFFFFFF);
  const Channels x(noise.size(), 1000);
  EXPECT_EQ(Result(3, x, noise, ConstantGain(80)), Channels(noise.size(), 10000 / 64 - 64));
}

TEST(SignalPcan, RisesWithTheSignal) {
  Channels x, noise;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    x.push_back(i);
    noise.push_back(1000);
  }
  const Channels y = Result(5, x, noise, ConstantGain(97));
  EXPECT_TRUE(std::is_sorted(y.begin(), y.end()));
}

// The parabola from 8 to 16: value 100, slope 200, curvature 100, of the way through it.
TEST(SignalPcan, FollowsTheParabola) {
  Table table(125, 0);
  table[4 * 4 - 6] = 100;
  table[4 * 4 - 5] = 200;
  table[4 * 4 - 4] = 100;
  for (std::uint32_t noise = 8; noise < 16; ++noise) {
    const double f = (noise - 8) / 8.0;
    const double gain = 100 + 200 * f + 100 * f * f;
    const double snr = 4096.0 * gain;
    EXPECT_NEAR(Result(0, {4096}, {noise}, table)[0], snr / 64 - 64, 64)
        << noise;  // a unit of gain
  }
}

TEST(SignalPcan, Refuses) {
  const auto why = [](std::int32_t shift, std::size_t table) {
    const FlexOptions options({{"snr_shift", shift}});
    PcanOp op(options, {1, 2}, {1, 2}, Table(table));
    EXPECT_FALSE(op.Prepare(kSignalPcan));
    return op.why();
  };
  EXPECT_THAT(why(64, 125), HasSubstr("option 'snr_shift' is 64, 0 to 63"));
  EXPECT_THAT(why(-1, 125), HasSubstr("option 'snr_shift' is -1, 0 to 63"));
  EXPECT_THAT(why(6, 124), HasSubstr("a gain table of 124 entries found, at least 125"));
}

TEST(SignalPcan, RefusesNoiseOfAnotherShape) {
  const FlexOptions options({{"snr_shift", 6}});
  OpHarness op(OpKind::kSignalPcan, options.attribute());
  op.Input<std::uint32_t>({2}, {1, 2})
      .Input<std::uint32_t>({1}, {1})
      .Constant<std::int16_t>({125}, Table(125))
      .Output<std::uint32_t>({2});
  EXPECT_FALSE(op.Prepare(kSignalPcan));
  EXPECT_THAT(op.why(), HasSubstr("declared [1], computed [2]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
