// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D and MAX_POOL_2D against their definition.

#include "engine/kernels/ref/pooling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Pool2dOptions Options(const WindowCase& c) {
  const auto u16 = [](int value) { return static_cast<std::uint16_t>(value); };
  return {u16(c.stride_h), u16(c.stride_w), u16(c.filter_h),
          u16(c.filter_w), c.padding,       c.activation};
}

template <typename T>
struct Run {
  std::vector<T> result;
  std::vector<double> expected;
  Quant quant;
};

template <typename T>
Run<T> RunPool(std::uint64_t seed, bool mean, int parts = 1) {
  Dice dice(seed);
  const WindowCase c = WindowCase::Random(dice, false);
  const auto x = dice.Values<T>(c.in_shape().element_count());
  Run<T> run;
  if (!std::is_floating_point_v<T>) {
    run.quant = dice.Quantization<T>(-7, -3);
  }
  OpHarness op(mean ? OpKind::kAveragePool2d : OpKind::kMaxPool2d, Options(c));
  op.Input<T>(c.in_shape(), x, run.quant);
  op.Output<T>({c.batch, c.out_h(), c.out_w(), c.channels}, run.quant);
  EXPECT_TRUE(op.Split(parts).Run(mean ? kAveragePool2d : kMaxPool2d)) << op.why();
  run.result = op.Result<T>();
  const std::vector<double> reals = Reals(x, run.quant, false);
  c.ForPlaces([&](int b, int out_y, int out_x) {
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(c.channels); ++channel) {
      double sum = 0.0;
      double largest = -std::numeric_limits<double>::infinity();
      int count = 0;
      c.ForTaps(b, out_y, out_x, [&](std::size_t at, std::size_t /*tap*/) {
        sum += reals[at + channel];
        largest = std::max(largest, reals[at + channel]);
        ++count;
      });
      run.expected.push_back(Clamp(c.activation, mean ? sum / count : largest));
    }
  });
  return run;
}

template <typename T>
class PoolLaws : public ::testing::Test {};
using Integers = ::testing::Types<std::int8_t, std::uint8_t, std::int16_t>;
TYPED_TEST_SUITE(PoolLaws, Integers);

TYPED_TEST(PoolLaws, AreTheDefinitionToAUnitHoweverShared) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const bool mean : {false, true}) {
      const auto run = RunPool<TypeParam>(seed, mean);
      ExpectWithinOneUnit(run.result, run.expected, run.quant, "seed " + std::to_string(seed));
      ASSERT_EQ(RunPool<TypeParam>(seed, mean, 4).result, run.result);
    }
  }
}

TEST(Pool, FloatIsTheDefinition) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const bool mean : {false, true}) {
      const auto run = RunPool<float>(seed, mean);
      ExpectNearFloats(run.result, run.expected, 1e-6, "seed " + std::to_string(seed));
    }
  }
}

TEST(AveragePool2d, RoundsHalvesAwayFromZero) {
  OpHarness op(OpKind::kAveragePool2d, Pool2dOptions{.stride_w = 2, .filter_w = 2});
  op.Input<std::int8_t>({1, 1, 6, 1}, {1, 2, -1, -2, -128, -127}, Q(1.0F))
      .Output<std::int8_t>({1, 1, 3, 1}, Q(1.0F));
  ASSERT_TRUE(op.Run(kAveragePool2d)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(2, -2, -128));
}

TEST(AveragePool2d, DividesByTheTapsInside) {
  OpHarness op(OpKind::kAveragePool2d, Pool2dOptions{.filter_h = 3, .filter_w = 3});
  op.Input<float>({1, 2, 2, 1}, {1, 2, 3, 6}).Output<float>({1, 2, 2, 1});
  ASSERT_TRUE(op.Run(kAveragePool2d)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(3, 3, 3, 3));
}

// Made by TFLite Micro's reference kernels (uint8: TensorFlow Lite's) on the same cases.
TEST(Pool, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = [](auto example, bool mean) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      sum.Add(RunPool<decltype(example)>(seed, mean).result);
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(std::int8_t{}, true), 0xF886F24E5CE0992FU);
  EXPECT_EQ(checksum(std::uint8_t{}, true), 0x9FFB1DF40D2CF011U);
  EXPECT_EQ(checksum(std::int16_t{}, true), 0xF8083697663D95FBU);
  EXPECT_EQ(checksum(std::int8_t{}, false), 0xEC9272413C0F2E98U);
  EXPECT_EQ(checksum(std::uint8_t{}, false), 0xBC04F86BEE36E9BAU);
  EXPECT_EQ(checksum(std::int16_t{}, false), 0x813AFF165C505679U);
}

std::string WhyRefused(const Pool2dOptions& options, const Shape& in, const Shape& out,
                       const Quant& in_quant = Q(1.0F), const Quant& out_quant = Q(1.0F)) {
  OpHarness op(OpKind::kMaxPool2d, options);
  op.Input<std::int8_t>(in, std::vector<std::int8_t>(in.element_count()), in_quant);
  op.Output<std::int8_t>(out, out_quant);
  EXPECT_FALSE(op.Prepare(kMaxPool2d));
  return op.why();
}

TEST(Pool, RefusesWithAReason) {
  const Pool2dOptions options{.filter_h = 2, .filter_w = 2, .padding = Padding::kValid};
  EXPECT_THAT(WhyRefused(options, {1, 3, 3}, {1, 2, 2}), HasSubstr("data of rank 3 found"));
  EXPECT_THAT(WhyRefused(options, {1, 3, 3, 1}, {1, 3, 3, 1}),
              HasSubstr("declared [1, 3, 3, 1], computed [1, 2, 2, 1]"));
  EXPECT_THAT(WhyRefused(options, {1, 1, 3, 1}, {1, 1, 2, 1}),
              HasSubstr("a window of 2 x 2 does not fit into data of 1 x 3"));
  EXPECT_THAT(WhyRefused(options, {1, 3, 3, 1}, {1, 2, 2, 1}, Q(1.0F), Q(1.1F)),
              HasSubstr("different scales"));
  EXPECT_THAT(WhyRefused(options, {1, 3, 3, 1}, {1, 2, 2, 1}, Q(1.0F, 4), Q(1.0F, 5)),
              HasSubstr("zero points (4 and 5)"));
  EXPECT_THAT(WhyRefused(options, {1, 3, 3, 1}, {1, 2, 2, 1}, {}), HasSubstr("0 scales"));
  EXPECT_THAT(WhyRefused({.filter_h = 0}, {1, 3, 3, 1}, {1, 3, 3, 1}),
              HasSubstr("window 0 x 1 with strides 1 x 1 found"));
  EXPECT_THAT(WhyRefused({.activation = Activation::kSignBit}, {1, 3, 3, 1}, {1, 3, 3, 1}),
              HasSubstr("fused activation SIGN_BIT"));
}

TEST(Pool, RefusesOtherTypes) {
  OpHarness op(OpKind::kMaxPool2d);
  op.Input<std::int32_t>({1, 1, 1, 1}, {1}).Output<std::int32_t>({1, 1, 1, 1});
  EXPECT_FALSE(op.Prepare(kMaxPool2d));
  EXPECT_THAT(op.why(), HasSubstr("type int32 found"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
