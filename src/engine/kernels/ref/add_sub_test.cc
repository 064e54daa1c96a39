// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

TEST(AddSub, FloatsOverBroadcastShapesOfEveryRank) {
  const auto any = AnyOfType<float>();
  CheckBinary<float>(kAdd, 1, any, any, [](float a, float b) { return a + b; }, 0.0);
  CheckBinary<float>(kSub, 2, any, any, [](float a, float b) { return a - b; }, 0.0);
}

TEST(AddSub, Int64OverBroadcastShapesOfEveryRank) {
  const auto any = [](Random& random) { return std::int64_t{random.Int(-1000, 1000)}; };
  CheckBinary<std::int64_t>(
      kSub, 3, any, any, [](std::int64_t a, std::int64_t b) { return static_cast<double>(a - b); },
      0.0);
}

TEST(AddSub, QuantisedIsWithinAUnitOfRealArithmetic) {
  const auto add = [](double a, double b) { return a + b; };
  const auto sub = [](double a, double b) { return a - b; };
  const std::vector<Quant> int8 = {Q(0.02F, -7), Q(0.035F, 12), Q(0.05F, 3)};
  CheckQuantizedBinary<std::int8_t>(kAdd, 4, add, int8);
  CheckQuantizedBinary<std::int8_t>(kSub, 5, sub, int8);
  const std::vector<Quant> uint8 = {Q(0.02F, 128), Q(0.035F, 100), Q(0.05F, 3)};
  CheckQuantizedBinary<std::uint8_t>(kAdd, 6, add, uint8);
  CheckQuantizedBinary<std::uint8_t>(kSub, 7, sub, uint8);
  const std::vector<Quant> int16 = {Q(0.0002F), Q(0.00035F), Q(0.0005F)};
  CheckQuantizedBinary<std::int16_t>(kAdd, 8, add, int16);
  CheckQuantizedBinary<std::int16_t>(kSub, 9, sub, int16);
}

// By hand: 0.5 * (10 - 1) + 0.25 * (-3 - 5) = 2.5; in units of 0.125 around -20 that is 0.
TEST(Add, Int8KnownValues) {
  OpHarness op(OpKind::kAdd);
  op.Input<std::int8_t>({3}, {10, 1, 127}, Q(0.5F, 1))
      .Input<std::int8_t>({3}, {-3, 5, 127}, Q(0.25F, 5))
      .Output<std::int8_t>({3}, Q(0.125F, -20));
  ASSERT_TRUE(op.Run(kAdd)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(0, -20, 127));
}

TEST(Add, AHalfUnitIsRoundedAwayFromZero) {
  OpHarness op(OpKind::kAdd);
  op.Input<std::int8_t>({4}, {1, 3, -1, -3}, Q(1.0F))
      .Input<std::int8_t>({1}, {0}, Q(1.0F))
      .Output<std::int8_t>({4}, Q(2.0F));
  ASSERT_TRUE(op.Run(kAdd)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(1, 2, -1, -2));
}

TEST(AddSub, Int32WrapsAround) {
  OpHarness add(OpKind::kAdd);
  add.Input<std::int32_t>({2}, {kMost, kLeast})
      .Input<std::int32_t>({2}, {1, -1})
      .Output<std::int32_t>({2});
  ASSERT_TRUE(add.Run(kAdd)) << add.why();
  EXPECT_THAT(add.Result<std::int32_t>(), ElementsAre(kLeast, kMost));
  OpHarness sub(OpKind::kSub);
  sub.Input<std::int32_t>({}, {kLeast}).Input<std::int32_t>({}, {1}).Output<std::int32_t>({});
  ASSERT_TRUE(sub.Run(kSub)) << sub.why();
  EXPECT_THAT(sub.Result<std::int32_t>(), ElementsAre(kMost));
}

