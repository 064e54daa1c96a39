// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Entries {
  std::vector<std::int32_t> begin, end, strides;
  StridedSliceOptions options;
};

template <typename T>
void Fill(OpHarness& op, const Shape& in, const std::vector<T>& x, const Entries& e,
          const Shape& out) {
  const Shape shape = {static_cast<std::int32_t>(e.begin.size())};
  op.Input<T>(in, x)
      .template Constant<std::int32_t>(shape, e.begin)
      .template Constant<std::int32_t>(shape, e.end)
      .template Constant<std::int32_t>(shape, e.strides)
      .template Output<T>(out);
}

std::vector<float> Sliced(const Shape& in, const Entries& e, const Shape& out) {
  OpHarness op(OpKind::kStridedSlice, e.options);
  Fill<float>(op, in, Names<float>(in), e, out);
  EXPECT_TRUE(op.Run(kStridedSlice)) << op.why();
  return op.Result<float>();
}

std::string Refusal(const Shape& in, const Entries& e, const Shape& out) {
  OpHarness op(OpKind::kStridedSlice, e.options);
  Fill<float>(op, in, Names<float>(in), e, out);
  EXPECT_FALSE(op.Prepare(kStridedSlice));
  return op.why();
}

// What a[begin:end:stride] selects, found by trying every place a walk could stand on.
std::vector<int> Selected(int dim, int begin, int end, int stride, bool from_edge, bool to_edge) {
  std::vector<int> places;
  const auto wrap = [dim](int i) { return i < 0 ? i + dim : i; };
  int at = wrap(begin);
  if (stride > 0) {
    at = from_edge || at < 0 ? 0 : at;
  } else {
    at = from_edge || at >= dim ? dim - 1 : at;
  }
  const auto inside = [&](int i) {
    return stride > 0 ? i < dim && (to_edge || i < wrap(end))
                      : i >= 0 && (to_edge || i > wrap(end));
  };
  while (inside(at)) {
    places.push_back(at);
    at += stride;
  }
  return places;
}

template <typename T>
class StridedSlice : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(StridedSlice, Elements);

TYPED_TEST(StridedSlice, SelectsLikeNumPyOverEveryRank) {
  Random random(1);
  int checked = 0;
  for (int round = 0; round < 400; ++round) {
    const int rank = 1 + round % 6;
    const Shape in = random.AnyShape(rank, 5);
    Entries e;
    std::vector<std::vector<int>> chosen;
    std::vector<int> out;
    bool empty = false;
    for (int d = 0; d < rank; ++d) {
      const int dim = in.dim(d);
      e.begin.push_back(random.Int(-dim - 2, dim + 1));
      e.end.push_back(random.Int(-dim - 2, dim + 2));
      e.strides.push_back(random.Int(1, 3) * (random.Coin() ? 1 : -1));
      const bool from_edge = random.Coin();
      const bool to_edge = random.Coin();
      const bool shrink = random.Int(0, 5) == 0;
      e.options.begin_mask |= static_cast<std::uint8_t>(from_edge << d);
      e.options.end_mask |= static_cast<std::uint8_t>(to_edge << d);
      if (shrink) {
        e.options.shrink_axis_mask |= static_cast<std::uint8_t>(1 << d);
        e.options.begin_mask &= static_cast<std::uint8_t>(~(1 << d));
        e.begin.back() = random.Int(-dim, dim - 1);
        chosen.push_back({(e.begin.back() + dim) % dim});
        continue;
      }
      chosen.push_back(
          Selected(dim, e.begin.back(), e.end.back(), e.strides.back(), from_edge, to_edge));
      empty = empty || chosen.back().empty();
      out.push_back(static_cast<int>(chosen.back().size()));
    }
    if (empty) {
      continue;
    }
    ++checked;
    const std::vector<TypeParam> x = random.Values<TypeParam>(in);
    OpHarness op(OpKind::kStridedSlice, e.options);
    Fill<TypeParam>(op, in, x, e, ShapeOf(out));
    ASSERT_TRUE(op.Run(kStridedSlice)) << op.why();
    const std::vector<TypeParam> y = op.template Result<TypeParam>();
    std::vector<int> counts;
    for (const std::vector<int>& places : chosen) {
      counts.push_back(static_cast<int>(places.size()));
    }
    std::size_t k = 0;
    for (const Index& index : AllIndices(ShapeOf(counts))) {
      Index from;
      for (int d = 0; d < rank; ++d) {
        from.push_back(chosen[d][index[d]]);
      }
      ASSERT_EQ(y[k++], x[Flat(in, from)]) << "round " << round;
    }
  }
  EXPECT_GT(checked, 60);
}

TEST(StridedSliceMasks, NewAxisAndEllipsis) {
  Entries e;  // x[..., newaxis, 1] on [2, 3]
  e.begin = {0, 0, 1};
  e.end = {0, 0, 2};
  e.strides = {1, 1, 1};
  e.options.ellipsis_mask = 1;
  e.options.new_axis_mask = 2;
  e.options.shrink_axis_mask = 4;
  EXPECT_THAT(Sliced({2, 3}, e, {2, 1}), ElementsAre(1, 4));
  Entries nothing;  // x[...] leaves all as it is
  nothing.begin = nothing.end = {7};
  nothing.strides = {0};
  nothing.options.ellipsis_mask = 1;
  EXPECT_EQ(Sliced({2, 3}, nothing, {2, 3}), Names<float>({2, 3}));
}

