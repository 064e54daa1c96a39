// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/fixed_point_math.h"

#include <gtest/gtest.h>

namespace pinhole::engine::kernels::ref {
namespace {

constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kHigh = std::numeric_limits<std::int32_t>::max();

double Real(std::int32_t raw, int integer_bits) { return std::ldexp(raw, integer_bits - 31); }

// Steps through the whole range of 32 bits, by a step that is no power of two.
template <typename Visit>
void ForRange(std::int64_t from, std::int64_t to, const Visit& visit) {
  for (std::int64_t raw = from; raw <= to; raw += 1000003) {
    visit(static_cast<std::int32_t>(raw));
  }
  visit(static_cast<std::int32_t>(to));
}

TEST(FixedPointMath, ExpIsExp) {
  ForRange(kLow, 0, [](std::int32_t x) {
    ASSERT_NEAR(Real(ExpOnNegative<5>(x), 0), std::exp(Real(x, 5)), 1e-6) << x;
    ASSERT_NEAR(Real(ExpOnNegative<4>(x), 0), std::exp(Real(x, 4)), 1e-6) << x;
  });
  EXPECT_EQ(ExpOnNegative<5>(0), kHigh);
}

TEST(FixedPointMath, QuotientsAreQuotients) {
  ForRange(0, kHigh, [](std::int32_t x) {
    ASSERT_NEAR(Real(OneOverOnePlus(x), 0), 1.0 / (1.0 + Real(x, 0)), 1e-8) << x;
    ASSERT_NEAR(Real(OneMinusOverOnePlus(x), 0), (1.0 - Real(x, 0)) / (1.0 + Real(x, 0)), 1e-8);
  });
}

TEST(FixedPointMath, LogisticAndTanhAreTheirFunctions) {
  ForRange(kLow, kHigh, [](std::int32_t x) {
    ASSERT_NEAR(Real(LogisticFixed<4>(x), 0), 1.0 / (1.0 + std::exp(-Real(x, 4))), 1e-6) << x;
    ASSERT_NEAR(Real(TanhFixed<4>(x), 0), std::tanh(Real(x, 4)), 1e-6) << x;
  });
  EXPECT_EQ(LogisticFixed<4>(0), 1 << 30);
  EXPECT_EQ(TanhFixed<4>(0), 0);
}

TEST(FixedPointMath, BothAreSymmetric) {
  ForRange(1, kHigh, [](std::int32_t x) {
    ASSERT_EQ(TanhFixed<4>(x), -TanhFixed<4>(-x)) << x;
    ASSERT_EQ(LogisticFixed<4>(x), kHigh - LogisticFixed<4>(-x)) << x;
  });
}

TEST(FixedPointMath, ShiftsSaturate) {
  EXPECT_EQ(SaturatingShl(1, 30), 1 << 30);
  EXPECT_EQ(SaturatingShl(1, 31), kHigh);
  EXPECT_EQ(SaturatingShl(-1, 31), kLow);
  EXPECT_EQ(SaturatingShl(-2, 31), kLow);
  EXPECT_EQ(SaturatingShl(kHigh, 1), kHigh);
  EXPECT_EQ(SaturatingShl(-5, 0), -5);
}

TEST(FixedPointMath, TheRadiusIsTheLastThatFits) {
  EXPECT_EQ(InputRadius(5, 26), 31);  // 31 * 2^26 / 2^26
  EXPECT_EQ(InputRadius(5, 31), 0);
  EXPECT_EQ(InputRadius(4, 24), 120);  // 15 * 2^27 / 2^24
  EXPECT_EQ(InputRadius(4, -40), kHigh);
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
