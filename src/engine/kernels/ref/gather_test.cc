// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AxisOptions Along(std::int32_t axis, std::int16_t batch_dims = 0) {
  AxisOptions options;
  options.axis = axis;
  options.batch_dims = batch_dims;
  return options;
}

TEST(Gather, ByHandWithEveryIndexType) {
  const auto run = [](auto one) {
    using T = decltype(one);
    OpHarness op(OpKind::kGather, Along(-1));
    op.Input<float>({2, 3}, Names<float>({2, 3}))
        .Input<T>({2}, {T{2}, T{0}})
        .template Output<float>({2, 2});
    EXPECT_TRUE(op.Run(kGather)) << op.why();
    return op.Result<float>();
  };
  EXPECT_THAT(run(std::int16_t{}), ElementsAre(2, 0, 5, 3));
  EXPECT_THAT(run(std::int32_t{}), ElementsAre(2, 0, 5, 3));
  EXPECT_THAT(run(std::int64_t{}), ElementsAre(2, 0, 5, 3));
}

TEST(Gather, AScalarIndexDropsTheAxis) {
  OpHarness op(OpKind::kGather, Along(0));
  op.Input<std::int8_t>({3, 2}, {1, 2, 3, 4, 5, 6})
      .Input<std::int32_t>({}, {1})
      .Output<std::int8_t>({2});
  ASSERT_TRUE(op.Run(kGather)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(3, 4));
}

template <typename T>
class GatherTyped : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::int16_t, float, std::int64_t>;
TYPED_TEST_SUITE(GatherTyped, Elements);

TYPED_TEST(GatherTyped, TakesTheNamedSlicesBatchByBatch) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 120; ++round) {
    const int rank = 1 + round % 5;
    const Shape in = random.AnyShape(rank, 4);
    const int axis = random.Int(0, rank - 1);
    const int batch = random.Int(0, axis);
    std::vector<int> names(in.dims().begin(), in.dims().begin() + batch);
    for (int extra = random.Int(0, 2); extra > 0; --extra) {
      names.push_back(random.Int(1, 3));
    }
    const int names_rank = static_cast<int>(names.size());
    std::vector<int> dims(in.dims().begin(), in.dims().begin() + axis);
    dims.insert(dims.end(), names.begin() + batch, names.end());
    dims.insert(dims.end(), in.dims().begin() + axis + 1, in.dims().end());
    if (dims.size() > 6) {
      continue;
    }
    const Shape out = ShapeOf(dims);
    std::vector<std::int32_t> indices(ShapeOf(names).element_count());
    for (std::int32_t& index : indices) {
      index = random.Int(0, in.dim(axis) - 1);
    }
    const bool from_back = batch > 0 && batch < names_rank && random.Coin();
    const std::vector<T> x = random.Values<T>(in);
    OpHarness op(OpKind::kGather,
                 Along(random.Coin() ? axis : axis - rank,
                       static_cast<std::int16_t>(from_back ? batch - names_rank : batch)));
    op.Input<T>(in, x)
        .template Input<std::int32_t>(ShapeOf(names), indices)
        .template Output<T>(out);
    ASSERT_TRUE(op.Run(kGather)) << op.why();
    const std::vector<T> y = op.template Result<T>();
    const int named = names_rank - batch;
    for (const Index& o : AllIndices(out)) {
      Index name(o.begin(), o.begin() + batch);
      name.insert(name.end(), o.begin() + axis, o.begin() + axis + named);
      Index from(o.begin(), o.begin() + axis);
      from.push_back(indices[Flat(ShapeOf(names), name)]);
      from.insert(from.end(), o.begin() + axis + named, o.end());
      ASSERT_EQ(y[Flat(out, o)], x[Flat(in, from)]) << "round " << round;
    }
  }
}

TEST(Gather, AnIndexOutOfRangeEndsTheRun) {
  OpHarness op(OpKind::kGather, Along(0));
  op.Input<float>({3}, {1, 2, 3}).Input<std::int64_t>({2}, {0, 3}).Output<float>({2});
  EXPECT_FALSE(op.Run(kGather));
  EXPECT_THAT(op.why(), HasSubstr("invalid argument"));
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{1} << 32}) {
    op.SetInput<std::int64_t>(1, {bad, 0});
    EXPECT_FALSE(op.Run(kGather));
  }
  op.SetInput<std::int64_t>(1, {2, 0});
  ASSERT_TRUE(op.Run(kGather)) << op.why();
  EXPECT_THAT(op.Result<float>(), ElementsAre(3, 1));
}

TEST(GatherRefuses, WithAMessage) {
  {
    OpHarness op(OpKind::kGather, Along(1));
    op.Input<float>({3}, {1, 2, 3}).Input<std::int32_t>({1}, {0}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_THAT(op.why(), HasSubstr("axis 1 found, -1 to 0 expected"));
  }
  {
    OpHarness op(OpKind::kGather, Along(0));
    op.Input<float>({3}, {1, 2, 3}).Input<float>({1}, {0}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("are float32, int16, int32 or int64 expected"));
  }
  for (const std::int16_t batch : {1, 2, -2, -3, 32767, -32768}) {
    OpHarness op(OpKind::kGather, Along(0, batch));
    op.Input<float>({3, 1}, {1, 2, 3}).Input<std::int32_t>({1}, {0}).Output<float>({1, 1});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_THAT(op.why(), HasSubstr("batch_dims"));
  }
  {
    OpHarness op(OpKind::kGather, Along(1, 1));
    op.Input<float>({3, 1}, {1, 2, 3}).Input<std::int32_t>({2, 1}, {0, 0}).Output<float>({3, 1});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_THAT(op.why(), HasSubstr("batch dimension 0 is 3 in the input and 2 in the indices"));
  }
  {
    OpHarness op(OpKind::kGather, Along(0));
    op.Input<float>({1, 1, 1, 1}, {1}).Input<std::int32_t>({1, 1, 1, 1}, {0}).Output<float>({1});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_THAT(op.why(), HasSubstr("rank 7, at most 6"));
  }
  {
    OpHarness op(OpKind::kGather, Along(0));
    op.Input<float>({3}, {1, 2, 3}).Input<std::int32_t>({2}, {0, 0}).Output<float>({3});
    EXPECT_FALSE(op.Prepare(kGather));
    EXPECT_THAT(op.why(), HasSubstr("declared [3], computed [2]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
