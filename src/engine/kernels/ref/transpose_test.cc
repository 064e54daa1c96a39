// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

Shape Permuted(const Shape& shape, const std::vector<std::int32_t>& perm) {
  std::vector<int> dims;
  for (const std::int32_t from : perm) {
    dims.push_back(shape.dim(from));
  }
  return ShapeOf(dims);
}

template <typename T>
std::vector<T> Transposed(const Shape& in, const std::vector<T>& x,
                          const std::vector<std::int32_t>& perm) {
  OpHarness op(OpKind::kTranspose);
  op.Input<T>(in, x)
      .template Constant<std::int32_t>({static_cast<std::int32_t>(perm.size())}, perm)
      .template Output<T>(Permuted(in, perm));
  EXPECT_TRUE(op.Run(kTranspose)) << op.why();
  return op.template Result<T>();
}

std::vector<std::int32_t> AnyPermutation(Random& random, int rank) {
  std::vector<std::int32_t> perm(static_cast<std::size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  return random.Shuffled(perm);
}

template <typename T>
class Transpose : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(Transpose, Elements);

TYPED_TEST(Transpose, PutsEveryElementWhereItBelongs) {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const Shape in = random.AnyShape(1 + round % 6, 4);
    const std::vector<std::int32_t> perm = AnyPermutation(random, in.rank());
    const std::vector<TypeParam> x = random.Values<TypeParam>(in);
    const std::vector<TypeParam> y = Transposed(in, x, perm);
    const Shape out = Permuted(in, perm);
    for (const Index& index : AllIndices(in)) {
      Index to;
      for (const std::int32_t from : perm) {
        to.push_back(index[from]);
      }
      ASSERT_EQ(y[Flat(out, to)], x[Flat(in, index)]);
    }
  }
}

TYPED_TEST(Transpose, TwoInARowAreOne) {
  Random random(2);
  for (int round = 0; round < 30; ++round) {
    const Shape in = random.AnyShape(1 + round % 6, 4);
    const std::vector<std::int32_t> p = AnyPermutation(random, in.rank());
    const std::vector<std::int32_t> q = AnyPermutation(random, in.rank());
    std::vector<std::int32_t> both;
    for (const std::int32_t i : q) {
      both.push_back(p[i]);
    }
    const std::vector<TypeParam> x = random.Values<TypeParam>(in);
    ASSERT_EQ(Transposed(Permuted(in, p), Transposed(in, x, p), q), Transposed(in, x, both));
  }
}

TEST(Transpose, ThreePlanesBecomePixels) {
  std::vector<std::int8_t> planes(3 * 5 * 7);
  std::vector<std::int8_t> pixels(planes.size());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    planes[i] = static_cast<std::int8_t>(i * 3);
    pixels[i % 35 * 3 + i / 35] = planes[i];
  }
  for (const int parts : {1, 4}) {
    OpHarness op(OpKind::kTranspose);
    op.Input<std::int8_t>({1, 3, 5, 7}, planes)
        .Constant<std::int32_t>({4}, {0, 2, 3, 1})
        .Output<std::int8_t>({1, 5, 7, 3});
    ASSERT_TRUE(op.Split(parts).Run(kTranspose)) << op.why();
    EXPECT_EQ(op.Result<std::int8_t>(), pixels);
  }
}

TEST(TransposeRefuses, WhatIsNoPermutation) {
  for (const std::vector<std::int32_t>& perm : {std::vector<std::int32_t>{0, 0}, {0, 2}, {-1, 0}}) {
    OpHarness op(OpKind::kTranspose);
    op.Input<float>({2, 2}, {1, 2, 3, 4}).Constant<std::int32_t>({2}, perm).Output<float>({2, 2});
    EXPECT_FALSE(op.Prepare(kTranspose));
    EXPECT_EQ(op.error(), base::Error::kMalformed);
    EXPECT_THAT(op.why(), HasSubstr("of the permutation is"));
  }
  {
    OpHarness op(OpKind::kTranspose);
    op.Input<float>({2, 2}, {1, 2, 3, 4}).Constant<std::int32_t>({1}, {0}).Output<float>({2, 2});
    EXPECT_FALSE(op.Prepare(kTranspose));
    EXPECT_THAT(op.why(), HasSubstr("permutation 't' has 1 elements, 2 expected"));
  }
  {
    OpHarness op(OpKind::kTranspose);
    op.Input<float>({2, 3}, std::vector<float>(6));
    op.Input<std::int32_t>({2}, {1, 0}).Output<float>({3, 2});
    EXPECT_FALSE(op.Prepare(kTranspose));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("permutation 't' is computed"));
  }
  {
    OpHarness op(OpKind::kTranspose);
    op.Input<float>({2, 3}, std::vector<float>(6));
    op.Constant<std::int32_t>({2}, {1, 0}).Output<float>({2, 3});
    EXPECT_FALSE(op.Prepare(kTranspose));
    EXPECT_THAT(op.why(), HasSubstr("declared [2, 3], computed [3, 2]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
