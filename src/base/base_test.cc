// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "base/checked.h"
#include "base/diagnosis.h"
#include "base/fixed_point.h"
#include "base/little_endian.h"
#include "base/result.h"

namespace pinhole::base {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) {
    return Unexpected(Error::kInvalidArgument);
  }
  return n / 2;
}

Result<int> Quarter(int n) {
  PINHOLE_ASSIGN(const int half, Half(n));
  return Half(half);
}

Status IsMultipleOfFour(int n) {
  PINHOLE_TRY(Quarter(n));
  return {};
}

TEST(Result, CarriesValueOrErrorThroughTheMacros) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).error(), Error::kInvalidArgument);
  EXPECT_TRUE(IsMultipleOfFour(8));
  EXPECT_FALSE(IsMultipleOfFour(7));
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(7));
  Result<std::unique_ptr<int>> moved(std::move(made));
  EXPECT_EQ(**moved, 7);
}

TEST(ResultDeathTest, ValueOfAnErrorAborts) {
  EXPECT_DEATH_IF_SUPPORTED({ [[maybe_unused]] const int n = *Half(1); }, "");
}

TEST(Diagnosis, JoinsPieces) {
  Diagnosis why;
  const Unexpected failed = why.Fail(Error::kMalformed, "tensor ", 12, " '", "conv", "': rank ",
                                     std::int64_t{-3}, ", ", std::uint8_t{4}, '!');
  EXPECT_EQ(failed.error(), Error::kMalformed);
  EXPECT_EQ(why.text(), "tensor 12 'conv': rank -3, 4!");
  why.Prefix("a.tflite: ");
  EXPECT_EQ(why.text(), "a.tflite: tensor 12 'conv': rank -3, 4!");
}

TEST(Diagnosis, WritesTheExtremes) {
  Diagnosis why;
  why.Append(std::numeric_limits<std::int64_t>::min());
  why.Append(' ');
  why.Append(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(why.text(), "-9223372036854775808 18446744073709551615");
}

TEST(Diagnosis, IsHarmlessAndBounded) {
  Diagnosis why;
  why.Append(std::string("\x1b[31m\n\xff"));
  EXPECT_EQ(why.text(), "?[31m??");
  why.Fail(Error::kTooLarge, std::string(10000, 'x'));
  EXPECT_EQ(why.text().size(), Diagnosis::kCapacity);
  EXPECT_TRUE(why.text().ends_with("x..."));
  why.Append("more");
  EXPECT_EQ(why.text().size(), Diagnosis::kCapacity);
}

TEST(Checked, SaysWhenItOverflows) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(CheckedMul(kMax / 3, 3U), kMax / 3 * 3);
  EXPECT_EQ(CheckedMul(kMax / 3 + 1, 3U), std::nullopt);
  EXPECT_EQ(CheckedMul(0U, kMax), 0U);
  EXPECT_EQ(CheckedAdd(kMax, 1U), std::nullopt);
  EXPECT_EQ(CheckedAlign(17, 16), 32U);
  EXPECT_EQ(CheckedAlign(~std::size_t{0}, 16), std::nullopt);
  EXPECT_TRUE(InBounds(3, 0, 3));
  EXPECT_FALSE(InBounds(3, ~std::size_t{0}, 3));
}

TEST(LittleEndian, StoreThenLoadIsTheSame) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1000; ++i) {
    std::byte bytes[9];
    const auto value = static_cast<std::int64_t>(random());
    StoreLe(value, bytes + 1);
    EXPECT_EQ(LoadLe<std::int64_t>(bytes + 1), value);
    StoreLe(static_cast<std::int16_t>(value), bytes);
    EXPECT_EQ(LoadLe<std::int16_t>(bytes), static_cast<std::int16_t>(value));
  }
  std::byte bytes[4];
  StoreLeFloat(-1.5F, bytes);
  EXPECT_EQ(bytes[3], std::byte{0xBF});
  EXPECT_EQ(LoadLeFloat(bytes), -1.5F);
}

TEST(FixedPoint, MultiplierRepresentsItsValue) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> exponent(-30, 29);
  for (int i = 0; i < 10000; ++i) {
    const double value = std::exp2(exponent(random));
    const FixedMultiplier fixed = QuantizeMultiplier(value);
    EXPECT_GE(fixed.fraction, 1 << 30);
    EXPECT_NEAR(std::ldexp(fixed.fraction, fixed.shift - 31) / value, 1.0, 1e-9);
  }
  EXPECT_EQ(QuantizeMultiplier(0.0).fraction, 0);
  EXPECT_EQ(QuantizeMultiplier(1e-20).fraction, 0);
  EXPECT_EQ(QuantizeMultiplier(std::nan("")).fraction, 0);
  EXPECT_EQ(QuantizeMultiplier(INFINITY).shift, 30);
  EXPECT_EQ(QuantizeMultiplier(1e30).shift, 30);
}

TEST(FixedPoint, ProductIsWithinOneOfTheRealOne) {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> exponent(-20, 2);
  for (int i = 0; i < 100000; ++i) {
    const auto x = static_cast<std::int32_t>(random()) >> 6;
    const double m = std::exp2(exponent(random));
    EXPECT_NEAR(MultiplyByQuantizedMultiplier(x, QuantizeMultiplier(m)), x * m,
                1.0 + std::abs(x * m) * 1e-8);
  }
}

TEST(FixedPoint, RoundsTiesAwayFromZero) {
  EXPECT_EQ(RoundingDivideByPot(5, 1), 3);
  EXPECT_EQ(RoundingDivideByPot(-5, 1), -3);
  EXPECT_EQ(RoundingDivideByPot(7, 0), 7);
  EXPECT_EQ(RoundingDivideByPot(std::numeric_limits<std::int32_t>::min(), 31), -1);
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(kMin, kMin),
            std::numeric_limits<std::int32_t>::max());
}

TEST(FixedPoint, WrapsInsteadOfOverflowing) {
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(WrapAdd(kMax, 1), kMin);
  EXPECT_EQ(WrapSub(kMin, 1), kMax);
  EXPECT_EQ(WrapMul(kMax, 2), -2);
  EXPECT_EQ(WrapShl(kMax, 31), kMin);
  for (const std::int32_t x : {kMin, -1, 0, 1, kMax}) {
    for (int shift = -31; shift <= 30; ++shift) {
      // No value is asserted: under UBSan this is the proof that none of them is undefined.
      [[maybe_unused]] const auto y = MultiplyByQuantizedMultiplier(x, {kMax, shift});
    }
  }
}

}  // namespace
}  // namespace pinhole::base
