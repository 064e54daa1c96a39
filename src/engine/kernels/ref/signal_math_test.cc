// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/signal_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace pinhole::engine::kernels::ref {
namespace {

TEST(RoundedSquareRoot, IsExactForEveryPerfectSquareOf32Bits) {
  for (std::uint32_t root = 0; root <= 65535; ++root) {
    ASSERT_EQ(RoundedSquareRoot(root * root), root);
  }
}

// root * (root + 1) is the last number nearer to root than to root + 1.
TEST(RoundedSquareRoot, RoundsToNearest) {
  for (std::uint32_t root = 0; root < 65535; ++root) {
    ASSERT_EQ(RoundedSquareRoot(root * (root + 1)), root);
    ASSERT_EQ(RoundedSquareRoot(root * (root + 1) + 1), root + 1);
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t root = (random() & 0xFFFFFFFF) >> (random() % 16);
    if (root < 65536 || root == 0xFFFFFFFF) {
      continue;
    }
    ASSERT_EQ(RoundedSquareRoot64(root * root), root);
    ASSERT_EQ(RoundedSquareRoot64(root * (root + 1)), root);
    ASSERT_EQ(RoundedSquareRoot64(root * (root + 1) + 1), root + 1);
  }
}

TEST(RoundedSquareRoot, SaturatesAtTheEndOfEachWidth) {
  EXPECT_EQ(RoundedSquareRoot64(0xFFFFFFFF), 65535U);  // 65535.99: the narrow form has no 65536
  EXPECT_EQ(RoundedSquareRoot64(0x100000000), 65536U);
  EXPECT_EQ(RoundedSquareRoot64(0xFFFFFFFFFFFFFFFF), 0xFFFFFFFFU);
}

TEST(RoundedSquareRoot, NeverFalls) {
  std::uint32_t before = 0;
  for (std::uint64_t x = 0; x < std::uint64_t{1} << 33; x += 65521) {
    const std::uint32_t root = RoundedSquareRoot64(x);
    ASSERT_GE(root, before) << x;
    before = root;
  }
}

// 45426 / 65536 is ln 2 to 5 digits; every power's fraction is 0.
TEST(ScaledLog, PowersOfTwoAreMultiplesOfLn2) {
  for (std::uint32_t power = 0; power < 32; ++power) {
    const std::uint32_t natural = power * 45426;
    EXPECT_EQ(ScaledLog(1U << power, 1), (natural + 32768) >> 16);
    EXPECT_EQ(ScaledLog(1U << power, 64), (64 * natural + 32768) >> 16);
  }
}

TEST(ScaledLog, StaysNearTheLogarithm) {
  std::mt19937 random(2);
  for (int i = 0; i < 200000; ++i) {
    const std::uint32_t x = std::max(1U, static_cast<std::uint32_t>(random()) >> (random() % 32));
    ASSERT_NEAR(ScaledLog(x, 1600), 1600 * std::log(x), 1600 * 0.0025 + 0.5) << x;
  }
}

// Where one segment of the curve ends and the next begins, it may fall by a step of the table.
TEST(ScaledLog, RisesButForTheTablesSteps) {
  std::uint32_t before = 0;
  for (std::uint32_t x = 1; x < 200000; ++x) {
    const std::uint32_t log = ScaledLog(x, 1600);
    ASSERT_GE(log + 3, before) << x;
    ASSERT_LE(log, before + (x < 200 ? 1200 : 12)) << x;
    before = log;
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
