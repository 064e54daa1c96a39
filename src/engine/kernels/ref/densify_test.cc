// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

TEST(Densify, IsRefusedWhereItWasNotFolded) {
  OpHarness computed(OpKind::kDensify);
  computed.Input<float>({1}, {1}).Output<float>({1});
  EXPECT_FALSE(computed.Prepare(kDensify));
  EXPECT_EQ(computed.error(), base::Error::kUnsupported);
  EXPECT_THAT(computed.why(), HasSubstr("is computed by the network, a sparse constant expected"));
  OpHarness constant(OpKind::kDensify);
  constant.Constant<float>({1}, {1}).Output<float>({1});
  EXPECT_FALSE(constant.Prepare(kDensify));
  EXPECT_THAT(constant.why(), HasSubstr("was not folded when the model was loaded"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
