// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

template <typename T>
class MinimumMaximum : public ::testing::Test {};
using Elements = ::testing::Types<float, std::int8_t, std::uint8_t, std::int16_t, std::int32_t>;
TYPED_TEST_SUITE(MinimumMaximum, Elements);

TYPED_TEST(MinimumMaximum, OverBroadcastShapesOfEveryRank) {
  using T = TypeParam;
  const auto any = AnyOfType<T>();
  CheckBinary<T>(
      kMinimum, 1, any, any, [](T a, T b) { return static_cast<double>(std::min(a, b)); }, 0.0);
  CheckBinary<T>(
      kMaximum, 2, any, any, [](T a, T b) { return static_cast<double>(std::max(a, b)); }, 0.0);
}

TEST(MinimumMaximumInt64, ComparesAllBits) {
  OpHarness op(OpKind::kMaximum);
  const std::int64_t large = std::int64_t{1} << 40;
  op.Input<std::int64_t>({2}, {large, -large})
      .Input<std::int64_t>({2}, {large + 1, -large - 1})
      .Output<std::int64_t>({2});
  ASSERT_TRUE(op.Run(kMaximum)) << op.why();
  EXPECT_THAT(op.Result<std::int64_t>(), ::testing::ElementsAre(large + 1, -large));
}

TEST(MinimumMaximumRefuses, OtherTypes) {
  OpHarness op(OpKind::kMinimum);
  op.Input<std::uint16_t>({1}, {1}).Input<std::uint16_t>({1}, {1}).Output<std::uint16_t>({1});
  EXPECT_FALSE(op.Prepare(kMinimum));
  EXPECT_THAT(op.why(), HasSubstr("type uint16 found"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
