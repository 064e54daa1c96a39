// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct RootOp : OpHarness {
  RootOp(const std::vector<std::uint64_t>& x, std::int32_t bits)
      : OpHarness(OpKind::kSignalFilterBankSquareRoot) {
    const Shape shape{static_cast<std::int32_t>(x.size())};
    Input<std::uint64_t>(shape, x).Input<std::int32_t>({}, {bits}).Output<std::uint32_t>(shape);
  }
};

TEST(SignalFilterBankSquareRoot, RootsAndShifts) {
  const std::vector<std::uint64_t> x = {0, 1, 2, 3, 100, 1000000, 0xFFFFFFFE00000001U};
  RootOp plain(x, 0);
  ASSERT_TRUE(plain.Run(kSignalFilterBankSquareRoot)) << plain.why();
  EXPECT_THAT(plain.Result<std::uint32_t>(), ElementsAre(0, 1, 1, 2, 10, 1000, 0xFFFFFFFF));
  RootOp shifted(x, 3);
  ASSERT_TRUE(shifted.Run(kSignalFilterBankSquareRoot)) << shifted.why();
  EXPECT_THAT(shifted.Result<std::uint32_t>(), ElementsAre(0, 0, 0, 0, 1, 125, 0x1FFFFFFF));
}

TEST(SignalFilterBankSquareRoot, AShiftOutsideTheWordIsAnErrorOfTheRun) {
  for (const std::int32_t bits : {-1, 32, 1 << 30}) {
    RootOp op({4}, bits);
    EXPECT_FALSE(op.Run(kSignalFilterBankSquareRoot));
    EXPECT_THAT(op.why(), HasSubstr("malformed"));
  }
}

TEST(SignalFilterBankSquareRoot, RefusesAnotherShape) {
  OpHarness op(OpKind::kSignalFilterBankSquareRoot);
  op.Input<std::uint64_t>({2}, {1, 2}).Input<std::int32_t>({}, {0}).Output<std::uint32_t>({3});
  EXPECT_FALSE(op.Prepare(kSignalFilterBankSquareRoot));
  EXPECT_THAT(op.why(), HasSubstr("declared [3], computed [2]"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
