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

constexpr OpKind kKind = OpKind::kSignalRfft;

TEST(SignalRfft, FourSamplesInAllTypes) {
  const FlexOptions options({{"fft_length", 4}});
  OpHarness int16(kKind, options.attribute());
  int16.Input<std::int16_t>({4}, {100, 200, 300, 400}).Output<std::int16_t>({6});
  ASSERT_TRUE(int16.Run(kSignalRfft)) << int16.why();
  EXPECT_THAT(int16.Result<std::int16_t>(), ElementsAre(250, 0, -50, 50, -50, 0));

  OpHarness int32(kKind, options.attribute());
  int32.Input<std::int32_t>({4}, {100000, 200000, 300000, 400000}).Output<std::int32_t>({6});
  ASSERT_TRUE(int32.Run(kSignalRfft)) << int32.why();
  EXPECT_THAT(int32.Result<std::int32_t>(), ElementsAre(250000, 0, -50000, 50000, -50000, 0));

  OpHarness real(kKind, options.attribute());
  real.Input<float>({4}, {1, 2, 3, 4}).Output<float>({6});
  ASSERT_TRUE(real.Run(kSignalRfft)) << real.why();
  EXPECT_THAT(real.Result<float>(), ElementsAre(10, 0, -2, 2, -2, 0));
}

TEST(SignalRfft, EveryRowAloneAndPaddedWithZeros) {
  const FlexOptions options({{"fft_length", 8}, {"T", 0}});
  const auto run = [&](const Shape& in, const std::vector<float>& x, const Shape& out) {
    OpHarness op(kKind, options.attribute());
    op.Input<float>(in, x).Output<float>(out);
    EXPECT_TRUE(op.Run(kSignalRfft)) << op.why();
    return op.Result<float>();
  };
  const auto first = run({5}, {1, -2, 3, -4, 5}, {10});
  const auto second = run({8}, {2, 7, 1, 8, 2, 0, 0, 0}, {10});
  auto both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(run({2, 5}, {1, -2, 3, -4, 5, 2, 7, 1, 8, 2}, {2, 10}), both);
}

TEST(SignalRfft, KeepsAQuarterWaveOnly) {
  const FlexOptions options({{"fft_length", 512}});
  OpHarness op(kKind, options.attribute());
  op.Input<std::int16_t>({480}, std::vector<std::int16_t>(480)).Output<std::int16_t>({514});
  ASSERT_TRUE(op.Prepare(kSignalRfft)) << op.why();
  EXPECT_EQ(op.prepared().scratch_bytes, 0U);
  EXPECT_EQ(op.prepared().state_bytes, 0U);
}

struct Refusal {
  std::map<std::string, std::int32_t> options;
  Shape in, out;
  const char* why;
};

TEST(SignalRfft, RefusesWhatDoesNotFit) {
  for (const Refusal& refusal : {
           Refusal{{{"fft_length", 12}}, {8}, {14}, "a power of two expected"},
           Refusal{{{"fft_length", 2}}, {2}, {4}, "option 'fft_length' is 2, 4 to"},
           Refusal{{{"fft_length", -8}}, {8}, {10}, "option 'fft_length' is -8"},
           Refusal{{{"fft_length", 1 << 30}}, {8}, {10}, "option 'fft_length' is 1073741824"},
           Refusal{{{"fft_length", 8}}, {9}, {10}, "rows of 9 samples found, at most fft_length 8"},
           Refusal{{{"fft_length", 8}}, {8}, {9}, "declared [9], computed [10]"},
           Refusal{{{"fft_length", 8}}, {2, 4}, {10}, "computed [2, 10]"},
           Refusal{{{"fft_length", 8}, {"T", 2}}, {8}, {10}, "option 'T' is 2, 7 to 7"},
           Refusal{{}, {8}, {10}, "option 'fft_length': not found"},
       }) {
    const FlexOptions options(refusal.options);
    OpHarness op(kKind, options.attribute());
    op.Input<std::int16_t>(refusal.in, std::vector<std::int16_t>(refusal.in.element_count()))
        .Output<std::int16_t>(refusal.out);
    EXPECT_FALSE(op.Prepare(kSignalRfft));
    EXPECT_THAT(op.why(), HasSubstr(refusal.why));
  }
}

TEST(SignalRfft, RefusesOtherTypesAndMissingOptions) {
  const FlexOptions options({{"fft_length", 8}});
  OpHarness bytes(kKind, options.attribute());
  bytes.Input<std::int8_t>({8}, std::vector<std::int8_t>(8)).Output<std::int8_t>({10});
  EXPECT_FALSE(bytes.Prepare(kSignalRfft));
  EXPECT_THAT(bytes.why(), HasSubstr("int8 with 1 dimensions found"));

  OpHarness bare(kKind, CustomOptions{});
  bare.Input<std::int16_t>({8}, std::vector<std::int16_t>(8)).Output<std::int16_t>({10});
  EXPECT_FALSE(bare.Prepare(kSignalRfft));
  EXPECT_THAT(bare.why(), HasSubstr("its options are no FlexBuffer map"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
