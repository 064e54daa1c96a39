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

using Samples = std::vector<std::int16_t>;

struct WindowOp : OpHarness {
  WindowOp(const FlexOptions& options, const Shape& shape, const Samples& x, const Samples& window)
      : OpHarness(OpKind::kSignalWindow, options.attribute()) {
    Input<std::int16_t>(shape, x)
        .Constant<std::int16_t>({static_cast<std::int32_t>(window.size())}, window)
        .Output<std::int16_t>(shape);
  }
};

TEST(SignalWindow, AWindowOfOnesChangesNothing) {
  const Samples x = {-32768, -1, 0, 1, 32767};
  for (const std::int32_t shift : {0, 5, 12}) {
    const FlexOptions options({{"shift", shift}});
    const Samples ones(5, static_cast<std::int16_t>(1 << shift));
    for (const int place : {-1, 0}) {
      WindowOp op(options, {1, 5}, x, ones);
      ASSERT_TRUE(op.Run(kSignalWindow, place)) << op.why();
      EXPECT_EQ(op.Result<std::int16_t>(), x);
    }
  }
}

TEST(SignalWindow, RoundsDownAndSaturates) {
  const FlexOptions options({{"shift", 3}});
  WindowOp op(options, {4}, {5, -5, 32767, -32768}, {3, 3, 100, 100});
  ASSERT_TRUE(op.Run(kSignalWindow)) << op.why();
  EXPECT_THAT(op.Result<std::int16_t>(), ElementsAre(1, -2, 32767, -32768));  // 15/8, -15/8
}

TEST(SignalWindow, EveryStretchOfARowAnew) {
  const FlexOptions options({{"shift", 0}});
  WindowOp op(options, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 10});
  ASSERT_TRUE(op.Run(kSignalWindow)) << op.why();
  EXPECT_THAT(op.Result<std::int16_t>(), ElementsAre(1, 20, 3, 40, 5, 60, 7, 80));
}

TEST(SignalWindow, Refuses) {
  const FlexOptions negative({{"shift", -1}}), wide({{"shift", 32}}), none({}),
      good({{"shift", 1}});
  const auto why = [](const FlexOptions& options, const Samples& window) {
    WindowOp op(options, {4}, {1, 2, 3, 4}, window);
    EXPECT_FALSE(op.Prepare(kSignalWindow));
    return op.why();
  };
  const Samples four(4, 1);
  EXPECT_THAT(why(negative, four), HasSubstr("option 'shift' is -1, 0 to 31 expected"));
  EXPECT_THAT(why(wide, four), HasSubstr("option 'shift' is 32, 0 to 31 expected"));
  EXPECT_THAT(why(none, four), HasSubstr("option 'shift': not found"));
  EXPECT_THAT(why(good, {1, 2, 3}),
              HasSubstr("rows of 4 samples found, a multiple of the window's 3"));
  EXPECT_THAT(why(good, {1, 2, 3, 4, 5}), HasSubstr("a multiple of the window's 5"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
