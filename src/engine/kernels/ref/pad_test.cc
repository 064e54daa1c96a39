// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Paddings {
  Shape in, out;
  std::vector<std::int32_t> pairs;
};

Paddings AnyPaddings(Random& random, int rank) {
  Paddings p;
  p.in = random.AnyShape(rank, 3);
  std::vector<int> out;
  for (const std::int32_t dim : p.in.dims()) {
    p.pairs.push_back(random.Coin() ? 0 : random.Int(0, 2));
    p.pairs.push_back(random.Coin() ? 0 : random.Int(0, 2));
    out.push_back(dim + p.pairs.end()[-2] + p.pairs.end()[-1]);
  }
  p.out = ShapeOf(out);
  return p;
}

template <typename T>
class Pad : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::uint8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(Pad, Elements);

TYPED_TEST(Pad, FillsAroundTheInputAndSliceTakesItBack) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 90; ++round) {
    const int rank = 1 + round % 6;
    const Paddings p = AnyPaddings(random, rank);
    const std::vector<T> x = random.Values<T>(p.in);
    const T value = random.Values<T>({1})[0];
    const Quant quant = Q(0.5F, 9);
    const bool quantised = sizeof(T) == 1;
    for (const bool with_value : {false, true}) {
      OpHarness op(with_value ? OpKind::kPadV2 : OpKind::kPad);
      op.Input<T>(p.in, x, quant).template Constant<std::int32_t>({rank, 2}, p.pairs);
      if (with_value) {
        op.Input<T>({}, {value}, quant);
      }
      op.Output<T>(p.out, quant);
      ASSERT_TRUE(op.Run(with_value ? kPadV2 : kPad)) << op.why();
      const std::vector<T> y = op.template Result<T>();
      const T fill = with_value ? value : static_cast<T>(quantised ? 9 : 0);
      std::vector<std::int32_t> before;
      for (int d = 0; d < rank; ++d) {
        before.push_back(p.pairs[2 * d]);
      }
      for (const Index& index : AllIndices(p.out)) {
        Index from = index;
        bool inside = true;
        for (int d = 0; d < rank; ++d) {
          from[d] -= before[d];
          inside = inside && from[d] >= 0 && from[d] < p.in.dim(d);
        }
        ASSERT_EQ(y[Flat(p.out, index)], inside ? x[Flat(p.in, from)] : fill);
      }
      OpHarness back(OpKind::kSlice);
      back.Input<T>(p.out, y)
          .template Constant<std::int32_t>({rank}, before)
          .template Constant<std::int32_t>({rank}, DimsOf(p.in))
          .template Output<T>(p.in);
      ASSERT_TRUE(back.Run(kSlice)) << back.why();
      ASSERT_EQ(back.template Result<T>(), x);
    }
  }
}

TEST(PadKnown, ByHand) {
  OpHarness op(OpKind::kPad);
  op.Input<float>({1, 2}, {1, 2})
      .Constant<std::int64_t>({2, 2}, {1, 0, 0, 1})
      .Output<float>({2, 3});
  ASSERT_TRUE(op.Run(kPad)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(0, 0, 0, 1, 2, 0));
}

TEST(PadRefuses, PaddingsOutsideOfTheRange) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t bad : {std::int64_t{-1}, kFar, std::int64_t{1} << 31}) {
    OpHarness op(OpKind::kPad);
    op.Input<float>({2}, {1, 2}).Constant<std::int64_t>({1, 2}, {0, bad}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kPad));
    EXPECT_EQ(op.error(), base::Error::kMalformed);
    EXPECT_THAT(op.why(), HasSubstr("0 to 2147483647 expected"));
  }
}

TEST(PadRefuses, WithAMessage) {
  {
    OpHarness op(OpKind::kPad);
    op.Input<float>({2}, {1, 2}).Input<std::int32_t>({1, 2}, {0, 1}).Output<float>({3});
    EXPECT_FALSE(op.Prepare(kPad));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("paddings 't' is computed"));
  }
  {
    OpHarness op(OpKind::kPad);
    op.Input<float>({2}, {1, 2}).Constant<std::int32_t>({1}, {0}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kPad));
    EXPECT_THAT(op.why(), HasSubstr("paddings 't' has 1 elements, 2 expected"));
  }
  {
    OpHarness op(OpKind::kPad);
    op.Input<float>({2}, {1, 2}).Constant<std::int32_t>({1, 2}, {1, 1}).Output<float>({3});
    EXPECT_FALSE(op.Prepare(kPad));
    EXPECT_THAT(op.why(), HasSubstr("declared [3], computed [4]"));
  }
  {
    OpHarness op(OpKind::kPadV2);
    op.Input<std::int8_t>({2}, {1, 2}, Q(1)).Constant<std::int32_t>({1, 2}, {1, 1});
    op.Input<std::int8_t>({}, {3}, Q(2)).Output<std::int8_t>({4}, Q(1));
    EXPECT_FALSE(op.Prepare(kPadV2));
    EXPECT_THAT(op.why(), HasSubstr("quantised otherwise than the output"));
  }
  {
    OpHarness op(OpKind::kPadV2);
    op.Input<float>({2}, {1, 2}).Constant<std::int32_t>({1, 2}, {1, 1});
    op.Input<float>({2}, {3, 4}).Output<float>({4});
    EXPECT_FALSE(op.Prepare(kPadV2));
    EXPECT_THAT(op.why(), HasSubstr("fill value 't' has 2 elements"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
