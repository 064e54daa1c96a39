// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Div, FloatsOverBroadcastShapesOfEveryRank) {
  CheckBinary<float>(
      kDiv, 1, AnyOfType<float>(), [](Random& random) { return random.Real(0.5F, 9.0F); },
      [](float a, float b) { return a / b; }, 0.0);
}

TEST(Div, IntegersAreCutTowardsZero) {
  const auto divisor = [](Random& random) { return random.Coin() ? random.Int(1, 9) : -3; };
  CheckBinary<std::int32_t>(
      kDiv, 2, [](Random& random) { return random.Int(-1000, 1000); }, divisor,
      [](std::int32_t a, std::int32_t b) { return std::trunc(static_cast<double>(a) / b); }, 0.0);
}

TEST(Div, TheLeastIntegerByMinusOneWraps) {
  constexpr std::int32_t kLeast32 = std::numeric_limits<std::int32_t>::min();
  OpHarness op(OpKind::kDiv);
  op.Input<std::int32_t>({2}, {kLeast32, 7})
      .Input<std::int32_t>({}, {-1})
      .Output<std::int32_t>({2});
  ASSERT_TRUE(op.Run(kDiv)) << op.why();
  EXPECT_THAT(op.Result<std::int32_t>(), ElementsAre(kLeast32, -7));
  constexpr std::int64_t kLeast64 = std::numeric_limits<std::int64_t>::min();
  OpHarness wide(OpKind::kDiv);
  wide.Input<std::int64_t>({1}, {kLeast64}).Input<std::int64_t>({}, {-1}).Output<std::int64_t>({1});
  ASSERT_TRUE(wide.Run(kDiv)) << wide.why();
  EXPECT_THAT(wide.Result<std::int64_t>(), ElementsAre(kLeast64));
}

TEST(Div, AnIntegerDivisorOfZeroEndsTheRun) {
  OpHarness op(OpKind::kDiv);
  op.Input<std::int32_t>({2}, {4, 6}).Input<std::int32_t>({2}, {2, 0}).Output<std::int32_t>({2});
  EXPECT_FALSE(op.Run(kDiv));
  EXPECT_THAT(op.why(), HasSubstr("invalid argument"));
  op.SetInput<std::int32_t>(1, {2, 3});
  EXPECT_TRUE(op.Run(kDiv)) << op.why();
  EXPECT_THAT(op.Result<std::int32_t>(), ElementsAre(2, 2));

  OpHarness quantised(OpKind::kDiv);
  quantised.Input<std::int8_t>({1}, {4}, Q(1))
      .Input<std::int8_t>({1}, {-5}, Q(1, -5))
      .Output<std::int8_t>({1}, Q(1));
  EXPECT_FALSE(quantised.Run(kDiv));
}

TEST(Div, AFloatDivisorOfZeroIsLarge) {
  OpHarness op(OpKind::kDiv);
  op.Input<float>({2}, {1.0F, -1.0F}).Input<float>({}, {0.0F}).Output<float>({2});
  ASSERT_TRUE(op.Run(kDiv)) << op.why();
  EXPECT_THAT(op.Result<float>(),
              ElementsAre(std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()));
}

template <typename T>
void CheckQuantisedQuotients(const Quant& a, const Quant& b, const Quant& out) {
  CheckBinary<T>(
      kDiv, 3, AnyOfType<T>(),
      [&](Random& random) {
        const T any = random.Values<T>(Shape{1})[0];
        return any == static_cast<T>(b.zero_point) ? static_cast<T>(any + 1) : any;
      },
      [&](T x, T y) {
        const double quotient = static_cast<double>(a.scales[0]) * (x - a.zero_point) /
                                (static_cast<double>(b.scales[0]) * (y - b.zero_point));
        return std::clamp<double>(
            std::round(quotient / static_cast<double>(out.scales[0])) + out.zero_point,
            std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
      },
      1.0, {a, b, out});
}

TEST(Div, QuantisedIsWithinAUnitOfRealArithmetic) {
  CheckQuantisedQuotients<std::int8_t>(Q(0.02F, -7), Q(0.05F, 12), Q(0.01F, 3));
  CheckQuantisedQuotients<std::int8_t>(Q(1.0F, 127), Q(1.0F, -128), Q(1.0F, 0));
  CheckQuantisedQuotients<std::uint8_t>(Q(0.02F, 128), Q(0.05F, 90), Q(0.01F, 100));
}

TEST(Div, HostileScalesGiveSomeNumber) {
  const float scales[] = {1e-45F, 1.0F, 3e38F};
  for (const float a : scales) {
    for (const float b : scales) {
      for (const float out : scales) {
        OpHarness op(OpKind::kDiv);
        op.Input<std::int8_t>({4}, {-128, 127, 0, 1}, Q(a, 127))
            .Input<std::int8_t>({4}, {127, -127, 1, -1}, Q(b, -128))
            .Output<std::int8_t>({4}, Q(out, 127));
        EXPECT_TRUE(op.Run(kDiv)) << op.why();
      }
    }
  }
}

TEST(Div, Refuses) {
  OpHarness op(OpKind::kDiv);
  op.Input<std::int16_t>({1}, {1}, Q(1)).Input<std::int16_t>({1}, {1}, Q(1));
  op.Output<std::int16_t>({1}, Q(1));
  EXPECT_FALSE(op.Prepare(kDiv));
  EXPECT_EQ(op.error(), base::Error::kUnsupported);
  EXPECT_THAT(op.why(), HasSubstr("type int16 found"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
