// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/quantize_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

class QuantizeParams : public ::testing::Test {
 protected:
  static Tensor MakeTensor(Type type, const Shape& shape, const std::vector<float>& scales,
                           std::int32_t zero_point = 0, std::uint8_t axis = 0) {
    Tensor tensor;
    tensor.type = type;
    tensor.shape = shape;
    tensor.scales = scales.data();
    tensor.scale_count = static_cast<std::uint32_t>(scales.size());
    tensor.zero_point = zero_point;
    tensor.axis = axis;
    return tensor;
  }
  IntRange Range(Activation activation, Type type, float scale, std::int32_t zero_point) {
    const std::vector<float> scales = {scale};
    const auto range =
        QuantizedActivationRange(context_, activation, MakeTensor(type, {1}, scales, zero_point));
    EXPECT_TRUE(range);
    return *range;
  }

  Graph OneOperator() {
    Graph graph;
    graph.operators = {&op_, 1};
    return graph;
  }

  Operator op_;
  Graph graph_ = OneOperator();  // before context_, which reads it
  std::vector<std::byte> memory_ = std::vector<std::byte>(256);
  base::Arena arena_{memory_};
  base::Diagnosis why_;
  PrepareContext context_{graph_, 0, arena_, why_};
};

void ExpectRange(const IntRange& range, std::int32_t low, std::int32_t high) {
  EXPECT_EQ(range.low, low);
  EXPECT_EQ(range.high, high);
}

TEST_F(QuantizeParams, ActivationsCutTheTypesRange) {
  ExpectRange(Range(Activation::kNone, Type::kInt8, 0.5F, 7), -128, 127);
  ExpectRange(Range(Activation::kNone, Type::kUint8, 0.5F, 7), 0, 255);
  ExpectRange(Range(Activation::kNone, Type::kInt16, 0.5F, 0), -32768, 32767);
  ExpectRange(Range(Activation::kRelu, Type::kInt8, 0.5F, 7), 7, 127);
  ExpectRange(Range(Activation::kRelu6, Type::kInt8, 0.5F, 7), 7, 19);
  ExpectRange(Range(Activation::kRelu6, Type::kUint8, 0.01F, 7), 7, 255);
  ExpectRange(Range(Activation::kReluN1To1, Type::kInt8, 0.4F, 0), -3, 3);  // 2.5 away from zero
  ExpectRange(Range(Activation::kReluN1To1, Type::kInt8, 1e-38F, 127), -128, 127);
}

TEST_F(QuantizeParams, OtherActivationsAreRefused) {
  EXPECT_FALSE(FloatActivationRange(context_, Activation::kTanh));
  EXPECT_THAT(std::string(why_.text()), HasSubstr("fused activation TANH"));
}

TEST_F(QuantizeParams, FloatClampKeepsNotANumberAndBoundsInfinity) {
  const FloatRange none = *FloatActivationRange(context_, Activation::kNone);
  EXPECT_TRUE(std::isnan(none.Clamp(std::nanf(""))));
  EXPECT_EQ(none.Clamp(std::numeric_limits<float>::infinity()), std::numeric_limits<float>::max());
  const FloatRange six = *FloatActivationRange(context_, Activation::kRelu6);
  EXPECT_EQ(six.Clamp(-1.0F), 0.0F);
  EXPECT_EQ(six.Clamp(7.0F), 6.0F);
}

// 0.1 and 0.7 in float have a product of 48 bits; rounding it to 24 first changes the multiplier.
// The fractions are what TFLite Micro's QuantizeMultiplier makes of the two products.
TEST_F(QuantizeParams, TheProductsPrecisionShowsInTheMultiplier) {
  const base::FixedMultiplier wide = SumMultiplier(0.1F, 0.7F, 1.0F, ScaleProduct::kDouble);
  const base::FixedMultiplier narrow = SumMultiplier(0.1F, 0.7F, 1.0F, ScaleProduct::kFloat);
  EXPECT_EQ(wide.shift, -3);
  EXPECT_EQ(narrow.shift, -3);
  EXPECT_EQ(wide.fraction, 1202590840);
  EXPECT_EQ(narrow.fraction, 1202590848);
}

TEST_F(QuantizeParams, OneScaleTakesOnePairOfTheArena) {
  const std::vector<float> one = {0.5F};
  const std::vector<float> three = {0.5F, 0.25F, 0.125F};
  const Tensor in = MakeTensor(Type::kInt8, {1}, one);
  const Tensor same = MakeTensor(Type::kInt8, {3, 1}, one);
  const auto single = MakeChannelMultipliers(context_, in, same, 0, ScaleProduct::kDouble, in);
  ASSERT_TRUE(single);
  EXPECT_EQ(arena_.used(), 5U);
  EXPECT_EQ(single->at(2).shift, single->at(0).shift);
  const Tensor each = MakeTensor(Type::kInt8, {3, 1}, three);
  const auto many = MakeChannelMultipliers(context_, in, each, 0, ScaleProduct::kFloat, in);
  ASSERT_TRUE(many);
  EXPECT_EQ(arena_.used(), 5U + 3U + 15U);
  EXPECT_EQ(many->at(0).shift, 0);
  EXPECT_EQ(many->at(2).shift, -2);
}

TEST_F(QuantizeParams, AFullArenaIsAnError) {
  const std::vector<float> scales(64, 1.0F);
  const std::vector<float> one = {1.0F};
  const Tensor in = MakeTensor(Type::kInt8, {1}, one);
  const Tensor weights = MakeTensor(Type::kInt8, {64, 1}, scales);
  const auto made = MakeChannelMultipliers(context_, in, weights, 0, ScaleProduct::kDouble, in);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), base::Error::kOutOfMemory);
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
