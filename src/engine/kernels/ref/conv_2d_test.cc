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
class ConvLaws : public ::testing::Test {};
using Quantized = ::testing::Types<Int8Case, Uint8Case, Int16Case, Int16NarrowCase>;
TYPED_TEST_SUITE(ConvLaws, Quantized);

TYPED_TEST(ConvLaws, IsTheDefinitionToRounding) {
  CheckTheDefinitionToRounding<TypeParam>(false);
}

TYPED_TEST(ConvLaws, EqualScalesPerChannelAreOneScale) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Dice dice(seed);
    TypeParam c = TypeParam::Random(dice, false);
    using T = typename decltype(c.x)::value_type;
    c.weight_quant.scales.resize(1);
    const OwnedHarness one = c.Harness();
    ASSERT_TRUE(one->Run(kConv2d)) << one->why();
    if (std::is_same_v<T, std::uint8_t>) {
      return;  // has no scales per channel
    }
    c.weight_quant.scales.assign(static_cast<std::size_t>(c.out_channels),
                                 c.weight_quant.scales[0]);
    const OwnedHarness many = c.Harness();
    ASSERT_TRUE(many->Run(kConv2d)) << many->why();
    ASSERT_EQ(one->Result<T>(), many->Result<T>()) << "seed " << seed;
  }
}

TYPED_TEST(ConvLaws, ExplicitPaddingIsAPadInFront) {
  CheckExplicitPaddingIsAPadInFront<TypeParam>(false);
}

TYPED_TEST(ConvLaws, SharedWorkGivesTheSameBytes) {
  CheckSharedWorkGivesTheSameBytes<TypeParam>(false);
}

TEST(Conv2d, FloatIsTheDefinition) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const FloatCase c = FloatCase::Random(dice, false);
    const OwnedHarness op = c.Harness();
    ASSERT_TRUE(op->Run(kConv2d)) << op->why();
    // Sums of up to 1700 products below 4, rounded to 24 bits each time.
    ExpectNearFloats(op->Result<float>(), c.Expected(), 2e-4, "seed " + std::to_string(seed));
    const OwnedHarness shared = c.Harness();
    ASSERT_TRUE(shared->Split(5).Run(kConv2d)) << shared->why();
    ASSERT_EQ(op->Result<float>(), shared->Result<float>());
  }
}

TEST(Conv2d, HybridIsTheDefinitionWithDequantisedWeights) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const HybridCase c = HybridCase::Random(dice, false);
    const OwnedHarness op = c.Harness();
    ASSERT_TRUE(op->Run(kConv2d)) << op->why();
    ExpectNearFloats(op->Result<float>(), c.Expected(), 1e-3, "seed " + std::to_string(seed));
  }
}

TEST(Conv2d, OneByOneByHand) {
  OpHarness op(OpKind::kConv2d);
  op.Input<std::int8_t>({1, 1, 2, 2}, {1, 2, 3, -4}, Q(1.0F))
      .Constant<std::int8_t>({2, 1, 1, 2}, {1, 1, 2, -1}, Q(1.0F))
      .Constant<std::int32_t>({2}, {10, -10})
      .Output<std::int8_t>({1, 1, 2, 2}, Q(1.0F, 5));
  ASSERT_TRUE(op.Run(kConv2d)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(18, -5, 14, 5));
}

TEST(Conv2d, SamePaddingPutsTheOddElementAtTheEnd) {
  OpHarness op(OpKind::kConv2d, ConvOptions{});
  op.Input<float>({1, 1, 3, 1}, {1, 2, 3})
      .Constant<float>({1, 1, 2, 1}, {10, 1})
      .Output<float>({1, 1, 3, 1});
  ASSERT_TRUE(op.Run(kConv2d)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(12, 23, 30));
}

TEST(Conv2d, AWindowOfWhichNoTapIsInsideGivesTheBias) {
  // SAME: the window spans 4, one place is enough, and its two taps lie at -1 and 2.
  OpHarness op(OpKind::kConv2d, ConvOptions{.dilation_w = 3});
  op.Input<float>({1, 1, 1, 1}, {7})
      .Constant<float>({1, 1, 2, 1}, {1, 2})
      .Constant<float>({1}, {0.5F})
      .Output<float>({1, 1, 1, 1});
  ASSERT_TRUE(op.Run(kConv2d)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(0.5F));
}

