// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/resize_case.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ResizeNearestNeighbor, ByHand) {
  const std::vector<float> x = {1, 2, 3};
  const auto width = [&](int out, ResizeOptions options) {
    return Resized<float>(kResizeNearestNeighbor, {1, 1, 3, 1}, x, {1, 1, out, 1}, options);
  };
  EXPECT_THAT(width(6, kPlain), ElementsAre(1, 1, 2, 2, 3, 3));
  EXPECT_THAT(width(2, kPlain), ElementsAre(1, 2));
  EXPECT_THAT(width(2, kHalf), ElementsAre(1, 3));
  EXPECT_THAT(width(5, kCorners), ElementsAre(1, 2, 2, 3, 3));
  EXPECT_THAT(width(1, kCorners), ElementsAre(1));
}

template <typename T>
class ResizeNearestTyped : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(ResizeNearestTyped, Elements);

// Whole factors, where every rule is exact: out = factor * in repeats each pixel.
TYPED_TEST(ResizeNearestTyped, WholeFactorsRepeatAndShrinkBack) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    const Shape in = {random.Int(1, 2), random.Int(1, 4), random.Int(1, 4), random.Int(1, 3)};
    const int fy = random.Int(1, 3);
    const int fx = random.Int(1, 3);
    const Shape out = {in.dim(0), in.dim(1) * fy, in.dim(2) * fx, in.dim(3)};
    const std::vector<T> x = random.Values<T>(in);
    for (const ResizeOptions& options : {kPlain, kHalf}) {
      const std::vector<T> y = Resized<T>(kResizeNearestNeighbor, in, x, out, options);
      for (const Index& i : AllIndices(out)) {
        ASSERT_EQ(y[Flat(out, i)], x[Flat(in, {i[0], i[1] / fy, i[2] / fx, i[3]})]);
      }
      ASSERT_EQ(Resized<T>(kResizeNearestNeighbor, out, y, in, options), x);
    }
  }
}

TEST(ResizeNearestNeighbor, AnySizesStayInside) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const Shape in = {1, random.Int(1, 40), random.Int(1, 40), 1};
    const Shape out = {1, random.Int(1, 90), random.Int(1, 90), 1};
    const ResizeOptions options{random.Coin(), random.Coin()};
    const std::vector<std::int16_t> y =
        Resized<std::int16_t>(kResizeNearestNeighbor, in, Names<std::int16_t>(in), out, options);
    // Rows and columns come in order, and the last is reached.
    const auto row = [&](int place) { return y[Flat(out, {0, place, 0, 0})] / in.dim(2); };
    for (int place = 1; place < out.dim(1); ++place) {
      ASSERT_LE(row(place - 1), row(place));
    }
    // With both options half a row is added before rounding, and the first may be left out.
    if (out.dim(1) >= in.dim(1) && !(options.align_corners && options.half_pixel_centers)) {
      ASSERT_EQ(row(0), 0);
      ASSERT_EQ(row(out.dim(1) - 1), in.dim(1) - 1 - (out.dim(1) == 1 ? in.dim(1) - 1 : 0));
    }
  }
}

TEST(ResizeNearestNeighbor, Refuses) {
  {
    OpHarness op(OpKind::kResizeNearestNeighbor);
    op.Input<float>({1, 1, 1, 1}, {1}).Input<std::int32_t>({2}, {2, 2});
    op.Output<float>({1, 2, 2, 1});
    EXPECT_FALSE(op.Prepare(kResizeNearestNeighbor));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("size 't' is computed"));
  }
  {
    OpHarness op(OpKind::kResizeNearestNeighbor);
    op.Input<float>({1, 1, 1}, {1}).Constant<std::int32_t>({2}, {2, 2}).Output<float>({1, 2, 2});
    EXPECT_FALSE(op.Prepare(kResizeNearestNeighbor));
    EXPECT_THAT(op.why(), HasSubstr("rank 3 found, 4 expected"));
  }
  for (const std::int32_t bad : {0, -1, std::numeric_limits<std::int32_t>::min()}) {
    OpHarness op(OpKind::kResizeNearestNeighbor);
    op.Input<float>({1, 1, 1, 1}, {1}).Constant<std::int32_t>({2}, {bad, 2});
    op.Output<float>({1, 1, 2, 1});
    EXPECT_FALSE(op.Prepare(kResizeNearestNeighbor));
    EXPECT_THAT(op.why(), HasSubstr("declared [1, 1, 2, 1], computed [1, 0, 2, 1]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
