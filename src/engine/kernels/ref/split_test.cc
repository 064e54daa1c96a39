// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
class Split : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(Split, Elements);

TYPED_TEST(Split, CutsEvenlyAndConcatenationPutsBack) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const int rank = 1 + round % 6;
    const int axis = random.Int(0, rank - 1);
    const int given = random.Coin() ? axis : axis - rank;
    const int pieces = random.Int(1, 4);
    std::vector<int> dims = random.Dims(rank, 3);
    const Shape piece = ShapeOf(dims);
    dims[axis] *= pieces;
    const Shape in = ShapeOf(dims);
    const std::vector<T> x = random.Values<T>(in);
    OpHarness op(OpKind::kSplit);
    op.Constant<std::int32_t>({}, {given}).template Input<T>(in, x);
    AxisOptions options;
    options.axis = given;
    OpHarness back(OpKind::kConcatenation, options);
    for (int i = 0; i < pieces; ++i) {
      op.Output<T>(piece);
    }
    ASSERT_TRUE(op.Run(kSplit)) << op.why();
    for (int i = 0; i < pieces; ++i) {
      const std::vector<T> part = op.template Result<T>(i);
      for (const Index& index : AllIndices(piece)) {
        Index from = index;
        from[axis] += i * piece.dim(axis);
        ASSERT_EQ(part[Flat(piece, index)], x[Flat(in, from)]);
      }
      back.Input<T>(piece, part);
    }
    back.Output<T>(in);
    ASSERT_TRUE(back.Run(kConcatenation)) << back.why();
    ASSERT_EQ(back.template Result<T>(), x);
  }
}

TEST(SplitV, OneSizeMayBeWhatIsLeft) {
  OpHarness op(OpKind::kSplitV);
  op.Input<float>({6}, {1, 2, 3, 4, 5, 6})
      .Constant<std::int64_t>({3}, {1, -1, 2})
      .Constant<std::int32_t>({1}, {0})
      .Output<float>({1})
      .Output<float>({3})
      .Output<float>({2});
  ASSERT_TRUE(op.Run(kSplitV)) << op.why();
  EXPECT_THAT(op.Result<float>(0), ElementsAre(1));
  EXPECT_THAT(op.Result<float>(1), ElementsAre(2, 3, 4));
  EXPECT_THAT(op.Result<float>(2), ElementsAre(5, 6));
}

TEST(SplitRefuses, WithAMessage) {
  {
    OpHarness op(OpKind::kSplit);
    op.Constant<std::int32_t>({}, {0}).Input<float>({3}, {1, 2, 3});
    op.Output<float>({2}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kSplit));
    EXPECT_THAT(op.why(), HasSubstr("a dimension of 3 for 2 outputs"));
  }
  {
    OpHarness op(OpKind::kSplit);
    op.Constant<std::int32_t>({}, {1}).Input<float>({2}, {1, 2}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kSplit));
    EXPECT_THAT(op.why(), HasSubstr("axis 1 found, -1 to 0 expected"));
  }
  {
    OpHarness op(OpKind::kSplit);
    op.Input<std::int32_t>({}, {0}).Input<float>({2}, {1, 2}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kSplit));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("axis 't' is computed"));
  }
  {
    OpHarness op(OpKind::kSplit);
    op.Constant<std::int32_t>({}, {0}).Input<float>({2}, {1, 2});
    EXPECT_FALSE(op.Prepare(kSplit));
    EXPECT_THAT(op.why(), HasSubstr("for 0 outputs"));
  }
  {
    OpHarness op(OpKind::kSplit);
    op.Constant<std::int32_t>({}, {0}).Input<float>({2}, {1, 2});
    op.Output<float>({1}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kSplit));
    EXPECT_THAT(op.why(), HasSubstr("declared [2], computed [1]"));
  }
}

std::string SplitVRefusal(const std::vector<std::int64_t>& sizes) {
  OpHarness op(OpKind::kSplitV);
  op.Input<float>({4}, {1, 2, 3, 4})
      .Constant<std::int64_t>({2}, sizes)
      .Constant<std::int32_t>({}, {0})
      .Output<float>({2})
      .Output<float>({2});
  EXPECT_FALSE(op.Prepare(kSplitV));
  return op.why();
}

TEST(SplitVRefuses, SizesThatDoNotAddUp) {
  EXPECT_THAT(SplitVRefusal({2, 1}), HasSubstr("the sizes leave 1 of a dimension of 4"));
  EXPECT_THAT(SplitVRefusal({3, 2}), HasSubstr("the sizes leave -1"));
  EXPECT_THAT(SplitVRefusal({-1, -1}), HasSubstr("2 of them are -1"));
  EXPECT_THAT(SplitVRefusal({-2, 6}), HasSubstr("size 0 is -2"));
  EXPECT_THAT(SplitVRefusal({0, std::numeric_limits<std::int64_t>::max()}), HasSubstr("size 1 is"));
  EXPECT_THAT(SplitVRefusal({4, 0}), HasSubstr("declared [2], computed [4]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
