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

struct EnergyOp : OpHarness {
  EnergyOp(const FlexOptions& options, const std::vector<std::int16_t>& bins, std::int32_t out)
      : OpHarness(OpKind::kSignalEnergy, options.attribute()) {
    Input<std::int16_t>({static_cast<std::int32_t>(bins.size())}, bins)
        .Output<std::uint32_t>({out});
  }
};

TEST(SignalEnergy, SumOfSquares) {
  const FlexOptions options({{"start_index", 0}, {"end_index", 4}});
  EnergyOp op(options, {3, 4, -3, 4, 32767, 0, -32768, -32768}, 4);
  ASSERT_TRUE(op.Run(kSignalEnergy)) << op.why();
  EXPECT_THAT(op.Result<std::uint32_t>(), ElementsAre(25, 25, 32767U * 32767U, 0x80000000U));
}

TEST(SignalEnergy, ZeroOutsideTheRange) {
  const FlexOptions options({{"start_index", 1}, {"end_index", 2}});
  EnergyOp op(options, {1, 1, 2, 2, 3, 3}, 3);
  ASSERT_TRUE(op.Run(kSignalEnergy)) << op.why();
  EXPECT_THAT(op.Result<std::uint32_t>(), ElementsAre(0, 8, 0));
}

TEST(SignalEnergy, Refuses) {
  const auto why = [](std::int32_t start, std::int32_t end, std::size_t numbers, std::int32_t out) {
    const FlexOptions options({{"start_index", start}, {"end_index", end}});
    EnergyOp op(options, std::vector<std::int16_t>(numbers), out);
    EXPECT_FALSE(op.Prepare(kSignalEnergy));
    return op.why();
  };
  EXPECT_THAT(why(0, 4, 6, 3), HasSubstr("option 'end_index' is 4, 0 to 3 expected"));
  EXPECT_THAT(why(2, 1, 6, 3), HasSubstr("option 'start_index' is 2, 0 to 1 expected"));
  EXPECT_THAT(why(-1, 1, 6, 3), HasSubstr("option 'start_index' is -1, 0 to 1 expected"));
  EXPECT_THAT(why(0, 1, 5, 2), HasSubstr("5 numbers found, an even count"));
  EXPECT_THAT(why(0, 1, 6, 4), HasSubstr("declared [4], computed [3]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
