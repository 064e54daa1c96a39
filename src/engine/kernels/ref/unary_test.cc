// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Unary, FloatsOfEveryRankApartAndInPlace) {
  Random random(1);
  for (int rank = 0; rank <= 6; ++rank) {
    const Shape shape = random.AnyShape(rank, 4);
    std::vector<float> x = random.Values<float>(shape);
    for (float& v : x) {
      v = std::abs(v) + 0.125F;
    }
    for (const int place : {-1, 0}) {
      for (const Kernel* kernel : {&kNeg, &kSqrt, &kRsqrt}) {
        OpHarness op(kernel->kind);
        op.Input<float>(shape, x).Output<float>(shape);
        ASSERT_TRUE(op.Run(*kernel, place)) << op.why();
        const std::vector<float> y = op.Result<float>();
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double root = std::sqrt(static_cast<double>(x[i]));
          const double expected =
              kernel == &kNeg ? -static_cast<double>(x[i]) : (kernel == &kSqrt ? root : 1.0 / root);
          ASSERT_NEAR(static_cast<double>(y[i]), expected, 1e-6 * std::abs(expected));
        }
      }
    }
  }
}

TEST(Neg, IntegersWrap) {
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  OpHarness op(OpKind::kNeg);
  op.Input<std::int32_t>({3}, {5, -7, kLeast}).Output<std::int32_t>({3});
  ASSERT_TRUE(op.Run(kNeg)) << op.why();
  EXPECT_THAT(op.Result<std::int32_t>(), ElementsAre(-5, 7, kLeast));
  constexpr std::int64_t kLeast64 = std::numeric_limits<std::int64_t>::min();
  OpHarness wide(OpKind::kNeg);
  wide.Input<std::int64_t>({2}, {std::int64_t{1} << 40, kLeast64}).Output<std::int64_t>({2});
  ASSERT_TRUE(wide.Run(kNeg)) << wide.why();
  EXPECT_THAT(wide.Result<std::int64_t>(), ElementsAre(-(std::int64_t{1} << 40), kLeast64));
}

// All 256 inputs against real arithmetic. The reference's fixed point is within a unit of it.
void CheckInt8(const Kernel& kernel, const Quant& in, const Quant& out,
               const std::function<double(double)>& real) {
  std::vector<std::int8_t> x;
  for (int v = kernel.kind == OpKind::kNeg ? -128 : in.zero_point; v <= 127; ++v) {
    x.push_back(static_cast<std::int8_t>(v));
  }
  const Shape shape = {static_cast<std::int32_t>(x.size())};
  for (const int place : {-1, 0}) {
    OpHarness op(kernel.kind);
    op.Input<std::int8_t>(shape, x, in).Output<std::int8_t>(shape, out);
    ASSERT_TRUE(op.Run(kernel, place)) << op.why();
    const std::vector<std::int8_t> y = op.Result<std::int8_t>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double units = real(static_cast<double>(in.scales[0]) * (x[i] - in.zero_point)) /
                           static_cast<double>(out.scales[0]);
      const double expected = std::clamp(std::round(units) + out.zero_point, -128.0, 127.0);
      ASSERT_NEAR(y[i], expected, 1.0) << "input " << static_cast<int>(x[i]);
    }
  }
}

TEST(Unary, Int8IsWithinAUnitOfRealArithmetic) {
  CheckInt8(kNeg, Q(0.1F, -20), Q(0.07F, 11), [](double x) { return -x; });
  for (const Quant& in : {Q(0.1F, -128), Q(0.01F, -20), Q(2.0F, 0)}) {
    CheckInt8(kSqrt, in, Q(0.05F, -100), [](double x) { return std::sqrt(x); });
    CheckInt8(kRsqrt, in, Q(0.02F, -100),
              [](double x) { return x > 0 ? 1.0 / std::sqrt(x) : 1e9; });
  }
}

// By hand, at scale 1/4: 1 / sqrt(16 / 4) = 0.5 = 32 units of 1/64.
TEST(Rsqrt, Int8KnownValues) {
  OpHarness op(OpKind::kRsqrt);
  op.Input<std::int8_t>({3}, {16, 64, 0}, Q(0.25F)).Output<std::int8_t>({3}, Q(1.0F / 64, -3));
  ASSERT_TRUE(op.Run(kRsqrt)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(29, 13, 127));
}

TEST(Unary, ANegativeQuantisedRootEndsTheRun) {
  for (const Kernel* kernel : {&kSqrt, &kRsqrt}) {
    OpHarness op(kernel->kind);
    op.Input<std::int8_t>({2}, {5, 3}, Q(1, 4)).Output<std::int8_t>({2}, Q(1));
    EXPECT_FALSE(op.Run(*kernel));
    EXPECT_THAT(op.why(), HasSubstr("invalid argument"));
  }
}

TEST(Unary, HostileScalesGiveSomeNumber) {
  const float scales[] = {1e-45F, 1.0F, 3e38F};
  for (const float in : scales) {
    for (const float out : scales) {
      for (const Kernel* kernel : {&kNeg, &kSqrt, &kRsqrt}) {
        OpHarness op(kernel->kind);
        op.Input<std::int8_t>({3}, {-128, 1, 127}, Q(in, -128))
            .Output<std::int8_t>({3}, Q(out, 127));
        EXPECT_TRUE(op.Run(*kernel)) << op.why();
      }
    }
  }
}

TEST(Unary, Refuses) {
  {
    OpHarness op(OpKind::kSqrt);
    op.Input<std::int32_t>({1}, {1}).Output<std::int32_t>({1});
    EXPECT_FALSE(op.Prepare(kSqrt));
    EXPECT_THAT(op.why(), HasSubstr("type int32 found, float32 or int8 expected"));
  }
  {
    OpHarness op(OpKind::kNeg);
    op.Input<std::int16_t>({1}, {1}).Output<std::int16_t>({1});
    EXPECT_FALSE(op.Prepare(kNeg));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
  }
  {
    OpHarness op(OpKind::kRsqrt);
    op.Input<float>({2, 1}, {1, 2}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kRsqrt));
    EXPECT_THAT(op.why(), HasSubstr("declared [2], computed [2, 1]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
