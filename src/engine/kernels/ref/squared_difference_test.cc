// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SquaredDifference, FloatsOverBroadcastShapesOfEveryRank) {
  const auto any = AnyOfType<float>();
  CheckBinary<float>(
      kSquaredDifference, 1, any, any, [](float a, float b) { return (a - b) * (a - b); }, 0.0);
}

TEST(SquaredDifference, QuantisedIsWithinAUnitOfRealArithmetic) {
  const auto model = [](double a, double b) { return (a - b) * (a - b); };
  CheckQuantizedBinary<std::int8_t>(kSquaredDifference, 2, model,
                                    {Q(0.02F, -7), Q(0.03F, 12), Q(0.2F, -128)});
  // int16 has no bits to spare: the difference, up to 17, is rounded to 0.0006, so its square is
  // wrong by up to 0.02, which has to be less than a unit of the output.
  CheckQuantizedBinary<std::int16_t>(kSquaredDifference, 3, model,
                                     {Q(0.0002F), Q(0.0003F), Q(0.05F)});
}

TEST(SquaredDifference, Int32Wraps) {
  OpHarness op(OpKind::kSquaredDifference);
  op.Input<std::int32_t>({2}, {5, 1 << 30})
      .Input<std::int32_t>({2}, {-2, -(1 << 30)})
      .Output<std::int32_t>({2});
  ASSERT_TRUE(op.Run(kSquaredDifference)) << op.why();
  EXPECT_THAT(op.Result<std::int32_t>(), ElementsAre(49, 0));
}

// By hand: (0.5 * 4 - 0.5 * -6)^2 = 25; in units of 0.25 around -100 that is 0.
TEST(SquaredDifference, Int8KnownValues) {
  OpHarness op(OpKind::kSquaredDifference);
  op.Input<std::int8_t>({2}, {4, 0}, Q(0.5F))
      .Input<std::int8_t>({2}, {-6, 0}, Q(0.5F))
      .Output<std::int8_t>({2}, Q(0.25F, -100));
  ASSERT_TRUE(op.Run(kSquaredDifference)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(0, -100));
}

TEST(SquaredDifference, Refuses) {
  OpHarness op(OpKind::kSquaredDifference);
  op.Input<std::int16_t>({1}, {1}, Q(1))
      .Input<std::int16_t>({1}, {1}, Q(1))
      .Output<std::int16_t>({1}, Q(1, 9));
  EXPECT_FALSE(op.Prepare(kSquaredDifference));
  EXPECT_THAT(op.why(), HasSubstr("zero points 0, 0 and 9"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
