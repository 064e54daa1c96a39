// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename From, typename To>
std::vector<To> Cast(const std::vector<From>& values) {
  const Shape shape = {static_cast<std::int32_t>(values.size())};
  OpHarness op(OpKind::kCast);
  op.Input<From>(shape, values).template Output<To>(shape);
  EXPECT_TRUE(op.Run(kCast)) << op.why();
  return op.template Result<To>();
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Cast, FloatsAreCutTowardsZero) {
  EXPECT_THAT((Cast<float, std::int8_t>({-1.9F, -0.5F, 0.5F, 1.9F})), ElementsAre(-1, 0, 0, 1));
  EXPECT_THAT((Cast<float, std::uint8_t>({1.9F, 254.99F, 0.99F})), ElementsAre(1, 254, 0));
  EXPECT_THAT((Cast<float, float>({1.5F})), ElementsAre(1.5F));
}

template <typename To>
void CheckSaturates() {
  using Range = std::numeric_limits<To>;
  const std::vector<To> y = Cast<float, To>({1e30F, -1e30F, kInfinity, -kInfinity, kNan});
  EXPECT_THAT(y, ElementsAre(Range::max(), Range::min(), Range::max(), Range::min(), 0));
  // The floats next to the ends, inside and outside.
  const float above = std::ldexp(1.0F, Range::digits);
  const float below = std::nextafter(above, 0.0F);
  EXPECT_EQ((Cast<float, To>({above}))[0], Range::max());
  EXPECT_EQ((Cast<float, To>({below}))[0], static_cast<To>(below));
}

TEST(Cast, FloatsBeyondTheRangeSaturateAndNanIsZero) {
  CheckSaturates<std::int8_t>();
  CheckSaturates<std::uint8_t>();
  CheckSaturates<std::int16_t>();
  CheckSaturates<std::uint16_t>();
  CheckSaturates<std::int32_t>();
  CheckSaturates<std::uint32_t>();
  CheckSaturates<std::int64_t>();
}

// Blocks, their ends, and every pair of integer types against the language's own conversion.
template <typename From, typename To>
void CheckIntegers() {
  Random random(1);
  for (const int count : {1, 63, 64, 65, 200}) {
    const std::vector<From> x = random.Values<From>({count});
    const std::vector<To> y = Cast<From, To>(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(y[i], static_cast<To>(x[i]));
    }
  }
}
template <typename From>
void CheckFrom() {
  CheckIntegers<From, std::int8_t>();
  CheckIntegers<From, std::uint8_t>();
  CheckIntegers<From, std::int16_t>();
  CheckIntegers<From, std::uint16_t>();
  CheckIntegers<From, std::int32_t>();
  CheckIntegers<From, std::uint32_t>();
  CheckIntegers<From, std::int64_t>();
  CheckIntegers<From, float>();
}

TEST(Cast, IntegersKeepTheirLowBits) {
  CheckFrom<std::int8_t>();
  CheckFrom<std::uint8_t>();
  CheckFrom<std::int16_t>();
  CheckFrom<std::uint16_t>();
  CheckFrom<std::int32_t>();
  CheckFrom<std::uint32_t>();
  CheckFrom<std::int64_t>();
}

// Read as bytes: exactly 0 and 1 are written, and any byte but 0 is true.
TEST(Cast, BoolIsNotZero) {
  OpHarness to(OpKind::kCast);
  to.Input<float>({5}, {0.0F, -0.0F, 0.1F, kNan, 256.0F}).Output<bool>({5});
  ASSERT_TRUE(to.Run(kCast)) << to.why();
  EXPECT_THAT(to.Result<std::uint8_t>(), ElementsAre(0, 0, 1, 1, 1));
  OpHarness narrow(OpKind::kCast);
  narrow.Input<std::int64_t>({2}, {0, std::int64_t{1} << 32}).Output<bool>({2});
  ASSERT_TRUE(narrow.Run(kCast)) << narrow.why();
  EXPECT_THAT(narrow.Result<std::uint8_t>(), ElementsAre(0, 1));
  OpHarness from(OpKind::kCast);
  from.Variable<bool>({3}).Output<float>({3});
  from.SetInput<std::uint8_t>(0, {0, 1, 200});
  ASSERT_TRUE(from.Run(kCast)) << from.why();
  EXPECT_THAT(from.Result<float>(), ElementsAre(0.0F, 1.0F, 1.0F));
}

TEST(Cast, Refuses) {
  OpHarness op(OpKind::kCast);
  op.Input<float>({2}, {1, 2}).Output<std::int8_t>({1, 2});
  EXPECT_FALSE(op.Prepare(kCast));
  EXPECT_THAT(op.why(), HasSubstr("declared [1, 2], computed [2]"));
  OpHarness wide(OpKind::kCast);
  wide.Input<std::uint64_t>({2}, {1, 2}).Output<float>({2});
  EXPECT_FALSE(wide.Prepare(kCast));
  EXPECT_THAT(wide.why(), HasSubstr("from uint64 to float32"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
