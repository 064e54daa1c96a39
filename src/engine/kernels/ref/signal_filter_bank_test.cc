// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/flex_options.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Bank {
  std::vector<std::uint32_t> energy;
  std::vector<std::int16_t> weights, unweights, first_bins, first_weights, widths;
  std::int32_t channels = 0;
};

template <typename T>
Shape Row(const std::vector<T>& values) {
  return {static_cast<std::int32_t>(values.size())};
}

struct FilterBankOp : OpHarness {
  FilterBankOp(const FlexOptions& options, const Bank& bank)
      : OpHarness(OpKind::kSignalFilterBank, options.attribute()) {
    Input<std::uint32_t>(Row(bank.energy), bank.energy)
        .Constant<std::int16_t>(Row(bank.weights), bank.weights)
        .Constant<std::int16_t>(Row(bank.unweights), bank.unweights)
        .Constant<std::int16_t>(Row(bank.first_bins), bank.first_bins)
        .Constant<std::int16_t>(Row(bank.first_weights), bank.first_weights)
        .Constant<std::int16_t>(Row(bank.widths), bank.widths)
        .Output<std::uint64_t>({bank.channels});
  }
};

// Weights 1 and unweights 0 over neighbouring stretches: plain sums; the first stretch is dropped.
TEST(SignalFilterBank, AUnitTableSumsEachStretch) {
  Bank bank{{1, 2, 4, 8, 16, 32},
            {1, 1, 1, 1, 1, 1},
            {0, 0, 0, 0, 0, 0},
            {0, 1, 3},
            {0, 1, 3},
            {1, 2, 3},
            2};
  const FlexOptions options({{"num_channels", 2}});
  FilterBankOp op(options, bank);
  ASSERT_TRUE(op.Run(kSignalFilterBank)) << op.why();
  EXPECT_THAT(op.Result<std::uint64_t>(), ElementsAre(2 + 4, 8 + 16 + 32));
}

// A bin's weight and unweight add up to one: but for both ends, nothing is lost.
TEST(SignalFilterBank, WeightsAndUnweightsShareEachBin) {
  Bank bank{std::vector<std::uint32_t>(12),
            std::vector<std::int16_t>(12),
            std::vector<std::int16_t>(12),
            {0, 3, 6, 9},
            {0, 3, 6, 9},
            {3, 3, 3, 3},
            3};
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    bank.energy[i] = static_cast<std::uint32_t>(4000000000U - 7919U * i);
    bank.weights[i] = static_cast<std::int16_t>(4096 - 300 * i);
    bank.unweights[i] = static_cast<std::int16_t>(4096 - bank.weights[i]);
    expected += bank.energy[i] * std::uint64_t{4096};
  }
  for (std::size_t i = 0; i < 3; ++i) {
    expected -= bank.energy[i] * static_cast<std::uint64_t>(bank.weights[i]);
    expected -= bank.energy[i + 9] * static_cast<std::uint64_t>(bank.unweights[i + 9]);
  }
  const FlexOptions options({{"num_channels", 3}});
  FilterBankOp op(options, bank);
  ASSERT_TRUE(op.Run(kSignalFilterBank)) << op.why();
  const auto channels = op.Result<std::uint64_t>();
  EXPECT_EQ(std::accumulate(channels.begin(), channels.end(), std::uint64_t{0}), expected);
}

TEST(SignalFilterBank, RefusesTablesThatLeadOut) {
  const Bank good{{1, 2, 3}, {1, 1}, {1, 1}, {0, 2}, {0, 1}, {2, 1}, 1};
  const FlexOptions options({{"num_channels", 1}});
  const auto why = [&](auto change) {
    Bank bank = good;
    change(bank);
    FilterBankOp op(options, bank);
    EXPECT_FALSE(op.Prepare(kSignalFilterBank));
    return op.why();
  };
  EXPECT_TRUE(FilterBankOp(options, good).Run(kSignalFilterBank));
  EXPECT_THAT(why([](Bank& b) { b.first_bins[1] = 3; }),
              HasSubstr("stretch 1 of width 1 at bin 3 and weight 1 leads out of 3 bins"));
  EXPECT_THAT(why([](Bank& b) { b.first_bins[1] = -1; }), HasSubstr("at bin -1"));
  EXPECT_THAT(why([](Bank& b) { b.first_weights[0] = 1; }), HasSubstr("or 2 weights"));
  EXPECT_THAT(why([](Bank& b) { b.first_weights[0] = -2; }), HasSubstr("weight -2"));
  EXPECT_THAT(why([](Bank& b) { b.widths[0] = -1; }), HasSubstr("of width -1"));
  EXPECT_THAT(why([](Bank& b) { b.widths[0] = 32767; }), HasSubstr("of width 32767"));
  EXPECT_THAT(why([](Bank& b) { b.widths.push_back(0); }), HasSubstr("declared [3], computed [2]"));
  EXPECT_THAT(why([](Bank& b) { b.unweights.push_back(0); }),
              HasSubstr("declared [3], computed [2]"));
  EXPECT_THAT(why([](Bank& b) { b.channels = 2; }), HasSubstr("declared [2], computed [1]"));
}

TEST(SignalFilterBank, RefusesTablesThatAreComputed) {
  const FlexOptions options({{"num_channels", 1}});
  OpHarness op(OpKind::kSignalFilterBank, options.attribute());
  op.Input<std::uint32_t>({1}, {1});
  for (const std::int32_t size : {1, 1, 2, 2, 2}) {
    op.Input<std::int16_t>({size}, std::vector<std::int16_t>(static_cast<std::size_t>(size)));
  }
  op.Output<std::uint64_t>({1});
  EXPECT_FALSE(op.Prepare(kSignalFilterBank));
  EXPECT_EQ(op.error(), base::Error::kUnsupported);
  EXPECT_THAT(op.why(), HasSubstr("a constant is expected"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
