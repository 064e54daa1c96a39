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

// A matrix product is a convolution of pictures of one pixel with a window of one tap, so cases
// come from there.
template <typename T, typename W, typename Bias>
ConvCase<T, W, Bias> RandomCase(Dice& dice) {
  auto c = ConvCase<T, W, Bias>::Random(dice, false);
  const int batch = dice.Int(1, 4);
  const int depth = dice.Int(1, 300);
  c.window = {.batch = batch, .channels = depth, .activation = c.window.activation};
  c.groups = 1;
  c.x = dice.Values<T>(static_cast<std::size_t>(batch * depth));
  c.w = dice.Values<W>(static_cast<std::size_t>(c.out_channels * depth));
  return c;
}

template <typename Case>
OwnedHarness Harness(const Case& c) {
  using Options = FullyConnectedOptions;
  OwnedHarness op = std::make_unique<OpHarness>(OpKind::kFullyConnected,
                                                Options{.activation = c.window.activation});
  const int depth = c.window.channels;
  op->Input<typename decltype(c.x)::value_type>({c.window.batch, depth}, c.x, c.in_quant);
  op->Constant<typename decltype(c.w)::value_type>({c.out_channels, depth}, c.w, c.weight_quant);
  if (c.has_bias) {
    op->Constant<typename decltype(c.bias)::value_type>({c.out_channels}, c.bias);
  }
  op->Output<typename decltype(c.x)::value_type>({c.window.batch, c.out_channels}, c.out_quant);
  return op;
}

template <typename T, typename W, typename Bias>
ConvCase<T, W, Bias> RandomLike(const ConvCase<T, W, Bias>& /*example*/, Dice& dice) {
  return RandomCase<T, W, Bias>(dice);
}

template <typename Case>
class FullyConnectedLaws : public ::testing::Test {};
using Quantized = ::testing::Types<Int8Case, Uint8Case, Int16Case, Int16NarrowCase>;
TYPED_TEST_SUITE(FullyConnectedLaws, Quantized);

TYPED_TEST(FullyConnectedLaws, IsTheDefinitionToRoundingHoweverShared) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const TypeParam c = RandomLike(TypeParam{}, dice);
    using T = typename decltype(c.x)::value_type;
    const OwnedHarness op = Harness(c);
    ASSERT_TRUE(op->Run(kFullyConnected)) << op->why();
    ExpectWithinUnits(kSumUnits<T>, op->Result<T>(), c.Expected(), c.out_quant,
                      "seed " + std::to_string(seed));
    const OwnedHarness shared = Harness(c);
    ASSERT_TRUE(shared->Split(3).Run(kFullyConnected)) << shared->why();
    ASSERT_EQ(op->Result<T>(), shared->Result<T>());
  }
}

TEST(FullyConnected, PerChannelIsAConvolutionOfOnePixel) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice(seed);
    Int8Case c = RandomLike(Int8Case{}, dice);
    c.out_channels = 3;
    c.w.resize(static_cast<std::size_t>(3 * c.window.channels));
    c.bias.resize(3);
    c.weight_quant = {{dice.Scale(-9, -5), dice.Scale(-9, -5), dice.Scale(-9, -5)}, 0, 0};
    const OwnedHarness product = Harness(c);
    const OwnedHarness convolution = c.Harness();
    ASSERT_TRUE(product->Run(kFullyConnected)) << product->why();
    ASSERT_TRUE(convolution->Run(kConv2d)) << convolution->why();
    ASSERT_EQ(product->Result<std::int8_t>(), convolution->Result<std::int8_t>()) << seed;
  }
}

TEST(FullyConnected, FloatAndHybridAreTheDefinition) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const auto c = RandomCase<float, float, float>(dice);
    const OwnedHarness op = Harness(c);
    ASSERT_TRUE(op->Run(kFullyConnected)) << op->why();
    ExpectNearFloats(op->Result<float>(), c.Expected(), 1e-4, "seed " + std::to_string(seed));
    const auto h = RandomCase<float, std::int8_t, float>(dice);
    const OwnedHarness hybrid = Harness(h);
    ASSERT_TRUE(hybrid->Run(kFullyConnected)) << hybrid->why();
    ExpectNearFloats(hybrid->Result<float>(), h.Expected(), 2e-4, "seed " + std::to_string(seed));
  }
}

// Made by TFLite Micro's reference kernels on the same cases, its own Prepare arithmetic included
// (uint8, which it has no registration for: its reference_ops with TensorFlow Lite's).
TEST(FullyConnected, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = [](auto example) {
    using Case = decltype(example);
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      const Case c = RandomLike(example, dice);
      const OwnedHarness op = Harness(c);
      EXPECT_TRUE(op->Run(kFullyConnected)) << op->why();
      sum.Add(op->Result<typename decltype(c.x)::value_type>());
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(Int8Case{}), 0xA1ED16562E411F95U);
  EXPECT_EQ(checksum(Uint8Case{}), 0x793DFD6F0AD1C91BU);
  EXPECT_EQ(checksum(Int16Case{}), 0xAA25EEC49483D080U);
  EXPECT_EQ(checksum(Int16NarrowCase{}), 0xC0C70C8202F1629BU);
}

