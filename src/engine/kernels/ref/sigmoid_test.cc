// SPDX-License-Identifier: Apache-2.0
// LOGISTIC and TANH against the functions in double.

#include "engine/kernels/ref/sigmoid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Function {
  const char* name;
  OpKind kind;
  const Kernel* kernel;
  double (*real)(double);
  int steps_int8;
  int zero_int8;
};

double RealLogistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double RealTanh(double x) { return std::tanh(x); }

class SigmoidLaws : public ::testing::TestWithParam<Function> {
 protected:
  template <typename T>
  static Quant OutQuant() {
    if (sizeof(T) == 2) {
      return Q(1.0F / 32768.0F);
    }
    return Q(1.0F / static_cast<float>(GetParam().steps_int8),
             GetParam().zero_int8 + (std::is_signed_v<T> ? 0 : 128));
  }
  // All values of a byte, or a sample of int16, with a random quantisation.
  template <typename T>
  static std::vector<T> AllValues() {
    std::vector<T> values;
    for (int i = std::numeric_limits<T>::min(); i <= std::numeric_limits<T>::max();
         i += sizeof(T) == 1 ? 1 : 37) {
      values.push_back(static_cast<T>(i));
    }
    return values;
  }
  template <typename T>
  static std::vector<T> Run(const std::vector<T>& x, const Quant& in, int place = -1,
                            int parts = 1) {
    OpHarness op(GetParam().kind);
    op.Input<T>({static_cast<std::int32_t>(x.size())}, x, in);
    op.Output<T>({static_cast<std::int32_t>(x.size())}, OutQuant<T>());
    EXPECT_TRUE(op.Split(parts).Run(*GetParam().kernel, place)) << op.why();
    return op.Result<T>();
  }
  template <typename T>
  static void ExpectTheFunction(double allowed) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      Dice dice(seed);
      const Quant in = sizeof(T) == 1 ? dice.Quantization<T>(-10, 1) : Q(dice.Scale(-18, 0));
      const std::vector<T> x = AllValues<T>();
      const std::vector<T> y = Run(x, in);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double argument = static_cast<double>(in.scales[0]) * (x[i] - in.zero_point);
        const double units =
            GetParam().real(argument) / static_cast<double>(OutQuant<T>().scales[0]);
        const double high = std::numeric_limits<T>::max();
        ASSERT_NEAR(y[i], std::min(units + OutQuant<T>().zero_point, high), allowed)
            << "seed " << seed << ", input " << +x[i];
      }
      ASSERT_EQ(Run(x, in, 0), y) << "in place";
      ASSERT_EQ(Run(x, in, -1, 3), y) << "shared";
    }
  }
};

TEST_P(SigmoidLaws, Int8IsTheFunctionToAUnit) { ExpectTheFunction<std::int8_t>(1.0); }
TEST_P(SigmoidLaws, Uint8IsTheFunctionToAUnit) { ExpectTheFunction<std::uint8_t>(1.0); }
// The table has an entry each 1/24 and 16 bits; beyond 10.6 it saturates.
TEST_P(SigmoidLaws, Int16IsTheFunctionToSomeUnits) { ExpectTheFunction<std::int16_t>(4.0); }

TEST_P(SigmoidLaws, FloatIsTheFunction) {
  std::vector<float> x;
  for (int i = -2000; i <= 2000; ++i) {
    x.push_back(static_cast<float>(i) / 50.0F);
  }
  const std::vector<float> y = Run(x, {});
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_NEAR(y[i], GetParam().real(static_cast<double>(x[i])), 1e-6);
  }
}

TEST_P(SigmoidLaws, AbsurdInputScalesAreDefined) {
  for (const float scale : {1e-38F, 1e-20F, 1e-9F, 7.9F, 8.0F, 16.0F, 1e20F, 3e38F}) {
    const auto y = Run<std::int8_t>({-128, 0, 127}, Q(scale, 0));
    if (scale > 1.0F) {
      EXPECT_EQ(y[0], -128);
      EXPECT_EQ(y[2], 127);
    }
  }
}

TEST_P(SigmoidLaws, RefusesOtherOutputs) {
  const auto why = [](const Quant& in, const Quant& out) {
    OpHarness op(GetParam().kind);
    op.Input<std::int8_t>({1}, {0}, in).Output<std::int8_t>({1}, out);
    EXPECT_FALSE(op.Prepare(*GetParam().kernel));
    return op.why();
  };
  const Quant right = OutQuant<std::int8_t>();
  EXPECT_THAT(why({}, right), HasSubstr("0 scales"));
  EXPECT_THAT(why(Q(1.0F), Q(0.5F, right.zero_point)), HasSubstr("or another scale than 1/"));
  EXPECT_THAT(why(Q(1.0F), Q(right.scales[0], 5)), HasSubstr("output has zero point 5"));
}

