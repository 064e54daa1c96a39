// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AxisOptions Stack(std::int32_t axis, std::uint16_t count) {
  AxisOptions options;
  options.axis = axis;
  options.count = count;
  return options;
}

TEST(Pack, ByHand) {
  OpHarness op(OpKind::kPack, Stack(-1, 2));
  op.Input<float>({2}, {1, 2}).Input<float>({2}, {3, 4}).Output<float>({2, 2});
  ASSERT_TRUE(op.Run(kPack)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(1, 3, 2, 4));
}

template <typename T>
class PackTyped : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(PackTyped, Elements);

TYPED_TEST(PackTyped, StacksAndUnpackTakesApart) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const int rank = round % 6;
    const std::vector<int> dims = random.Dims(rank, 3);
    const int count = random.Int(1, 5);
    const int axis = random.Int(0, rank);
    std::vector<int> stacked = dims;
    stacked.insert(stacked.begin() + axis, count);
    const Shape out = ShapeOf(stacked);
    const AxisOptions options = Stack(random.Coin() ? axis : axis - rank - 1, count);
    std::vector<std::vector<T>> parts;
    OpHarness op(OpKind::kPack, options);
    OpHarness back(OpKind::kUnpack, options);
    for (int i = 0; i < count; ++i) {
      parts.push_back(random.Values<T>(ShapeOf(dims)));
      op.Input<T>(ShapeOf(dims), parts.back());
    }
    op.Output<T>(out);
    ASSERT_TRUE(op.Run(kPack)) << op.why();
    const std::vector<T> whole = op.template Result<T>();
    for (const Index& index : AllIndices(out)) {
      Index in = index;
      in.erase(in.begin() + axis);
      ASSERT_EQ(whole[Flat(out, index)], parts[index[axis]][Flat(ShapeOf(dims), in)]);
    }
    back.Input<T>(out, whole);
    for (int i = 0; i < count; ++i) {
      back.Output<T>(ShapeOf(dims));
    }
    ASSERT_TRUE(back.Run(kUnpack)) << back.why();
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(back.template Result<T>(i), parts[i]);
    }
  }
}

TEST(PackRefuses, WithAMessage) {
  {
    OpHarness op(OpKind::kPack, Stack(2, 1));
    op.Input<float>({2}, {1, 2}).Output<float>({1, 2});
    EXPECT_FALSE(op.Prepare(kPack));
    EXPECT_THAT(op.why(), HasSubstr("axis 2 found, -2 to 1 expected"));
  }
  {
    OpHarness op(OpKind::kPack, Stack(0, 2));
    op.Input<float>({2}, {1, 2}).Input<float>({1}, {1}).Output<float>({2, 2});
    EXPECT_FALSE(op.Prepare(kPack));
    EXPECT_THAT(op.why(), HasSubstr("declared [1], computed [2]"));
  }
  {
    OpHarness op(OpKind::kPack, Stack(0, 3));
    op.Input<float>({2}, {1, 2}).Output<float>({1, 2});
    EXPECT_FALSE(op.Prepare(kPack));
    EXPECT_THAT(op.why(), HasSubstr("1 tensors for a dimension of 1, and the options say 3"));
  }
  {
    OpHarness op(OpKind::kUnpack, Stack(0, 2));
    op.Input<float>({3}, {1, 2, 3}).Output<float>({}).Output<float>({});
    EXPECT_FALSE(op.Prepare(kUnpack));
    EXPECT_THAT(op.why(), HasSubstr("2 tensors for a dimension of 3"));
  }
  {
    OpHarness op(OpKind::kUnpack, Stack(0, 2));
    op.Input<float>({2}, {1, 2}).Output<float>({}).Output<std::int8_t>({});
    EXPECT_FALSE(op.Prepare(kUnpack));
    EXPECT_THAT(op.why(), HasSubstr("is int8, float32 expected"));
  }
  {
    OpHarness op(OpKind::kPack, Stack(0, 2));
    op.Input<float>({}, {1}).Absent().Output<float>({2});
    EXPECT_FALSE(op.Prepare(kPack));
    EXPECT_THAT(op.why(), HasSubstr("left out"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
