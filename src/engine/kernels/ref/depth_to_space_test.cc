// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DepthToSpace, ByHand) {
  OpHarness op(OpKind::kDepthToSpace, DepthToSpaceOptions{2});
  op.Input<std::int8_t>({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}).Output<std::int8_t>({1, 2, 4, 1});
  ASSERT_TRUE(op.Run(kDepthToSpace)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(1, 2, 5, 6, 3, 4, 7, 8));
}

template <typename T>
class DepthToSpace : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(DepthToSpace, Elements);

TYPED_TEST(DepthToSpace, PutsEveryElementWhereItBelongs) {
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    const int block = random.Int(1, 3);
    const Shape out = {random.Int(1, 2), block * random.Int(1, 3), block * random.Int(1, 3),
                       random.Int(1, 3)};
    const Shape in = {out.dim(0), out.dim(1) / block, out.dim(2) / block,
                      out.dim(3) * block * block};
    const std::vector<TypeParam> x = random.Values<TypeParam>(in);
    OpHarness op(OpKind::kDepthToSpace, DepthToSpaceOptions{block});
    op.Input<TypeParam>(in, x).template Output<TypeParam>(out);
    ASSERT_TRUE(op.Run(kDepthToSpace)) << op.why();
    const std::vector<TypeParam> y = op.template Result<TypeParam>();
    for (const Index& i : AllIndices(out)) {
      const int channel = ((i[1] % block) * block + i[2] % block) * out.dim(3) + i[3];
      ASSERT_EQ(y[Flat(out, i)], x[Flat(in, {i[0], i[1] / block, i[2] / block, channel})]);
    }
  }
}

TEST(DepthToSpaceRefuses, BlocksThatDoNotFit) {
  for (const std::int32_t block : {0, -2, 3, 65536, 2147483647}) {
    OpHarness op(OpKind::kDepthToSpace, DepthToSpaceOptions{block});
    op.Input<float>({1, 1, 1, 4}, {1, 2, 3, 4}).Output<float>({1, 2, 2, 1});
    EXPECT_FALSE(op.Prepare(kDepthToSpace));
    EXPECT_THAT(op.why(), HasSubstr("a multiple of its square expected"));
  }
  OpHarness op(OpKind::kDepthToSpace, DepthToSpaceOptions{2});
  op.Input<float>({1, 1, 4}, {1, 2, 3, 4}).Output<float>({2, 2, 1});
  EXPECT_FALSE(op.Prepare(kDepthToSpace));
  EXPECT_THAT(op.why(), HasSubstr("rank 3 found, 4 expected"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
