// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

template <typename T>
void CheckMoves(const Shape& in, const Shape& out) {
  Random random(1);
  const std::vector<T> x = random.Values<T>(in);
  for (const int place : {-1, 0}) {
    OpHarness op(OpKind::kReshape);
    op.Input<T>(in, x).template Output<T>(out);
    ASSERT_TRUE(op.Run(kReshape, place)) << op.why();
    EXPECT_EQ(op.template Result<T>(), x);
  }
}

TEST(Reshape, KeepsElementsOfAnySizeInOrder) {
  CheckMoves<std::int8_t>({2, 3, 4}, {4, 6});
  CheckMoves<std::int16_t>({24}, {1, 2, 3, 1, 4, 1});
  CheckMoves<float>({6, 4}, {24});
  CheckMoves<std::int64_t>({1, 1}, {});
}

TEST(Reshape, AConstantShapeMustAgree) {
  const auto prepare = [](const std::vector<std::int32_t>& shape, std::string& why) {
    OpHarness op(OpKind::kReshape);
    op.Input<float>({2, 3}, std::vector<float>(6))
        .Constant<std::int32_t>({static_cast<std::int32_t>(shape.size())}, shape)
        .Output<float>({3, 2});
    const bool prepared = op.Prepare(kReshape);
    why = op.why();
    return prepared;
  };
  std::string why;
  EXPECT_TRUE(prepare({3, 2}, why)) << why;
  EXPECT_TRUE(prepare({-1, 2}, why)) << why;
  EXPECT_FALSE(prepare({2, 3}, why));
  EXPECT_THAT(why, HasSubstr("dimension 0 is 3 in the output, but 2 in shape 't'"));
}

TEST(Reshape, RefusesAnotherCountOrType) {
  {
    OpHarness op(OpKind::kReshape);
    op.Input<float>({2, 3}, std::vector<float>(6)).Output<float>({5});
    EXPECT_FALSE(op.Prepare(kReshape));
    EXPECT_EQ(op.error(), base::Error::kMalformed);
    EXPECT_THAT(op.why(), HasSubstr("has 6 elements"));
  }
  {
    OpHarness op(OpKind::kReshape);
    op.Input<float>({2}, {1, 2}).Output<std::int32_t>({2});
    EXPECT_FALSE(op.Prepare(kReshape));
    EXPECT_THAT(op.why(), HasSubstr("is int32, float32 expected"));
  }
}

bool PreparesSqueeze(const Shape& in, const Shape& out) {
  OpHarness op(OpKind::kSqueeze);
  op.Input<float>(in, std::vector<float>(in.element_count())).Output<float>(out);
  return op.Prepare(kSqueeze);
}

TEST(Squeeze, DropsDimensionsOfOneOnly) {
  EXPECT_TRUE(PreparesSqueeze({1, 3, 1, 2}, {3, 2}));
  EXPECT_TRUE(PreparesSqueeze({1, 3, 1, 2}, {1, 3, 2}));
  EXPECT_TRUE(PreparesSqueeze({1, 3, 1, 2}, {3, 1, 2}));
  EXPECT_TRUE(PreparesSqueeze({1, 3, 1}, {3, 1}));
  EXPECT_TRUE(PreparesSqueeze({1, 1}, {}));
  EXPECT_FALSE(PreparesSqueeze({1, 3, 1, 2}, {6}));
  EXPECT_FALSE(PreparesSqueeze({1, 3, 1, 2}, {2, 3}));
  EXPECT_FALSE(PreparesSqueeze({3, 2}, {3, 1, 2}));
  EXPECT_FALSE(PreparesSqueeze({1, 3}, {3, 1}));
}

TEST(ExpandDims, PutsInADimensionAtAnyAxis) {
  Random random(2);
  for (int rank = 0; rank < 6; ++rank) {
    const std::vector<int> dims = random.Dims(rank, 4);
    const std::vector<std::int8_t> x = random.Values<std::int8_t>(ShapeOf(dims));
    for (int axis = -rank - 1; axis <= rank; ++axis) {
      std::vector<int> wide = dims;
      wide.insert(wide.begin() + (axis < 0 ? axis + rank + 1 : axis), 1);
      for (const int place : {-1, 0}) {
        OpHarness op(OpKind::kExpandDims);
        op.Input<std::int8_t>(ShapeOf(dims), x)
            .Constant<std::int32_t>({}, {axis})
            .Output<std::int8_t>(ShapeOf(wide));
        ASSERT_TRUE(op.Run(kExpandDims, place)) << op.why();
        EXPECT_EQ(op.Result<std::int8_t>(), x);
      }
    }
  }
}

TEST(ExpandDims, Refuses) {
  {
    OpHarness op(OpKind::kExpandDims);
    op.Input<float>({2}, {1, 2}).Constant<std::int32_t>({}, {2}).Output<float>({2, 1});
    EXPECT_FALSE(op.Prepare(kExpandDims));
    EXPECT_THAT(op.why(), HasSubstr("axis 2 found, -2 to 1 expected"));
  }
  {
    OpHarness op(OpKind::kExpandDims);
    op.Input<float>({2}, {1, 2}).Input<std::int32_t>({}, {0}).Output<float>({1, 2});
    EXPECT_FALSE(op.Prepare(kExpandDims));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("axis 't' is computed"));
  }
  {
    OpHarness op(OpKind::kExpandDims);
    op.Input<float>({1, 1, 1, 1, 1, 1}, {1}).Constant<std::int32_t>({}, {0}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kExpandDims));
    EXPECT_THAT(op.why(), HasSubstr("rank 7, at most 6"));
  }
  {
    OpHarness op(OpKind::kExpandDims);
    op.Input<float>({2}, {1, 2}).Constant<std::int64_t>({}, {0}).Output<float>({2, 1});
    EXPECT_FALSE(op.Prepare(kExpandDims));
    EXPECT_THAT(op.why(), HasSubstr("declared [2, 1], computed [1, 2]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
