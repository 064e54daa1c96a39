// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AxisOptions Along(std::int32_t axis) {
  AxisOptions options;
  options.axis = axis;
  return options;
}

template <typename T>
class Concatenation : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::uint8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(Concatenation, Elements);

TYPED_TEST(Concatenation, PutsPartsInARowAndSplitVTakesThemApart) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const int rank = 1 + round % 6;
    const int axis = random.Int(0, rank - 1);
    const int given = random.Coin() ? axis : axis - rank;
    std::vector<int> dims = random.Dims(rank, 3);
    std::vector<Shape> shapes;
    std::vector<std::vector<T>> parts;
    std::vector<std::int32_t> sizes;
    int total = 0;
    OpHarness op(OpKind::kConcatenation, Along(given));
    for (int count = random.Int(1, 12); count > 0; --count) {
      dims[axis] = random.Int(1, 4);
      total += dims[axis];
      sizes.push_back(dims[axis]);
      shapes.push_back(ShapeOf(dims));
      parts.push_back(random.Values<T>(shapes.back()));
      op.Input<T>(shapes.back(), parts.back());
    }
    dims[axis] = total;
    const Shape out = ShapeOf(dims);
    op.Output<T>(out);
    ASSERT_TRUE(op.Run(kConcatenation)) << op.why();
    const std::vector<T> whole = op.template Result<T>();
    for (const Index& index : AllIndices(out)) {
      Index in = index;
      std::size_t part = 0;
      while (in[axis] >= sizes[part]) {
        in[axis] -= sizes[part++];
      }
      ASSERT_EQ(whole[Flat(out, index)], parts[part][Flat(shapes[part], in)]);
    }
    OpHarness split(OpKind::kSplitV);
    split.Input<T>(out, whole)
        .template Constant<std::int32_t>({static_cast<std::int32_t>(sizes.size())}, sizes)
        .template Constant<std::int32_t>({}, {given});
    for (const Shape& shape : shapes) {
      split.Output<T>(shape);
    }
    ASSERT_TRUE(split.Run(kSplitV)) << split.why();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      ASSERT_EQ(split.template Result<T>(i), parts[i]);
    }
  }
}

// By hand: 2 * (13 - 3) = 20 and 2 * (255 - 3) = 504, in units of 1 from 5 on, cut at 255.
TEST(ConcatenationUint8, IsRescaledWhereTheScalesDiffer) {
  OpHarness op(OpKind::kConcatenation, Along(0));
  op.Input<std::uint8_t>({3}, {13, 255, 0}, Q(2.0F, 3))
      .Input<std::uint8_t>({2}, {7, 200}, Q(1.0F, 5))
      .Output<std::uint8_t>({5}, Q(1.0F, 5));
  ASSERT_TRUE(op.Run(kConcatenation)) << op.why();
  EXPECT_THAT(op.Result<std::uint8_t>(), ElementsAre(25, 255, 0, 7, 200));
}

TEST(ConcatenationUint8, HostileScalesGiveSomeNumber) {
  for (const float in : {1e-45F, 1.0F, 3e38F}) {
    for (const float out : {1e-45F, 1.0F, 3e38F}) {
      OpHarness op(OpKind::kConcatenation, Along(0));
      op.Input<std::uint8_t>({2}, {0, 255}, Q(in, 128)).Output<std::uint8_t>({2}, Q(out, 9));
      EXPECT_TRUE(op.Run(kConcatenation)) << op.why();
    }
  }
}

TEST(ConcatenationRefuses, WithAMessage) {
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<std::int8_t>({1}, {1}, Q(1)).Input<std::int8_t>({1}, {1}, Q(2));
    op.Output<std::int8_t>({2}, Q(1));
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("quantised otherwise than the output"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(2));
    op.Input<float>({1, 1}, {1}).Output<float>({1, 1});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("axis 2 found, -2 to 1 expected"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<float>({1, 2}, {1, 2}).Input<float>({1, 3}, {1, 2, 3}).Output<float>({2, 2});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("declared [1, 3], computed [1, 2]"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<float>({1}, {1}).Input<float>({1}, {1}).Output<float>({3});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("declared [3], computed [2]"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<float>({1}, {1}).Input<std::int32_t>({1}, {1}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("is int32, float32 expected"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<float>({1}, {1}).Absent().Output<float>({2});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("input 1 is left out"));
  }
  {
    AxisOptions options;
    options.activation = Activation::kRelu;
    OpHarness op(OpKind::kConcatenation, options);
    op.Input<float>({1}, {1}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("fused activation"));
  }
  {
    OpHarness op(OpKind::kConcatenation, Along(0));
    op.Input<float>({}, {1}).Output<float>({});
    EXPECT_FALSE(op.Prepare(kConcatenation));
    EXPECT_THAT(op.why(), HasSubstr("axis 0 found"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
