// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
class PreluLaws : public ::testing::Test {};
using Types = ::testing::Types<float, std::int8_t, std::uint8_t>;
TYPED_TEST_SUITE(PreluLaws, Types);

TYPED_TEST(PreluLaws, IsTheDefinitionForEveryBroadcast) {
  const Shape in_shape{2, 3, 4, 5};
  const Shape alpha_shapes[] = {{5}, {1, 1, 5}, {1}, {3, 1, 1}, {1, 3, 4, 5}, {2, 3, 4, 5}};
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Dice dice(seed);
    const Shape alpha_shape = alpha_shapes[seed % 6];
    Quant in, alpha, out;
    if (!std::is_floating_point_v<TypeParam>) {
      in = dice.Quantization<TypeParam>(-7, 0);
      alpha = dice.Quantization<TypeParam>(-9, -6);
      out = dice.Quantization<TypeParam>(-3, 3, in.scales[0]);
    }
    const auto x = dice.Values<TypeParam>(120);
    const auto slopes = dice.Values<TypeParam>(alpha_shape.element_count());
    const auto run = [&](int place, int parts) {
      OpHarness op(OpKind::kPrelu);
      op.Input<TypeParam>(in_shape, x, in);
      op.Constant<TypeParam>(alpha_shape, slopes, alpha);
      op.Output<TypeParam>(in_shape, out);
      EXPECT_TRUE(op.Split(parts).Run(kPrelu, place)) << op.why();
      return op.Result<TypeParam>();
    };
    std::vector<double> expected = Reals(x, in, false);
    const std::vector<double> real_slopes = Reals(slopes, alpha, false);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::size_t at = 0, rest = i, step = 1;
      for (int d = 0; d < 4; ++d) {
        const auto size = static_cast<std::size_t>(in_shape.FromBack(d));
        const auto own = static_cast<std::size_t>(alpha_shape.FromBack(d));
        at += own == 1 ? 0 : rest % size * step;
        rest /= size;
        step *= own;
      }
      expected[i] = expected[i] >= 0.0 ? expected[i] : expected[i] * real_slopes[at];
    }
    const auto result = run(-1, 1);
    if constexpr (std::is_floating_point_v<TypeParam>) {
      ExpectNearFloats(result, expected, 1e-6, "seed " + std::to_string(seed));
    } else {
      ExpectWithinOneUnit(result, expected, out, "seed " + std::to_string(seed));
    }
    ASSERT_EQ(run(0, 1), result);
    ASSERT_EQ(run(-1, 3), result);
  }
}

// Made by TFLite Micro's reference kernel (uint8: TensorFlow Lite's) on the same cases.
TEST(Prelu, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = []<typename T>(T /*example*/) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      const Quant in = dice.Quantization<T>(-7, 0);
      const Quant alpha = dice.Quantization<T>(-9, -6);
      const Quant out = dice.Quantization<T>(-3, 3, in.scales[0]);
      OpHarness op(OpKind::kPrelu);
      op.Input<T>({1, 2, 3, 20}, dice.Values<T>(120), in);
      op.Constant<T>({20}, dice.Values<T>(20), alpha);
      op.Output<T>({1, 2, 3, 20}, out);
      EXPECT_TRUE(op.Run(kPrelu)) << op.why();
      sum.Add(op.Result<T>());
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(std::int8_t{}), 0x2DF50DB6A38D762CU);
  EXPECT_EQ(checksum(std::uint8_t{}), 0x500287EEE8987759U);
}

TEST(Prelu, ByHand) {
  OpHarness op(OpKind::kPrelu);
  op.Input<std::int8_t>({1, 2, 2}, {-4, -4, 3, 0}, Q(1.0F))
      .Constant<std::int8_t>({2}, {1, 2}, Q(0.25F))
      .Output<std::int8_t>({1, 2, 2}, Q(1.0F, 1));
  ASSERT_TRUE(op.Run(kPrelu)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(0, -1, 4, 1));
}

TEST(Prelu, RefusesWithAReason) {
  OpHarness larger(OpKind::kPrelu);
  larger.Input<float>({1, 2}, {1, 2}).Constant<float>({2, 2}, {1, 2, 3, 4}).Output<float>({2, 2});
  EXPECT_FALSE(larger.Prepare(kPrelu));
  EXPECT_THAT(larger.why(), HasSubstr("declared [2, 2], computed [1, 2]"));
  OpHarness shapes(OpKind::kPrelu);
  shapes.Input<float>({3}, {1, 2, 3}).Constant<float>({2}, {1, 2}).Output<float>({3});
  EXPECT_FALSE(shapes.Prepare(kPrelu));
  EXPECT_THAT(shapes.why(), HasSubstr("don't broadcast"));
  OpHarness types(OpKind::kPrelu);
  types.Input<std::int16_t>({1}, {1}, Q(1.0F))
      .Constant<std::int16_t>({1}, {1}, Q(1.0F))
      .Output<std::int16_t>({1}, Q(1.0F));
  EXPECT_FALSE(types.Prepare(kPrelu));
  EXPECT_THAT(types.why(), HasSubstr("type int16 found"));
  OpHarness scale(OpKind::kPrelu);
  scale.Input<std::int8_t>({1}, {1}, Q(1.0F))
      .Constant<std::int8_t>({1}, {1})
      .Output<std::int8_t>({1}, Q(1.0F));
  EXPECT_FALSE(scale.Prepare(kPrelu));
  EXPECT_THAT(scale.why(), HasSubstr("0 scales"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
