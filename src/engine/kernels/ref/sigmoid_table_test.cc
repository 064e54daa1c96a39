// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/sigmoid_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pinhole::engine::kernels::ref {
namespace {

TEST(SigmoidTable, BothAreNearTheFunctionsForEveryInput) {
  for (int x = -32768; x <= 32767; ++x) {
    const double real = x / 4096.0;
    const auto input = static_cast<std::int16_t>(x);
    ASSERT_NEAR(SigmoidInt16(input), 32768 / (1 + std::exp(-real)), 1.5) << x;
    ASSERT_NEAR(TanhInt16(input), 32768 * std::tanh(real), 3.0) << x;
  }
}

TEST(SigmoidTable, BothRiseAndAreSymmetric) {
  for (int x = -32767; x <= 32767; ++x) {
    const auto input = static_cast<std::int16_t>(x);
    const auto before = static_cast<std::int16_t>(x - 1);
    const auto mirrored = static_cast<std::int16_t>(-x);
    ASSERT_GE(SigmoidInt16(input), SigmoidInt16(before));
    ASSERT_GE(TanhInt16(input), TanhInt16(before));
    ASSERT_NEAR(SigmoidInt16(input) + SigmoidInt16(mirrored), 32768, 1);
    ASSERT_NEAR(TanhInt16(input) + TanhInt16(mirrored), 0, 1);
  }
}

TEST(SigmoidTable, KnownPoints) {
  EXPECT_EQ(SigmoidInt16(0), 16384);
  EXPECT_EQ(TanhInt16(0), 0);
  EXPECT_EQ(SigmoidInt16(32767), 32757);  // sigmoid(7.9998) = 0.999664
  EXPECT_EQ(TanhInt16(32767), 32767);
  EXPECT_EQ(sigmoid_internal::kTable[24], 47911);  // sigmoid(1) * 65536, raised by 0.6
}

// An input with fewer fraction bits, and one with more, name the same argument.
TEST(SigmoidTable, ScaleShiftsTheArgument) {
  for (int x = -2000; x <= 2000; ++x) {
    const auto q12 = static_cast<std::int16_t>(16 * x);
    EXPECT_EQ(TanhInt16(static_cast<std::int16_t>(x), {3 << 4, 0}), TanhInt16(q12));
    EXPECT_EQ(SigmoidInt16(static_cast<std::int16_t>(16 * x), {3, 4}),
              SigmoidInt16(static_cast<std::int16_t>(x)));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
