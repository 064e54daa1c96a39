// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/strided_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;

// The operand offsets in the order the walk visits them.
std::vector<std::int64_t> Visit(const StridedWalk<1>& walk, std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> visited;
  std::int64_t next = begin;
  walk.ForRows(begin, end, [&](const auto& at, std::int64_t out, std::int64_t n) {
    EXPECT_EQ(out, next);
    for (std::int64_t i = 0; i < n; ++i) {
      visited.push_back(at[0] + i * walk.steps()[0]);
    }
    next += n;
  });
  EXPECT_EQ(next, end);
  return visited;
}

int CountRows(const StridedWalk<1>& walk) {
  int rows = 0;
  walk.ForRows(0, walk.size(), [&](const auto&, std::int64_t, std::int64_t) { ++rows; });
  return rows;
}

TEST(StridedWalk, GoesThroughATranspose) {
  StridedWalk<1> walk;
  walk.Append(3, {1});
  walk.Append(2, {3});
  EXPECT_THAT(Visit(walk, 0, 6), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(StridedWalk, JoinsDimensionsThatFollowEachOther) {
  StridedWalk<1> walk;
  walk.Append(2, {12});
  walk.Append(1, {99});  // one place: its stride does not count
  walk.Append(3, {4});
  walk.Append(4, {1});
  EXPECT_EQ(CountRows(walk), 1);
  StridedWalk<1> backwards;
  backwards.Append(2, {-3});
  backwards.Append(3, {-1});
  EXPECT_EQ(CountRows(backwards), 1);
  EXPECT_THAT(Visit(backwards, 0, 6), ElementsAre(0, -1, -2, -3, -4, -5));
}

TEST(StridedWalk, WithoutDimensionsVisitsOneElement) {
  const StridedWalk<1> walk;
  EXPECT_EQ(walk.size(), 1);
  EXPECT_THAT(Visit(walk, 0, 1), ElementsAre(0));
}

TEST(StridedWalk, AnySplitVisitsTheSameAsTheWhole) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    StridedWalk<1> walk;
    for (int d = random.Int(0, 6); d > 0; --d) {
      walk.Append(random.Int(1, 4), {random.Int(-20, 20)});
    }
    const std::vector<std::int64_t> whole = Visit(walk, 0, walk.size());
    const std::int64_t cut = random.Int(0, static_cast<int>(walk.size()));
    std::vector<std::int64_t> parts = Visit(walk, 0, cut);
    const std::vector<std::int64_t> rest = Visit(walk, cut, walk.size());
    parts.insert(parts.end(), rest.begin(), rest.end());
    ASSERT_EQ(parts, whole);
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