TEST(AddSub, FusedActivationsClamp) {
  const auto run = [](Activation activation) {
    OpHarness op(OpKind::kAdd, ActivationOptions{activation});
    op.Input<float>({4}, {-9.0F, -0.5F, 0.5F, 9.0F}).Input<float>({}, {0.0F}).Output<float>({4});
    EXPECT_TRUE(op.Run(kAdd)) << op.why();
    return op.Result<float>();
  };
  EXPECT_THAT(run(Activation::kRelu), ElementsAre(0.0F, 0.0F, 0.5F, 9.0F));
  EXPECT_THAT(run(Activation::kRelu6), ElementsAre(0.0F, 0.0F, 0.5F, 6.0F));
  EXPECT_THAT(run(Activation::kReluN1To1), ElementsAre(-1.0F, -0.5F, 0.5F, 1.0F));

  OpHarness quantised(OpKind::kSub, ActivationOptions{Activation::kRelu6});
  quantised.Input<std::int8_t>({3}, {-100, 10, 100}, Q(0.1F))
      .Input<std::int8_t>({}, {0}, Q(0.1F))
      .Output<std::int8_t>({3}, Q(0.1F, -10));
  ASSERT_TRUE(quantised.Run(kSub)) << quantised.why();
  EXPECT_THAT(quantised.Result<std::int8_t>(), ElementsAre(-10, 0, 50));

  OpHarness integer(OpKind::kAdd, ActivationOptions{Activation::kReluN1To1});
  integer.Input<std::int32_t>({3}, {-7, 0, 7})
      .Input<std::int32_t>({}, {0})
      .Output<std::int32_t>({3});
  ASSERT_TRUE(integer.Run(kAdd)) << integer.why();
  EXPECT_THAT(integer.Result<std::int32_t>(), ElementsAre(-1, 0, 1));
}

TEST(AddSub, TheSameTensorTwiceInPlace) {
  OpHarness op(OpKind::kSub);
  op.Input<float>({2, 2}, {1, 2, 3, 4}).Input<float>({2, 2}, {1, 2, 3, 4}).Output<float>({2, 2});
  ASSERT_TRUE(op.Run(kSub, 1)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(0, 0, 0, 0));
}

// Scales at the ends of what a file can hold must not trip anything.
TEST(AddSub, HostileScalesGiveSomeNumber) {
  const float scales[] = {1e-45F, 1e-38F, 1.0F, 3e38F};
  for (const float a : scales) {
    for (const float b : scales) {
      for (const float out : scales) {
        for (const Kernel* kernel : {&kAdd, &kSub}) {
          OpHarness op(kernel->kind);
          op.Input<std::int16_t>({2}, {-32768, 32767}, Q(a, 32767))
              .Input<std::int16_t>({2}, {32767, -32768}, Q(b, -32768))
              .Output<std::int16_t>({2}, Q(out, 32767));
          EXPECT_TRUE(op.Run(*kernel)) << op.why();
        }
      }
    }
  }
}

TEST(AddSub, Refuses) {
  {
    OpHarness op(OpKind::kAdd);
    op.Input<float>({2, 3}, std::vector<float>(6)).Input<float>({2}, {1, 2}).Output<float>({2, 3});
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_EQ(op.error(), base::Error::kMalformed);
    EXPECT_THAT(op.why(), HasSubstr("operator 0 ADD: "));
    EXPECT_THAT(op.why(), HasSubstr("don't broadcast"));
  }
  {
    OpHarness op(OpKind::kSub);
    op.Input<float>({2}, {1, 2}).Input<float>({1}, {1}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kSub));
    EXPECT_THAT(op.why(), HasSubstr("declared [1], computed [2]"));
  }
  {
    OpHarness op(OpKind::kAdd);
    op.Input<float>({1}, {1}).Input<std::int32_t>({1}, {1}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_THAT(op.why(), HasSubstr("is int32, float32 expected"));
  }
  {
    OpHarness op(OpKind::kAdd);
    op.Input<std::int8_t>({1}, {1}, Q(1))
        .Input<std::int8_t>({1}, {1})
        .Output<std::int8_t>({1}, Q(1));
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_THAT(op.why(), HasSubstr("has 0 scales"));
  }
  {
    OpHarness op(OpKind::kAdd, ActivationOptions{Activation::kTanh});
    op.Input<float>({1}, {1}).Input<float>({1}, {1}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("TANH"));
  }
  {
    OpHarness op(OpKind::kAdd);
    op.Input<std::uint32_t>({1}, {1}).Input<std::uint32_t>({1}, {1}).Output<std::uint32_t>({1});
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_THAT(op.why(), HasSubstr("type uint32 found"));
  }
  {
    OpHarness op(OpKind::kAdd);
    op.Input<float>({1}, {1}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kAdd));
    EXPECT_THAT(op.why(), HasSubstr("1 inputs found"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
