// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/flex_options.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Channels = std::vector<std::uint32_t>;
using Options = std::map<std::string, std::int32_t>;

// smoothing 1/4 in even and 1/2 in odd channels, at least 1/8 of the signal remains.
Options Quarter() {
  return {{"smoothing", 4},
          {"one_minus_smoothing", 12},
          {"alternate_smoothing", 8},
          {"alternate_one_minus_smoothing", 8},
          {"min_signal_remaining", 2},
          {"smoothing_bits", 2},
          {"spectral_subtraction_bits", 4},
          {"clamping", 0},
          {"num_channels", 2}};
}

struct SubtractionOp : OpHarness {
  SubtractionOp(const FlexOptions& options, const Channels& x)
      : OpHarness(OpKind::kSignalFilterBankSpectralSubtraction, options.attribute()) {
    const Shape shape{static_cast<std::int32_t>(x.size())};
    Input<std::uint32_t>(shape, x).Output<std::uint32_t>(shape).Output<std::uint32_t>(shape);
  }
};

constexpr const Kernel& kKernel = kSignalFilterBankSpectralSubtraction;

TEST(SignalFilterBankSpectralSubtraction, TwoStepsByHand) {
  const FlexOptions options(Quarter());
  SubtractionOp op(options, {100, 100});
  ASSERT_TRUE(op.Run(kKernel)) << op.why();
  // 400 * 1/4 = 100, 400 * 1/2 = 200; (400 - 100) / 4, (400 - 200) / 4
  EXPECT_THAT(op.Result<std::uint32_t>(0), ElementsAre(75, 50));
  EXPECT_THAT(op.Result<std::uint32_t>(1), ElementsAre(100, 200));
  op.SetInput<std::uint32_t>(0, {10, 100});
  ASSERT_TRUE(op.Run(kKernel)) << op.why();
  // 40 / 4 + 100 * 3/4 = 85 is above 40: an eighth of 10 remains; 200 + 100 = 300: 400 - 300
  EXPECT_THAT(op.Result<std::uint32_t>(0), ElementsAre(1, 25));
  EXPECT_THAT(op.Result<std::uint32_t>(1), ElementsAre(85, 300));
}

TEST(SignalFilterBankSpectralSubtraction, ClampingHoldsTheEstimateDown) {
  Options options = Quarter();
  options["clamping"] = 1;
  const FlexOptions flex(options);
  SubtractionOp op(flex, {100, 100});
  ASSERT_TRUE(op.Run(kKernel)) << op.why();
  op.SetInput<std::uint32_t>(0, {10, 100});
  ASSERT_TRUE(op.Run(kKernel)) << op.why();
  EXPECT_THAT(op.Result<std::uint32_t>(1), ElementsAre(40, 300));
}

// The state is the whole memory: a run that starts where another stopped ends like it.
TEST(SignalFilterBankSpectralSubtraction, StateIsKeptAndBeginsAtZero) {
  const FlexOptions options(Quarter());
  const Channels frames[] = {{7, 9000}, {100000, 3}, {4000000000, 55}, {1, 1}};
  SubtractionOp kept(options, frames[0]);
  Channels noise = {0, 0};
  for (const Channels& frame : frames) {
    kept.SetInput<std::uint32_t>(0, frame);
    ASSERT_TRUE(kept.Run(kKernel)) << kept.why();
    for (std::size_t i = 0; i < 2; ++i) {
      const std::uint64_t s = i == 0 ? 4 : 8;
      noise[i] = static_cast<std::uint32_t>(
          (std::uint64_t{frame[i] << 2U} * s + std::uint64_t{noise[i]} * (16 - s)) >> 4U);
    }
    EXPECT_EQ(kept.Result<std::uint32_t>(1), noise);
  }
  EXPECT_EQ(kept.prepared().state_bytes, 8U);
  SubtractionOp fresh(options, frames[0]);
  ASSERT_TRUE(fresh.Run(kKernel));
  EXPECT_THAT(fresh.Result<std::uint32_t>(1), ElementsAre(7, 18000));
}

TEST(SignalFilterBankSpectralSubtraction, SteadyNoiseSinksToWhatMustRemain) {
  const FlexOptions options(Quarter());
  SubtractionOp op(options, {8000, 8000});
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(op.Run(kKernel)) << op.why();
  }
  EXPECT_THAT(op.Result<std::uint32_t>(0), ElementsAre(1000, 1000));
}

TEST(SignalFilterBankSpectralSubtraction, InPlaceEqualsApart) {
  const FlexOptions options(Quarter());
  for (const int place : {-1, 0}) {
    SubtractionOp op(options, {100, 100});
    ASSERT_TRUE(op.Run(kKernel, place)) << op.why();
    EXPECT_THAT(op.Result<std::uint32_t>(0), ElementsAre(75, 50));
  }
}

TEST(SignalFilterBankSpectralSubtraction, RefusesOptionsOutOfRange) {
  for (const auto& [name, value] : Options{{"smoothing", -1},
                                           {"one_minus_smoothing", -1},
                                           {"alternate_smoothing", -1},
                                           {"alternate_one_minus_smoothing", -5},
                                           {"min_signal_remaining", -1},
                                           {"smoothing_bits", 32},
                                           {"spectral_subtraction_bits", 64},
                                           {"clamping", 2},
                                           {"num_channels", 3}}) {
    Options options = Quarter();
    options[name] = value;
    const FlexOptions wrong(options);
    SubtractionOp op(wrong, {1, 2});
    EXPECT_FALSE(op.Prepare(kKernel));
    EXPECT_THAT(op.why(), HasSubstr("option '" + name + "' is " + std::to_string(value)));
    options.erase(name);
    const FlexOptions missing(options);
    SubtractionOp without(missing, {1, 2});
    EXPECT_FALSE(without.Prepare(kKernel));
    EXPECT_THAT(without.why(), HasSubstr("option '" + name + "': not found"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