TEST(StridedSliceMasks, DimensionsWithoutAnEntryAreWhole) {
  Entries e;
  e.begin = {1};
  e.end = {2};
  e.strides = {1};
  EXPECT_THAT(Sliced({3, 2}, e, {1, 2}), ElementsAre(2, 3));
}

TEST(StridedSliceMasks, OffsetCountsTheEndFromTheBegin) {
  Entries e;
  e.begin = {2};
  e.end = {3};
  e.strides = {1};
  e.options.offset = true;
  EXPECT_THAT(Sliced({9}, e, {3}), ElementsAre(2, 3, 4));
}

TEST(StridedSliceRunTime, AComputedBeginIsCheckedWhenItIsKnown) {
  StridedSliceOptions options;
  options.offset = true;
  OpHarness op(OpKind::kStridedSlice, options);
  op.Input<float>({5}, Names<float>({5}))
      .Input<std::int32_t>({1}, {1})
      .Constant<std::int32_t>({1}, {2})
      .Constant<std::int32_t>({1}, {1})
      .Output<float>({2});
  ASSERT_TRUE(op.Run(kStridedSlice)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(1, 2));
  op.SetInput<std::int32_t>(1, {3});
  ASSERT_TRUE(op.Run(kStridedSlice)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(3, 4));
  for (const std::int32_t outside : {4, 5, std::numeric_limits<std::int32_t>::max()}) {
    op.SetInput<std::int32_t>(1, {outside});
    EXPECT_FALSE(op.Run(kStridedSlice));
    EXPECT_THAT(op.why(), HasSubstr("invalid argument"));
  }
}

TEST(StridedSliceRefuses, WithAMessage) {
  Entries e;
  e.begin = {0};
  e.end = {2};
  e.strides = {0};
  EXPECT_THAT(Refusal({3}, e, {2}), HasSubstr("a stride is 0"));
  e.strides = {1};
  EXPECT_THAT(Refusal({3}, e, {3}), HasSubstr("declared [3], computed [2]"));
  e.end = {0};
  EXPECT_THAT(Refusal({3}, e, {1}), HasSubstr("computed [0]"));
  e.options.shrink_axis_mask = 1;
  e.begin = {3};
  EXPECT_THAT(Refusal({3}, e, {}), HasSubstr("indexed outside of its range"));
  e.strides = {-1};
  e.begin = {-4};
  EXPECT_THAT(Refusal({3}, e, {}), HasSubstr("indexed outside of its range"));

  Entries many;
  many.begin = many.end = many.strides = {1, 1};
  EXPECT_THAT(Refusal({3}, many, {1}), HasSubstr("more entries than the input has dimensions"));
  many.options.ellipsis_mask = 3;
  EXPECT_THAT(Refusal({3}, many, {1}), HasSubstr("more than one ellipsis"));
  many.options.ellipsis_mask = 0;
  many.options.new_axis_mask = 3;
  EXPECT_THAT(Refusal({1, 1, 1, 1, 1}, many, {1}), HasSubstr("too many dimensions"));
  many.begin = many.end = many.strides = std::vector<std::int32_t>(9, 1);
  EXPECT_THAT(Refusal({3}, many, {1}), HasSubstr("9 entries found"));
}

TEST(StridedSliceRefuses, EntriesOfOtherTypesAndComputedStrides) {
  OpHarness op(OpKind::kStridedSlice);
  op.Input<float>({3}, {1, 2, 3}).Constant<std::int64_t>({1}, {0});
  op.Constant<std::int32_t>({1}, {1}).Constant<std::int32_t>({1}, {1}).Output<float>({1});
  EXPECT_FALSE(op.Prepare(kStridedSlice));
  EXPECT_THAT(op.why(), HasSubstr("is int64, int32 expected"));
  OpHarness computed(OpKind::kStridedSlice);
  computed.Input<float>({3}, {1, 2, 3}).Constant<std::int32_t>({1}, {0});
  computed.Constant<std::int32_t>({1}, {1}).Input<std::int32_t>({1}, {1}).Output<float>({1});
  EXPECT_FALSE(computed.Prepare(kStridedSlice));
  EXPECT_EQ(computed.error(), base::Error::kUnsupported);
  EXPECT_THAT(computed.why(), HasSubstr("strides 't' is computed"));
}

// The ends of the integer range in every place.
TEST(StridedSliceHostile, ExtremesNeitherOverflowNorStepOut) {
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  int prepared = 0;
  for (const std::int32_t begin : {kLeast, -1, 0, kMost}) {
    for (const std::int32_t end : {kLeast, -1, 0, kMost}) {
      for (const std::int32_t stride : {kLeast, -1, 1, kMost}) {
        for (const bool offset : {false, true}) {
          StridedSliceOptions options;
          options.offset = offset;
          for (const Shape& out : {Shape{1, 1}, Shape{3, 3}}) {
            OpHarness op(OpKind::kStridedSlice, options);
            Entries e{{begin, begin}, {end, end}, {stride, stride}, options};
            Fill<float>(op, {3, 3}, Names<float>({3, 3}), e, out);
            prepared += op.Prepare(kStridedSlice) && op.Run(kStridedSlice) ? 1 : 0;
          }
        }
      }
    }
  }
  EXPECT_GT(prepared, 10);
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