// Made by TFLite Micro's reference kernels on the same cases, its own Prepare arithmetic included
// (uint8, which it has no registration for: its reference_ops with TensorFlow Lite's).
TEST(Conv2d, GoldenChecksumsAreTheReferenceKernels) {
  EXPECT_EQ(ConvChecksum<Int8Case>(false), 0xDFF09102470E2755U);
  EXPECT_EQ(ConvChecksum<Uint8Case>(false), 0x32215AC0B5308D93U);
  EXPECT_EQ(ConvChecksum<Int16Case>(false), 0xFAA0E3C073AB75FCU);
  EXPECT_EQ(ConvChecksum<Int16NarrowCase>(false), 0x65CEFC838298E85BU);
}

TEST(Conv2d, ExtremeMultipliersAndBiasesAreDefined) {
  for (const float out_scale : {1e-30F, 1e-9F, 1.0F, 1e9F, 1e30F}) {
    for (const std::int32_t bias :
         {std::numeric_limits<std::int32_t>::min(), -1, std::numeric_limits<std::int32_t>::max()}) {
      OpHarness op(OpKind::kConv2d, ConvOptions{.activation = Activation::kRelu6});
      op.Input<std::int8_t>({1, 1, 2, 2}, {-128, 127, 3, -4}, Q(3e37F, 127))
          .Constant<std::int8_t>({2, 1, 1, 2}, {-128, -128, 127, 127}, Q(3e37F))
          .Constant<std::int32_t>({2}, {bias, bias})
          .Output<std::int8_t>({1, 1, 2, 2}, Q(out_scale, -128));
      EXPECT_TRUE(op.Run(kConv2d)) << op.why();
    }
  }
}

TEST(Conv2d, SumsBeyond32BitsWrap) {
  constexpr int kDepth = 70000;  // times 255 * 128 is 2.28e9
  OpHarness op(OpKind::kConv2d);
  op.Input<std::int8_t>({1, 1, 1, kDepth}, std::vector<std::int8_t>(kDepth, -128), Q(1.0F, 127))
      .Constant<std::int8_t>({1, 1, 1, kDepth}, std::vector<std::int8_t>(kDepth, -128), Q(1e-9F))
      .Output<std::int8_t>({1, 1, 1, 1}, Q(1.0F));
  ASSERT_TRUE(op.Run(kConv2d)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-2));  // (2284800000 - 2^32) / 10^9
}

struct Refused {
  const char* name;
  void (*build)(OpHarness& op);
  const char* message;
  base::Error error;
  ConvOptions options = {};
};

class Conv2dRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(Conv2dRefuses, WithAReason) {
  OpHarness op(OpKind::kConv2d, GetParam().options);
  GetParam().build(op);
  EXPECT_FALSE(op.Prepare(kConv2d));
  EXPECT_THAT(op.why(), HasSubstr(GetParam().message));
  EXPECT_EQ(op.error(), GetParam().error);
}

void Int8(OpHarness& op, const Quant& in, const Quant& weights, const Quant& out,
          const Shape& bias = {2}) {
  op.Input<std::int8_t>({1, 2, 2, 1}, {0, 0, 0, 0}, in)
      .Constant<std::int8_t>({2, 1, 1, 1}, {0, 0}, weights)
      .Constant<std::int32_t>(bias, std::vector<std::int32_t>(bias.element_count()))
      .Output<std::int8_t>({1, 2, 2, 2}, out);
}

