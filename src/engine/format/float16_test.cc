// SPDX-License-Identifier: Apache-2.0
#include "engine/format/float16.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pinhole::engine::format {
namespace {

// Every half, against its definition: (-1)^s * 2^(e-15) * (1 + f/1024), and f * 2^-24 where e = 0.
TEST(HalfToFloat, IsExactForEveryHalf) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float found = HalfToFloat(static_cast<std::uint16_t>(bits));
    const int exponent = static_cast<int>(bits >> 10U & 31U);
    const int fraction = static_cast<int>(bits & 1023U);
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(found), fraction != 0) << bits;
      EXPECT_EQ(std::isinf(found), fraction == 0) << bits;
    } else {
      const double magnitude = exponent == 0 ? std::ldexp(fraction, -24)
                                             : std::ldexp(1024 + fraction, exponent - 25);
      EXPECT_EQ(static_cast<double>(std::fabs(found)), magnitude) << bits;
    }
    EXPECT_EQ(std::signbit(found), bits >= 32768) << bits;
  }
}

}  // namespace
}  // namespace pinhole::engine::format
