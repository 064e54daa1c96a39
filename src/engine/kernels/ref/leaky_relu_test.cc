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
class LeakyReluLaws : public ::testing::Test {};
using Integers = ::testing::Types<std::int8_t, std::uint8_t, std::int16_t>;
TYPED_TEST_SUITE(LeakyReluLaws, Integers);

TYPED_TEST(LeakyReluLaws, IsTheDefinitionToAUnitInPlaceAndShared) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice(seed);
    const float alpha = dice.Real(-1.5F, 1.5F);
    const Quant in = dice.Quantization<TypeParam>(-7, 0);
    const Quant out = dice.Quantization<TypeParam>(-3, 3, in.scales[0]);
    const auto x = dice.Values<TypeParam>(100);
    const auto run = [&](int place, int parts) {
      OpHarness op(OpKind::kLeakyRelu, LeakyReluOptions{alpha});
      op.Input<TypeParam>({4, 25}, x, in);
      op.Output<TypeParam>({4, 25}, out);
      EXPECT_TRUE(op.Split(parts).Run(kLeakyRelu, place)) << op.why();
      return op.Result<TypeParam>();
    };
    std::vector<double> expected = Reals(x, in, false);
    for (double& value : expected) {
      value = value > 0.0 ? value : value * static_cast<double>(alpha);
    }
    const auto result = run(-1, 1);
    ExpectWithinOneUnit(result, expected, out, "seed " + std::to_string(seed));
    ASSERT_EQ(run(0, 1), result);
    ASSERT_EQ(run(-1, 3), result);
  }
}

// Made by TFLite Micro's reference kernel (uint8: TensorFlow Lite's) on the same cases.
TEST(LeakyRelu, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = []<typename T>(T /*example*/) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      OpHarness op(OpKind::kLeakyRelu, LeakyReluOptions{dice.Real(-1.5F, 1.5F)});
      const Quant in = dice.Quantization<T>(-7, 0);
      const Quant out = dice.Quantization<T>(-3, 3, in.scales[0]);
      op.Input<T>({100}, dice.Values<T>(100), in);
      op.Output<T>({100}, out);
      EXPECT_TRUE(op.Run(kLeakyRelu)) << op.why();
      sum.Add(op.Result<T>());
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(std::int8_t{}), 0xF3EECCFF878E34A4U);
  EXPECT_EQ(checksum(std::uint8_t{}), 0xAFC492623D3E397DU);
  EXPECT_EQ(checksum(std::int16_t{}), 0x1F1D20FDDC505E79U);
}

TEST(LeakyRelu, Float) {
  OpHarness op(OpKind::kLeakyRelu, LeakyReluOptions{0.5F});
  op.Input<float>({4}, {-2, -1, 0, 3}).Output<float>({4});
  ASSERT_TRUE(op.Run(kLeakyRelu, 0)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(-1, -0.5F, 0, 3));
}

TEST(LeakyRelu, ANegativeSlopeNegatesTheRoundedProduct) {
  OpHarness op(OpKind::kLeakyRelu, LeakyReluOptions{-0.5F});
  op.Input<std::int8_t>({4}, {-3, -2, 0, 3}, Q(1.0F)).Output<std::int8_t>({4}, Q(1.0F, 10));
  ASSERT_TRUE(op.Run(kLeakyRelu)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(11, 11, 10, 13));  // -3 * 0.5 rounds up, to -1
}

TEST(LeakyRelu, ExtremeScalesAreDefined) {
  for (const float scale : {1e-38F, 3e38F}) {
    for (const float alpha : {-3e38F, 3e38F, 1e-40F}) {
      OpHarness op(OpKind::kLeakyRelu, LeakyReluOptions{alpha});
      op.Input<std::int16_t>({2}, {-32768, 32767}, Q(scale, 32767));
      op.Output<std::int16_t>({2}, Q(1.0F, -32768));
      EXPECT_TRUE(op.Run(kLeakyRelu)) << op.why();
    }
  }
}

TEST(LeakyRelu, RefusesWithAReason) {
  OpHarness alpha(OpKind::kLeakyRelu, LeakyReluOptions{std::nanf("")});
  alpha.Input<float>({1}, {1}).Output<float>({1});
  EXPECT_FALSE(alpha.Prepare(kLeakyRelu));
  EXPECT_THAT(alpha.why(), HasSubstr("alpha is not a finite number"));
  OpHarness scale(OpKind::kLeakyRelu);
  scale.Input<std::int8_t>({1}, {1}).Output<std::int8_t>({1}, Q(1.0F));
  EXPECT_FALSE(scale.Prepare(kLeakyRelu));
  EXPECT_THAT(scale.why(), HasSubstr("0 scales"));
  OpHarness type(OpKind::kLeakyRelu);
  type.Input<std::int32_t>({1}, {1}).Output<std::int32_t>({1});
  EXPECT_FALSE(type.Prepare(kLeakyRelu));
  EXPECT_THAT(type.why(), HasSubstr("type int32 found"));
  OpHarness shape(OpKind::kLeakyRelu);
  shape.Input<float>({2}, {1, 2}).Output<float>({1, 2});
  EXPECT_FALSE(shape.Prepare(kLeakyRelu));
  EXPECT_THAT(shape.why(), HasSubstr("declared [1, 2], computed [2]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
