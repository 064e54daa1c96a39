// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Out>
Quant OutQuant() {
  return sizeof(Out) == 2 ? Q(1.0F / 65536.0F, -32768)
                          : Q(1.0F / 256.0F, std::numeric_limits<Out>::min());
}

template <typename In, typename Out>
struct SoftmaxCase {
  Shape shape;
  std::vector<In> x;
  float beta = 1.0F;
  Quant in_quant, out_quant;

  static SoftmaxCase Random(std::uint64_t seed) {
    Dice dice(seed);
    SoftmaxCase c;
    c.shape = {dice.Int(1, 3), dice.Int(1, 3), dice.Int(1, 60)};
    c.x = dice.Values<In>(c.shape.element_count());
    c.beta = dice.Int(0, 2) == 0 ? dice.Scale(-3, 2) : 1.0F;
    if (!std::is_floating_point_v<In>) {
      c.in_quant = dice.template Quantization<In>(-9, -1);
      c.out_quant = OutQuant<Out>();
    }
    return c;
  }
  [[nodiscard]] OwnedHarness Harness() const {
    OwnedHarness op = std::make_unique<OpHarness>(OpKind::kSoftmax, SoftmaxOptions{beta});
    op->Input<In>(shape, x, in_quant);
    op->Output<Out>(shape, out_quant);
    return op;
  }
  [[nodiscard]] std::vector<double> Expected() const {
    std::vector<double> reals = Reals(x, in_quant, false);
    const auto depth = static_cast<std::size_t>(shape.dim(2));
    for (std::size_t row = 0; row < reals.size(); row += depth) {
      double sum = 0.0;
      const double largest =
          *std::max_element(reals.begin() + static_cast<std::ptrdiff_t>(row),
                            reals.begin() + static_cast<std::ptrdiff_t>(row + depth));
      for (std::size_t i = row; i < row + depth; ++i) {
        reals[i] = std::exp(static_cast<double>(beta) * (reals[i] - largest));
        sum += reals[i];
      }
      for (std::size_t i = row; i < row + depth; ++i) {
        reals[i] /= sum;
      }
    }
    return reals;
  }
};

template <typename Case>
class SoftmaxLaws : public ::testing::Test {};
using Quantized =
    ::testing::Types<SoftmaxCase<std::int8_t, std::int8_t>, SoftmaxCase<std::uint8_t, std::uint8_t>,
                     SoftmaxCase<std::int8_t, std::int16_t>>;
TYPED_TEST_SUITE(SoftmaxLaws, Quantized);

TYPED_TEST(SoftmaxLaws, IsTheDefinitionToAUnitHoweverShared) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const TypeParam c = TypeParam::Random(seed);
    const OwnedHarness op = c.Harness();
    ASSERT_TRUE(op->Run(kSoftmax)) << op->why();
    const auto check = [&](auto result) {
      // Two bytes of output show the exponential's own error of some 2^-16.
      const int allowed = sizeof(result[0]) == 2 ? 3 : 1;
      const std::vector<double> expected = c.Expected();
      for (std::size_t i = 0; i < result.size(); ++i) {
        const double units =
            expected[i] / static_cast<double>(c.out_quant.scales[0]) + c.out_quant.zero_point;
        const double high = std::numeric_limits<typename decltype(result)::value_type>::max();
        ASSERT_NEAR(result[i], std::min(units, high), allowed) << "seed " << seed;
      }
      const OwnedHarness shared = c.Harness();
      ASSERT_TRUE(shared->Split(3).Run(kSoftmax)) << shared->why();
      ASSERT_EQ(shared->Result<typename decltype(result)::value_type>(), result);
    };
    if (sizeof(c.x[0]) == 1 && c.out_quant.zero_point == -32768) {
      check(op->Result<std::int16_t>());
    } else if (c.out_quant.zero_point == 0) {
      check(op->Result<std::uint8_t>());
    } else {
      check(op->Result<std::int8_t>());
    }
  }
}

TEST(Softmax, FloatIsTheDefinitionInPlaceToo) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto c = SoftmaxCase<float, float>::Random(seed);
    for (const int place : {-1, 0}) {
      const OwnedHarness op = c.Harness();
      ASSERT_TRUE(op->Run(kSoftmax, place)) << op->why();
      ExpectNearFloats(op->Result<float>(), c.Expected(), 1e-6, "seed " + std::to_string(seed));
    }
  }
}

