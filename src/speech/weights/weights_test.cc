// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/weights.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/little_endian.h"

namespace pinhole::speech {
namespace {

Weight Row(const std::vector<std::byte>& bytes, WeightType type, std::int64_t columns) {
  return {.type = type, .rows = 1, .columns = columns, .bytes = bytes};
}

// Every half there is, against its definition: (-1)^s 2^(e - 15) 1.f, subnormal below.
TEST(UnpackRows, WidensEveryHalfExactly) {
  std::vector<std::byte> bytes(2 * 65536);
  for (std::uint32_t half = 0; half < 65536; ++half) {
    base::StoreLe(static_cast<std::uint16_t>(half), bytes.data() + 2 * half);
  }
  std::vector<float> values(65536);
  UnpackRows(Row(bytes, WeightType::kF16, 65536), 0, 1, values);
  for (std::uint32_t half = 0; half < 65536; ++half) {
    const int exponent = static_cast<int>(half >> 10U & 31U);
    const auto fraction = static_cast<double>(half & 1023U);
    const double sign = half >= 32768 ? -1.0 : 1.0;
    if (exponent == 31) {
      const float value = values[half];
      EXPECT_TRUE(fraction == 0.0 ? std::isinf(value) : std::isnan(value)) << half;
      EXPECT_EQ(std::signbit(value), sign < 0) << half;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0 + fraction, exponent - 25);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(values[half]),
              std::bit_cast<std::uint32_t>(static_cast<float>(sign * magnitude)))
        << half;
  }
}

TEST(UnpackRows, WidensEveryBf16Exactly) {
  std::vector<std::byte> bytes(2 * 65536);
  for (std::uint32_t half = 0; half < 65536; ++half) {
    base::StoreLe(static_cast<std::uint16_t>(half), bytes.data() + 2 * half);
  }
  std::vector<float> values(65536);
  UnpackRows(Row(bytes, WeightType::kBf16, 65536), 0, 1, values);
  for (std::uint32_t half = 0; half < 65536; ++half) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(values[half]), half << 16U);
  }
}

// Rows whose bytes begin at odd addresses, as in a file where nothing is aligned.
TEST(UnpackRows, ReadsAtAnyAddress) {
  for (const std::size_t shift : {0U, 1U, 3U}) {
    std::vector<std::byte> bytes(shift + 4 * 1000);
    for (std::size_t i = 0; i < 1000; ++i) {
      base::StoreLeFloat(static_cast<float>(i) / 8.0F, bytes.data() + shift + 4 * i);
    }
    const Weight weight{.type = WeightType::kF32,
                        .rows = 10,
                        .columns = 100,
                        .bytes = std::span(bytes).subspan(shift)};
    std::vector<float> values(200);
    UnpackRows(weight, 3, 2, values);
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_EQ(values[i], static_cast<float>(300 + i) / 8.0F);
    }
    UnpackRows(weight, 10, 0, {});
  }
}

// One block of each kind, worked out by hand from the layout.
TEST(UnpackRows, ReadsBlocksAsTheyAreLaidOut) {
  std::vector<float> values(32);
  std::vector<std::byte> q8(34);
  base::StoreLe(std::uint16_t{0x3800}, q8.data());  // 0.5
  q8[2] = std::byte{0x80};                          // -128
  q8[33] = std::byte{127};
  UnpackRows(Row(q8, WeightType::kQ8_0, 32), 0, 1, values);
  EXPECT_EQ(values[0], -64.0F);
  EXPECT_EQ(values[1], 0.0F);
  EXPECT_EQ(values[31], 63.5F);

  std::vector<std::byte> q5(22);
  base::StoreLe(std::uint16_t{0x3C00}, q5.data());          // 1
  base::StoreLe(std::uint32_t{0x80000001}, q5.data() + 2);  // fifth bits of values 0 and 31
  q5[6] = std::byte{0xF3};                                  // value 0: 3, value 16: 15
  q5[21] = std::byte{0x0A};                                 // value 15: 10, value 31: 0
  UnpackRows(Row(q5, WeightType::kQ5_0, 32), 0, 1, values);
  EXPECT_EQ(values[0], 3.0F);
  EXPECT_EQ(values[16], -1.0F);
  EXPECT_EQ(values[15], -6.0F);
  EXPECT_EQ(values[31], 0.0F);
  EXPECT_EQ(values[1], -16.0F);

  std::vector<std::byte> q51(24);
  base::StoreLe(std::uint16_t{0x4000}, q51.data());      // 2
  base::StoreLe(std::uint16_t{0xBC00}, q51.data() + 2);  // -1
  base::StoreLe(std::uint32_t{0x00010000}, q51.data() + 4);
  q51[8] = std::byte{0x12};  // value 0: 2, value 16: 1 and its fifth bit
  UnpackRows(Row(q51, WeightType::kQ5_1, 32), 0, 1, values);
  EXPECT_EQ(values[0], 3.0F);
  EXPECT_EQ(values[16], 33.0F);
  EXPECT_EQ(values[1], -1.0F);
}

}  // namespace
}  // namespace pinhole::speech
