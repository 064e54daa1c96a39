// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/flex_options.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct LogOp : OpHarness {
  LogOp(const FlexOptions& options, const std::vector<std::uint32_t>& x)
      : OpHarness(OpKind::kSignalFilterBankLog, options.attribute()) {
    const Shape shape{static_cast<std::int32_t>(x.size())};
    Input<std::uint32_t>(shape, x).Output<std::int16_t>(shape);
  }
};

std::vector<std::int16_t> Result(std::int32_t scale, std::int32_t bits,
                                 const std::vector<std::uint32_t>& x) {
  const FlexOptions options({{"output_scale", scale}, {"input_correction_bits", bits}});
  LogOp op(options, x);
  EXPECT_TRUE(op.Run(kSignalFilterBankLog)) << op.why();
  return op.Result<std::int16_t>();
}

// ln(2^k) * 1600 = 1109.04 k
TEST(SignalFilterBankLog, PowersOfTwo) {
  EXPECT_THAT(Result(1600, 0, {0, 1, 2, 4, 1U << 16, 1U << 31}),
              ElementsAre(0, 0, 1109, 2218, 17745, 32767));
}

TEST(SignalFilterBankLog, CorrectionBitsAddTheirLogarithm) {
  EXPECT_THAT(Result(1600, 3, {0, 1, 2, 1U << 29}),
              ElementsAre(0, 3327, 4436, 0));  // the last is cut
}

TEST(SignalFilterBankLog, SaturatesAtSixteenBits) {
  EXPECT_THAT(Result(2000, 0, {1U << 23, 1U << 24}), ElementsAre(31885, 32767));
}

TEST(SignalFilterBankLog, Refuses) {
  const auto why = [](std::int32_t scale, std::int32_t bits) {
    const FlexOptions options({{"output_scale", scale}, {"input_correction_bits", bits}});
    LogOp op(options, {1});
    EXPECT_FALSE(op.Prepare(kSignalFilterBankLog));
    return op.why();
  };
  EXPECT_THAT(why(-1, 3), HasSubstr("option 'output_scale' is -1"));
  EXPECT_THAT(why(1600, 32), HasSubstr("option 'input_correction_bits' is 32, 0 to 31"));
  EXPECT_THAT(why(1600, -1), HasSubstr("option 'input_correction_bits' is -1, 0 to 31"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
