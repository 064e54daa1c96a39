// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Relu, ClampsFloatsFromBelow) {
  OpHarness op(OpKind::kRelu);
  op.Input<float>({4}, {-1.0F, 0.0F, 2.5F, 9.0F}).Output<float>({4});
  ASSERT_TRUE(op.Run(kRelu)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(0.0F, 0.0F, 2.5F, 9.0F));
}

TEST(Relu6, Int8ClampsAtTheQuantisedSixAndRescales) {
  OpHarness op(OpKind::kRelu6);
  op.Input<std::int8_t>({4}, {-128, -1, 3, 127}, Q(0.5F, -1))
      .Output<std::int8_t>({4}, Q(0.25F, -20));
  ASSERT_TRUE(op.Run(kRelu6)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(),
              ElementsAre(-20, -20, -12, 4));  // 0, 0, 2.0, clipped to 6.0
}

TEST(Relu, InPlaceEqualsApart) {
  for (const int place : {-1, 0}) {
    OpHarness op(OpKind::kRelu);
    op.Input<float>({3}, {-1.0F, 1.0F, -2.0F}).Output<float>({3});
    ASSERT_TRUE(op.Run(kRelu, place)) << op.why();
    EXPECT_THAT(op.Result<float>(), ElementsAre(0.0F, 1.0F, 0.0F));
  }
}

TEST(Relu, RefusesAnotherOutputShape) {
  OpHarness op(OpKind::kRelu);
  op.Input<float>({3}, {1, 2, 3}).Output<float>({4});
  EXPECT_FALSE(op.Prepare(kRelu));
  EXPECT_THAT(op.why(), HasSubstr("declared [4], computed [3]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