TEST(FullyConnected, FlattensItsInputToBatches) {
  OpHarness op(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true});
  op.Input<float>({1, 2, 1, 2}, {1, 2, 3, 4})
      .Constant<float>({3, 2}, {1, 0, 0, 1, 1, 1})
      .Absent()
      .Output<float>({1, 2, 1, 3});
  ASSERT_TRUE(op.Run(kFullyConnected)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(1, 2, 3, 3, 4, 7));
}

TEST(FullyConnected, RefusesDataThatIsNoWholeBatch) {
  OpHarness op(OpKind::kFullyConnected);
  op.Input<float>({3}, {1, 2, 3}).Constant<float>({1, 2}, {1, 1}).Output<float>({1, 1});
  EXPECT_FALSE(op.Prepare(kFullyConnected));
  EXPECT_THAT(op.why(), HasSubstr("data of 3 elements found, a multiple of the weights' 2"));
}

TEST(FullyConnected, RefusesAnotherOutput) {
  for (const Shape& out : {Shape{2, 2}, Shape{3, 1}}) {
    OpHarness op(OpKind::kFullyConnected);
    op.Input<float>({2}, {1, 2}).Constant<float>({3, 2}, std::vector<float>(6));
    op.Output<float>(out);
    EXPECT_FALSE(op.Prepare(kFullyConnected));
    EXPECT_THAT(op.why(), HasSubstr("found, 3 and 3 expected"));
  }
}

TEST(FullyConnected, RefusesWeightsOfAnotherRank) {
  OpHarness op(OpKind::kFullyConnected);
  op.Input<float>({2}, {1, 2}).Constant<float>({2}, {1, 1}).Output<float>({1, 1});
  EXPECT_FALSE(op.Prepare(kFullyConnected));
  EXPECT_THAT(op.why(), HasSubstr("weights of rank 1 found, 2 expected"));
}

TEST(FullyConnected, RefusesShuffledWeights) {
  OpHarness op(OpKind::kFullyConnected, FullyConnectedOptions{.shuffled_weights = true});
  op.Input<float>({2}, {1, 2}).Constant<float>({1, 2}, {1, 1}).Output<float>({1, 1});
  EXPECT_FALSE(op.Prepare(kFullyConnected));
  EXPECT_THAT(op.why(), HasSubstr("shuffled"));
}

TEST(FullyConnected, RefusesABiasOfAnotherScale) {
  OpHarness op(OpKind::kFullyConnected);
  op.Input<std::int8_t>({2}, {1, 2}, Q(1.0F))
      .Constant<std::int8_t>({1, 2}, {1, 1}, Q(1.0F))
      .Constant<std::int32_t>({1}, {1}, Q(2.0F))
      .Output<std::int8_t>({1, 1}, Q(1.0F));
  EXPECT_FALSE(op.Prepare(kFullyConnected));
  EXPECT_THAT(op.why(), HasSubstr("another scale than input scale times weights scale"));
}

TEST(FullyConnected, RefusesUint8WeightsWithSeveralScales) {
  OpHarness op(OpKind::kFullyConnected);
  op.Input<std::uint8_t>({2}, {1, 2}, Q(1.0F))
      .Constant<std::uint8_t>({2, 2}, {1, 1, 1, 1}, {{1.0F, 2.0F}, 0, 0})
      .Output<std::uint8_t>({1, 2}, Q(1.0F));
  EXPECT_FALSE(op.Prepare(kFullyConnected));
  EXPECT_THAT(op.why(), HasSubstr("has 2 scales, one expected"));
}

TEST(FullyConnected, RefusesInt16WithZeroPointsOrHugeRatios) {
  const auto why = [](const Quant& in, const Quant& out) {
    OpHarness op(OpKind::kFullyConnected);
    op.Input<std::int16_t>({2}, {1, 2}, in)
        .Constant<std::int8_t>({1, 2}, {1, 1}, Q(1.0F))
        .Output<std::int16_t>({1, 1}, out);
    EXPECT_FALSE(op.Prepare(kFullyConnected));
    return op.why();
  };
  EXPECT_THAT(why(Q(1.0F, 3), Q(1.0F)), HasSubstr("zero points 3 (input) and 0 (output)"));
  EXPECT_THAT(why(Q(1.0F), Q(1.0F, -4)), HasSubstr("zero points 0 (input) and -4 (output)"));
  EXPECT_THAT(why(Q(1.0F), Q(0.001F)), HasSubstr("is 128 or more"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
