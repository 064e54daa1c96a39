// SPDX-License-Identifier: Apache-2.0
// int8 at its ends: where a target's instructions add up products in 16 bits, or saturate, the
// largest ones show it. Random values hardly ever bring two of them together.
#include <gtest/gtest.h>

#include "engine/kernels/fast/target_for_tests.h"
#include "engine/kernels/ref/naive_model.h"

namespace pinhole::engine::kernels::fast {
namespace {

using ref::Dice;
using ref::Int8Case;
using ref::OwnedHarness;

class Extremes : public TargetTest {
 protected:
  // Convolutions of data and weights that are `ends` only, mostly the first of each.
  void ExpectEqual(std::span<const std::int8_t> data, std::span<const std::int8_t> weights) {
    for (const bool depthwise : {false, true}) {
      const OpKind kind = depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d;
      for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Dice dice(seed);
        Int8Case c = Int8Case::Random(dice, depthwise);
        c.window.batch = 1;
        c.groups = 1;
        c.multiplier = 1;
        c.out_channels = depthwise ? c.window.channels : dice.Int(1, 70);
        Fill(dice, data, c.window.in_shape().element_count(), c.x);
        Fill(dice, weights, c.weight_shape().element_count(), c.w);
        c.bias.assign(static_cast<std::size_t>(c.out_channels), 0);
        // Sums of equal signs would saturate at any other scale.
        const auto taps = static_cast<float>(c.window.filter_h * c.window.filter_w * c.depth());
        c.in_quant = Q(1.0F, 0);
        c.weight_quant = Q(1.0F);
        c.out_quant = Q(taps * 200.0F, dice.Int(-128, 0));
        const OwnedHarness want = c.Harness();
        const OwnedHarness got = c.Harness();
        ASSERT_TRUE(want->Run(Ref(kind))) << want->why();
        ASSERT_TRUE(got->Run(Fast(kind))) << got->why();
        ASSERT_EQ(want->Result<std::int8_t>(), got->Result<std::int8_t>())
            << "seed " << seed << " depthwise " << depthwise;
      }
    }
  }

 private:
  static void Fill(Dice& dice, std::span<const std::int8_t> ends, std::size_t count,
                   std::vector<std::int8_t>& to) {
    to.clear();
    const auto last = static_cast<int>(ends.size()) - 1;
    for (std::size_t i = 0; i < count; ++i) {
      const bool other = dice.Int(0, 9) == 0;
      to.push_back(ends[static_cast<std::size_t>(other ? dice.Int(0, last) : 0)]);
    }
  }
};

constexpr std::int8_t kLowest[] = {-128};
constexpr std::int8_t kAll[] = {-128, -127, 0, 127};
constexpr std::int8_t kHighest[] = {127, -127, 127, 1};
constexpr std::int8_t kNarrow[] = {-127, 127, 127, 1};

TEST_P(Extremes, LowestTimesLowestIsEqual) { ExpectEqual(kLowest, kLowest); }
TEST_P(Extremes, AnyWeightsAreEqual) { ExpectEqual(kAll, kAll); }
TEST_P(Extremes, WeightsWithoutTheLowestAreEqual) { ExpectEqual(kAll, kNarrow); }
TEST_P(Extremes, HighestTimesHighestIsEqual) { ExpectEqual(kHighest, kHighest); }
TEST_P(Extremes, HighestTimesLowestIsEqual) { ExpectEqual(kHighest, kAll); }

INSTANTIATE_TEST_SUITE_P(Targets, Extremes, ::testing::ValuesIn(TargetNames()), NameOf);

}  // namespace
}  // namespace pinhole::engine::kernels::fast
