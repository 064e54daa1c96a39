// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Mul, FloatsOverBroadcastShapesOfEveryRank) {
  const auto any = AnyOfType<float>();
  CheckBinary<float>(kMul, 1, any, any, [](float a, float b) { return a * b; }, 0.0);
}

TEST(Mul, Int64OverBroadcastShapesOfEveryRank) {
  const auto any = [](Random& random) { return std::int64_t{random.Int(-100000, 100000)}; };
  CheckBinary<std::int64_t>(
      kMul, 2, any, any, [](std::int64_t a, std::int64_t b) { return static_cast<double>(a * b); },
      0.0);
}

TEST(Mul, QuantisedIsWithinAUnitOfRealArithmetic) {
  const auto mul = [](double a, double b) { return a * b; };
  CheckQuantizedBinary<std::int8_t>(kMul, 3, mul, {Q(0.02F, -7), Q(0.03F, 12), Q(0.07F, 3)});
  CheckQuantizedBinary<std::uint8_t>(kMul, 4, mul, {Q(0.02F, 128), Q(0.03F, 90), Q(0.07F, 100)});
  CheckQuantizedBinary<std::int16_t>(kMul, 5, mul, {Q(0.0001F), Q(0.0003F), Q(0.0007F)});
}

// By hand: 0.5 * (9 - 1) * 0.25 * (-3 - 5) = -8; in units of 0.5 around 4 that is -12.
TEST(Mul, Int8KnownValues) {
  OpHarness op(OpKind::kMul, ActivationOptions{});
  op.Input<std::int8_t>({3}, {9, 1, 127}, Q(0.5F, 1))
      .Input<std::int8_t>({3}, {-3, 100, 127}, Q(0.25F, 5))
      .Output<std::int8_t>({3}, Q(0.5F, 4));
  ASSERT_TRUE(op.Run(kMul)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-12, 4, 127));
}

TEST(Mul, Int32WrapsAroundAndClamps) {
  const auto run = [](Activation activation) {
    OpHarness op(OpKind::kMul, ActivationOptions{activation});
    op.Input<std::int32_t>({3}, {1 << 30, -(1 << 30), 7})
        .Input<std::int32_t>({3}, {2, 3, -1})
        .Output<std::int32_t>({3});
    EXPECT_TRUE(op.Run(kMul)) << op.why();
    return op.Result<std::int32_t>();
  };
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  EXPECT_THAT(run(Activation::kNone), ElementsAre(kLeast, 1 << 30, -7));
  EXPECT_THAT(run(Activation::kRelu6), ElementsAre(0, 6, 0));
}

TEST(Mul, Refuses) {
  {
    OpHarness op(OpKind::kMul);
    op.Input<std::int16_t>({1}, {1}, Q(1, 1))
        .Input<std::int16_t>({1}, {1}, Q(1))
        .Output<std::int16_t>({1}, Q(1));
    EXPECT_FALSE(op.Prepare(kMul));
    EXPECT_THAT(op.why(), HasSubstr("zero points 1, 0 and 0; all must be 0"));
  }
  {
    OpHarness op(OpKind::kMul);
    op.Input<float>({3}, {1, 2, 3}).Input<float>({2}, {1, 2}).Output<float>({3});
    EXPECT_FALSE(op.Prepare(kMul));
    EXPECT_THAT(op.why(), HasSubstr("don't broadcast"));
  }
  {
    OpHarness op(OpKind::kMul);
    op.Input<std::uint16_t>({1}, {1}).Input<std::uint16_t>({1}, {1}).Output<std::uint16_t>({1});
    EXPECT_FALSE(op.Prepare(kMul));
    EXPECT_THAT(op.why(), HasSubstr("type uint16 found"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