TEST_P(SigmoidLaws, RefusesOtherTypesAndScales) {
  OpHarness type(GetParam().kind);
  type.Input<std::int32_t>({1}, {0}, Q(1.0F)).Output<std::int32_t>({1}, Q(1.0F));
  EXPECT_FALSE(type.Prepare(*GetParam().kernel));
  EXPECT_THAT(type.why(), HasSubstr("type int32 found"));
  OpHarness scale(GetParam().kind);
  scale.Input<std::int16_t>({1}, {0}, Q(3.0F)).Output<std::int16_t>({1}, Q(1.0F / 32768.0F));
  EXPECT_FALSE(scale.Prepare(*GetParam().kernel));
  EXPECT_THAT(scale.why(), HasSubstr("scale above 2.66"));
  OpHarness zero(GetParam().kind);
  zero.Input<std::int16_t>({1}, {0}, Q(1.0F, 1)).Output<std::int16_t>({1}, Q(1.0F / 32768.0F));
  EXPECT_FALSE(zero.Prepare(*GetParam().kernel));
  EXPECT_THAT(zero.why(), HasSubstr("int16 input with zero point 1, 0 expected"));
}

INSTANTIATE_TEST_SUITE_P(
    All, SigmoidLaws,
    ::testing::Values(Function{"Logistic", OpKind::kLogistic, &kLogistic, RealLogistic, 256, -128},
                      Function{"Tanh", OpKind::kTanh, &kTanh, RealTanh, 128, 0}),
    [](const auto& test) { return std::string(test.param.name); });

// Made by TFLite Micro's reference kernels: all bytes, under 100 quantisations.
template <typename T>
std::uint64_t SigmoidChecksum(const Kernel& kernel, const Quant& out) {
  Checksum sum;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice(seed);
    const Quant in = sizeof(T) == 1 ? dice.Quantization<T>(-10, 1) : Q(dice.Scale(-18, 0));
    std::vector<T> x(256);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = sizeof(T) == 1 ? static_cast<T>(i) : dice.Value<T>();
    }
    OpHarness op(kernel.kind);
    op.Input<T>({256}, x, in).template Output<T>({256}, out);
    EXPECT_TRUE(op.Run(kernel)) << op.why();
    sum.Add(op.Result<T>());
  }
  return sum.value();
}

TEST(Logistic, GoldenChecksumsAreTheReferenceKernels) {
  EXPECT_EQ(SigmoidChecksum<std::int8_t>(kLogistic, Q(1.0F / 256.0F, -128)), 0xBF15D8F509B7FCA8U);
  EXPECT_EQ(SigmoidChecksum<std::int16_t>(kLogistic, Q(1.0F / 32768.0F)), 0xD7CAA158D2FC5E8EU);
}

TEST(Tanh, GoldenChecksumsAreTheReferenceKernels) {
  EXPECT_EQ(SigmoidChecksum<std::int8_t>(kTanh, Q(1.0F / 128.0F, 0)), 0x87DEA1D22E57322DU);
  EXPECT_EQ(SigmoidChecksum<std::uint8_t>(kTanh, Q(1.0F / 128.0F, 128)), 0xBE1631E0ABF826B0U);
  EXPECT_EQ(SigmoidChecksum<std::int16_t>(kTanh, Q(1.0F / 32768.0F)), 0x6D27A3FF01BA4E53U);
}

TEST(Logistic, ByHand) {
  OpHarness op(OpKind::kLogistic);
  op.Input<std::int8_t>({4}, {-128, 0, 10, 127}, Q(0.1F, 0))
      .Output<std::int8_t>({4}, Q(1.0F / 256.0F, -128));
  ASSERT_TRUE(op.Run(kLogistic)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-128, 0, 59, 127));  // 256 / (1 + e^-1) = 187
}

TEST(Tanh, ByHand) {
  OpHarness op(OpKind::kTanh);
  op.Input<std::int8_t>({4}, {-128, 0, 5, 127}, Q(0.1F, 0))
      .Output<std::int8_t>({4}, Q(1.0F / 128.0F, 0));
  ASSERT_TRUE(op.Run(kTanh)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-128, 0, 59, 127));  // 128 tanh(0.5) = 59.2
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
