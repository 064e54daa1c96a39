// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/shape.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pinhole::engine {
namespace {

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape().element_count(), 1U);  // a scalar
  EXPECT_EQ((Shape{2, 3, 4}).element_count(), 24U);
  EXPECT_EQ((Shape{2, 3, 4}).CheckedElementCount(), 24U);
  EXPECT_EQ(Shape().CheckedElementCount(), 1U);
}

TEST(Shape, RefusesDimensionsBelowOneAndProductsThatDoNotFit) {
  EXPECT_EQ((Shape{2, 0}).CheckedElementCount(), std::nullopt);
  EXPECT_EQ((Shape{-1, 2}).CheckedElementCount(), std::nullopt);
  constexpr std::int32_t kMost = INT32_MAX;
  EXPECT_EQ((Shape{kMost, kMost, kMost}).CheckedElementCount(), std::nullopt);
  EXPECT_EQ((Shape{65536, 32768, 65536, 32768, 4}).CheckedElementCount(), std::nullopt);
}

TEST(Shape, ReadsFromTheBackAsBroadcastingDoes) {
  const Shape shape{5, 6, 7};
  EXPECT_EQ(shape.FromBack(0), 7);
  EXPECT_EQ(shape.FromBack(2), 5);
  EXPECT_EQ(shape.FromBack(3), 1);
}

TEST(Shape, EqualMeansSameRankAndDimensions) {
  EXPECT_EQ((Shape{1, 2}), (Shape{1, 2}));
  EXPECT_FALSE((Shape{1, 2}) == (Shape{1, 3}));
  EXPECT_FALSE((Shape{2}) == (Shape{2, 1}));
  Shape changed{1, 2};
  changed.set_dim(1, 3);
  EXPECT_EQ(changed, (Shape{1, 3}));
}

TEST(Shape, CutsOffWhatIsBeyondTheLargestRank) {
  const std::vector<std::int32_t> dims(9, 2);
  const Shape shape{std::span<const std::int32_t>(dims)};
  EXPECT_EQ(shape.rank(), Shape::kMaxRank);
  EXPECT_EQ(shape.dims().size(), std::size_t{Shape::kMaxRank});
}

}  // namespace
}  // namespace pinhole::engine