TEST(Softmax, Int8InPlaceEqualsApart) {
  const auto c = SoftmaxCase<std::int8_t, std::int8_t>::Random(5);
  const OwnedHarness apart = c.Harness();
  const OwnedHarness in_place = c.Harness();
  ASSERT_TRUE(apart->Run(kSoftmax));
  ASSERT_TRUE(in_place->Run(kSoftmax, 0));
  EXPECT_EQ(apart->Result<std::int8_t>(), in_place->Result<std::int8_t>());
}

// Made by TFLite Micro's reference kernel (uint8: TensorFlow Lite's) on the same cases.
TEST(Softmax, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = [](auto in, auto out) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const auto c = SoftmaxCase<decltype(in), decltype(out)>::Random(seed);
      const OwnedHarness op = c.Harness();
      EXPECT_TRUE(op->Run(kSoftmax)) << op->why();
      sum.Add(op->Result<decltype(out)>());
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(std::int8_t{}, std::int8_t{}), 0x1264A7D4DA99A4DBU);
  EXPECT_EQ(checksum(std::uint8_t{}, std::uint8_t{}), 0xD0F8040A78540E8CU);
  EXPECT_EQ(checksum(std::int8_t{}, std::int16_t{}), 0x3F1AF120667D32F8U);
}

TEST(Softmax, OneElementIsNearlyOne) {
  OpHarness op(OpKind::kSoftmax);
  op.Input<std::int8_t>({1}, {-3}, Q(0.1F)).Output<std::int8_t>({1}, OutQuant<std::int8_t>());
  ASSERT_TRUE(op.Run(kSoftmax)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(127));
}

TEST(Softmax, ManyEqualElementsRoundToNothing) {
  // Shares of 1/5000 are below half of 1/256, and their sum is beyond 12 bits.
  OpHarness op(OpKind::kSoftmax);
  op.Input<std::int8_t>({5000}, std::vector<std::int8_t>(5000, 7), Q(0.1F))
      .Output<std::int8_t>({5000}, OutQuant<std::int8_t>());
  ASSERT_TRUE(op.Run(kSoftmax)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), Each(-128));
}

TEST(Softmax, ScalesBeyondTheFixedPointAreDefined) {
  for (const float scale : {1e-30F, 1e-8F, 8.0F, 16.0F, 32.0F, 1e30F}) {
    OpHarness op(OpKind::kSoftmax);
    op.Input<std::int8_t>({2}, {-128, 127}, Q(scale))
        .Output<std::int8_t>({2}, OutQuant<std::int8_t>());
    ASSERT_TRUE(op.Run(kSoftmax)) << op.why();
    if (scale > 1.0F) {
      EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-128, 127));
    } else {
      EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(0, 0));
    }
  }
}

TEST(Softmax, RefusesWithAReason) {
  const auto why = [](float beta, const Quant& in, const Quant& out) {
    OpHarness op(OpKind::kSoftmax, SoftmaxOptions{beta});
    op.Input<std::int8_t>({2}, {1, 2}, in).Output<std::int8_t>({2}, out);
    EXPECT_FALSE(op.Prepare(kSoftmax));
    return op.why();
  };
  const Quant out = OutQuant<std::int8_t>();
  EXPECT_THAT(why(1.0F, {}, out), HasSubstr("0 scales, one expected"));
  EXPECT_THAT(why(1.0F, Q(1.0F), Q(0.1F, -128)), HasSubstr("another scale than 1/256"));
  EXPECT_THAT(why(1.0F, Q(1.0F), Q(1.0F / 256.0F, 0)), HasSubstr("output has zero point 0"));
  EXPECT_THAT(why(-1.0F, Q(1.0F), out), HasSubstr("beta is not above 0"));
  EXPECT_THAT(why(std::numeric_limits<float>::infinity(), Q(1.0F), out),
              HasSubstr("beta is not a finite number"));
  OpHarness op(OpKind::kSoftmax);
  op.Input<std::int16_t>({2}, {1, 2}, Q(1.0F)).Output<std::int16_t>({2}, Q(1.0F));
  EXPECT_FALSE(op.Prepare(kSoftmax));
  EXPECT_EQ(op.error(), base::Error::kUnsupported);
  EXPECT_THAT(op.why(), HasSubstr("int16 to int16 found"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
