// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/conv_laws.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Case>
class DepthwiseLaws : public ::testing::Test {};
using Quantized = ::testing::Types<Int8Case, Uint8Case, Int16Case>;
TYPED_TEST_SUITE(DepthwiseLaws, Quantized);

TYPED_TEST(DepthwiseLaws, IsTheDefinitionToRounding) {
  CheckTheDefinitionToRounding<TypeParam>(true);
}

TYPED_TEST(DepthwiseLaws, ExplicitPaddingIsAPadInFront) {
  CheckExplicitPaddingIsAPadInFront<TypeParam>(true);
}

TYPED_TEST(DepthwiseLaws, SharedWorkGivesTheSameBytes) {
  CheckSharedWorkGivesTheSameBytes<TypeParam>(true);
}

TEST(DepthwiseConv2d, EqualScalesPerChannelAreOneScale) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Dice dice(seed);
    Int8Case c = Int8Case::Random(dice, true);
    c.weight_quant = Q(c.weight_quant.scales[0]);
    const OwnedHarness one = c.Harness();
    ASSERT_TRUE(one->Run(kDepthwiseConv2d)) << one->why();
    c.weight_quant.scales.assign(static_cast<std::size_t>(c.out_channels),
                                 c.weight_quant.scales[0]);
    c.weight_quant.axis = 3;
    const OwnedHarness many = c.Harness();
    ASSERT_TRUE(many->Run(kDepthwiseConv2d)) << many->why();
    ASSERT_EQ(one->Result<std::int8_t>(), many->Result<std::int8_t>()) << "seed " << seed;
  }
}

TEST(DepthwiseConv2d, FloatAndHybridAreTheDefinition) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const FloatCase c = FloatCase::Random(dice, true);
    const OwnedHarness op = c.Harness();
    ASSERT_TRUE(op->Run(kDepthwiseConv2d)) << op->why();
    ExpectNearFloats(op->Result<float>(), c.Expected(), 2e-5, "seed " + std::to_string(seed));
    const HybridCase h = HybridCase::Random(dice, true);
    const OwnedHarness hybrid = h.Harness();
    ASSERT_TRUE(hybrid->Run(kDepthwiseConv2d)) << hybrid->why();
    ExpectNearFloats(hybrid->Result<float>(), h.Expected(), 1e-4, "seed " + std::to_string(seed));
  }
}

TEST(DepthwiseConv2d, AMultiplierTakesConsecutiveOutputs) {
  OpHarness op(OpKind::kDepthwiseConv2d, DepthwiseConvOptions{.depth_multiplier = 2});
  op.Input<std::int8_t>({1, 1, 1, 2}, {3, 5}, Q(1.0F))
      .Constant<std::int8_t>({1, 1, 1, 4}, {1, 10, 2, -10}, Q(1.0F))
      .Output<std::int8_t>({1, 1, 1, 4}, Q(1.0F));
  ASSERT_TRUE(op.Run(kDepthwiseConv2d)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(3, 30, 10, -50));
}

// Made by TFLite Micro's reference kernels on the same cases, its own Prepare arithmetic included
// (uint8, which it has no registration for: its reference_ops with TensorFlow Lite's).
TEST(DepthwiseConv2d, GoldenChecksumsAreTheReferenceKernels) {
  EXPECT_EQ(ConvChecksum<Int8Case>(true), 0xF29C1B2EB32079EEU);
  EXPECT_EQ(ConvChecksum<Uint8Case>(true), 0xB6E790D254B57140U);
  EXPECT_EQ(ConvChecksum<Int16Case>(true), 0xD7F5B59C06119334U);
}

TEST(DepthwiseConv2d, RefusesWeightsThatAreNoMultiple) {
  OpHarness op(OpKind::kDepthwiseConv2d);
  op.Input<float>({1, 1, 1, 2}, {1, 2})
      .Constant<float>({1, 1, 1, 3}, {1, 2, 3})
      .Output<float>({1, 1, 1, 3});
  EXPECT_FALSE(op.Prepare(kDepthwiseConv2d));
  EXPECT_THAT(op.why(), HasSubstr("last a multiple of the data's 2 channels expected"));
}

TEST(DepthwiseConv2d, RefusesAMultiplierThatTheShapesDeny) {
  OpHarness op(OpKind::kDepthwiseConv2d, DepthwiseConvOptions{.depth_multiplier = 3});
  op.Input<float>({1, 1, 1, 2}, {1, 2})
      .Constant<float>({1, 1, 1, 4}, {1, 2, 3, 4})
      .Output<float>({1, 1, 1, 4});
  EXPECT_FALSE(op.Prepare(kDepthwiseConv2d));
  EXPECT_THAT(op.why(), HasSubstr("depth multiplier 3 found, the shapes say 2"));
}

TEST(DepthwiseConv2d, RefusesScalesAlongAnotherDimension) {
  OpHarness op(OpKind::kDepthwiseConv2d);
  op.Input<std::int8_t>({1, 1, 1, 2}, {1, 2}, Q(1.0F))
      .Constant<std::int8_t>({1, 1, 1, 2}, {1, 2}, {{1.0F, 2.0F}, 0, 0})
      .Output<std::int8_t>({1, 1, 1, 2}, Q(1.0F));
  EXPECT_FALSE(op.Prepare(kDepthwiseConv2d));
  EXPECT_THAT(op.why(), HasSubstr("2 scales along dimension 0; one, or 2 along dimension 3"));
}

TEST(DepthwiseConv2d, RefusesABatchOfWeights) {
  OpHarness op(OpKind::kDepthwiseConv2d);
  op.Input<float>({1, 1, 1, 1}, {1})
      .Constant<float>({2, 1, 1, 1}, {1, 2})
      .Output<float>({1, 1, 1, 1});
  EXPECT_FALSE(op.Prepare(kDepthwiseConv2d));
  EXPECT_THAT(op.why(), HasSubstr("weights [2, 1, 1, 1] found; first dimension 1"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
