// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

struct Box {
  Shape in, out;
  std::vector<std::int32_t> begin, size;
};

Box AnyBox(Random& random, int rank) {
  Box box;
  box.in = random.AnyShape(rank, 5);
  for (const std::int32_t dim : box.in.dims()) {
    box.begin.push_back(random.Int(0, dim - 1));
    box.size.push_back(random.Int(1, dim - box.begin.back()));
  }
  box.out = ShapeOf(box.size);
  for (int d = 0; d < rank; ++d) {
    if (box.begin[d] + box.size[d] == box.in.dim(d) && random.Coin()) {
      box.size[d] = -1;
    }
  }
  return box;
}

template <typename T>
class Slice : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(Slice, Elements);

TYPED_TEST(Slice, TakesTheBoxAndAgreesWithStridedSlice) {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const int rank = 1 + round % 6;
    const Box box = AnyBox(random, rank);
    const std::vector<TypeParam> x = random.Values<TypeParam>(box.in);
    OpHarness op(OpKind::kSlice);
    op.Input<TypeParam>(box.in, x)
        .template Constant<std::int32_t>({rank}, box.begin)
        .template Constant<std::int32_t>({rank}, box.size)
        .template Output<TypeParam>(box.out);
    ASSERT_TRUE(op.Run(kSlice)) << op.why();
    const std::vector<TypeParam> y = op.template Result<TypeParam>();
    std::vector<std::int32_t> end = box.begin;
    for (int d = 0; d < rank; ++d) {
      end[d] += box.out.dim(d);
    }
    for (const Index& index : AllIndices(box.out)) {
      Index from = index;
      for (int d = 0; d < rank; ++d) {
        from[d] += box.begin[d];
      }
      ASSERT_EQ(y[Flat(box.out, index)], x[Flat(box.in, from)]);
    }
    OpHarness strided(OpKind::kStridedSlice);
    strided.Input<TypeParam>(box.in, x)
        .template Constant<std::int32_t>({rank}, box.begin)
        .template Constant<std::int32_t>({rank}, end)
        .template Constant<std::int32_t>({rank}, std::vector<std::int32_t>(rank, 1))
        .template Output<TypeParam>(box.out);
    ASSERT_TRUE(strided.Run(kStridedSlice)) << strided.why();
    EXPECT_EQ(strided.template Result<TypeParam>(), y);
  }
}

TEST(SliceRefuses, BoxesThatReachOut) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  const std::int64_t pairs[][2] = {{-1, 1}, {4, 1},       {0, 4},   {2, 2},
                                   {0, -2}, {kFar, kFar}, {1, kFar}};
  for (const auto& [begin, size] : pairs) {
    OpHarness op(OpKind::kSlice);
    op.Input<float>({3}, {1, 2, 3})
        .Constant<std::int64_t>({1}, {begin})
        .Constant<std::int64_t>({1}, {size})
        .Output<float>({1});
    EXPECT_FALSE(op.Prepare(kSlice));
    EXPECT_THAT(op.why(), HasSubstr("do not lie inside 3"));
  }
}

TEST(SliceRefuses, EmptyBoxesAndComputedOnes) {
  {
    OpHarness op(OpKind::kSlice);
    op.Input<float>({3}, {1, 2, 3})
        .Constant<std::int32_t>({1}, {3})
        .Constant<std::int32_t>({1}, {-1})
        .Output<float>({1});
    EXPECT_FALSE(op.Prepare(kSlice));
    EXPECT_THAT(op.why(), HasSubstr("computed [0]"));
  }
  {
    OpHarness op(OpKind::kSlice);
    op.Input<float>({3}, {1, 2, 3})
        .Constant<std::int32_t>({1}, {0})
        .Input<std::int32_t>({1}, {1})
        .Output<float>({1});
    EXPECT_FALSE(op.Prepare(kSlice));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("size 't' is computed"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