INSTANTIATE_TEST_SUITE_P(
    All, Conv2dRefuses,
    ::testing::Values(
        Refused{"MixedTypes",
                [](OpHarness& op) {
                  op.Input<std::int8_t>({1, 1, 1, 1}, {0}, Q(1.0F))
                      .Constant<std::uint8_t>({1, 1, 1, 1}, {0}, Q(1.0F))
                      .Output<std::int8_t>({1, 1, 1, 1}, Q(1.0F));
                },
                "int8 data with uint8 weights found", base::Error::kUnsupported},
        Refused{"OutputType",
                [](OpHarness& op) {
                  op.Input<float>({1, 1, 1, 1}, {0})
                      .Constant<float>({1, 1, 1, 1}, {0})
                      .Output<std::int8_t>({1, 1, 1, 1}, Q(1.0F));
                },
                "is int8, float32 expected", base::Error::kUnsupported},
        Refused{"OutputShape",
                [](OpHarness& op) {
                  op.Input<float>({1, 3, 3, 1}, std::vector<float>(9))
                      .Constant<float>({1, 2, 2, 1}, {0, 0, 0, 0})
                      .Output<float>({1, 3, 3, 1});
                },
                "declared [1, 3, 3, 1], computed [1, 2, 2, 1]",
                base::Error::kMalformed,
                {.padding = Padding::kValid}},
        Refused{"FilterTooLarge",
                [](OpHarness& op) {
                  op.Input<float>({1, 3, 3, 1}, std::vector<float>(9))
                      .Constant<float>({1, 4, 1, 1}, {0, 0, 0, 0})
                      .Output<float>({1, 1, 3, 1});
                },
                "weights of 4 x 1 do not fit into data of 3 x 3",
                base::Error::kMalformed,
                {.padding = Padding::kValid}},
        Refused{"Rank",
                [](OpHarness& op) {
                  op.Input<float>({1, 1, 1}, {0})
                      .Constant<float>({1, 1, 1, 1}, {0})
                      .Output<float>({1, 1, 1, 1});
                },
                "data of rank 3 and weights of rank 4", base::Error::kMalformed},
        Refused{"Groups",
                [](OpHarness& op) {
                  op.Input<float>({1, 1, 1, 4}, {0, 0, 0, 0})
                      .Constant<float>({3, 1, 1, 2}, std::vector<float>(6))
                      .Output<float>({1, 1, 1, 3});
                },
                "no whole groups", base::Error::kMalformed},
        Refused{"InputScale", [](OpHarness& op) { Int8(op, {}, Q(1.0F), Q(1.0F)); },
                "has 0 scales, one expected", base::Error::kMalformed},
        Refused{"WeightScale", [](OpHarness& op) { Int8(op, Q(1.0F), {}, Q(1.0F)); },
                "have 0 scales along dimension 0; one, or 2 along dimension 0 expected",
                base::Error::kMalformed},
        Refused{"OutputScale", [](OpHarness& op) { Int8(op, Q(1.0F), Q(1.0F), {}); },
                "has 0 scales, one expected", base::Error::kMalformed},
        Refused{"ScaleCount",
                [](OpHarness& op) { Int8(op, Q(1.0F), {{1.0F, 1.0F, 1.0F}, 0, 0}, Q(1.0F)); },
                "have 3 scales", base::Error::kMalformed},
        Refused{"ScaleAxis",
                [](OpHarness& op) { Int8(op, Q(1.0F), {{1.0F, 1.0F}, 0, 3}, Q(1.0F)); },
                "have 2 scales along dimension 3", base::Error::kMalformed},
        Refused{"WeightZeroPoint", [](OpHarness& op) { Int8(op, Q(1.0F), Q(1.0F, 3), Q(1.0F)); },
                "int8 with zero point 3, 0 expected", base::Error::kUnsupported},
        Refused{"BiasCount", [](OpHarness& op) { Int8(op, Q(1.0F), Q(1.0F), Q(1.0F), {3}); },
                "has 3 elements, one for each of 2 output channels", base::Error::kMalformed},
        Refused{"BiasType",
                [](OpHarness& op) {
                  op.Input<float>({1, 1, 1, 1}, {0})
                      .Constant<float>({1, 1, 1, 1}, {0})
                      .Constant<std::int32_t>({1}, {0})
                      .Output<float>({1, 1, 1, 1});
                },
                "is int32, float32 expected", base::Error::kUnsupported},
        Refused{"Activation",
                [](OpHarness& op) { Int8(op, Q(1.0F), Q(1.0F), Q(1.0F)); },
                "fused activation TANH found",
                base::Error::kUnsupported,
                {.activation = Activation::kTanh}},
        Refused{"Counts", [](OpHarness& op) { op.Input<float>({1}, {0}).Output<float>({1}); },
                "1 inputs found, 2 to 3 expected", base::Error::kMalformed}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace pinhole::engine::kernels::ref
