// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Reduction {
  Shape in, out;
  std::vector<std::int32_t> axes;
  std::vector<bool> reduced;
  bool keep_dims = false;
};

Reduction AnyReduction(Random& random, int rank) {
  Reduction r;
  r.in = random.AnyShape(rank, 4);
  r.keep_dims = random.Coin();
  std::vector<int> out;
  for (int d = 0; d < rank; ++d) {
    r.reduced.push_back(random.Coin());
    if (r.reduced.back()) {
      r.axes.push_back(random.Coin() ? d : d - rank);
    }
    if (!r.reduced.back() || r.keep_dims) {
      out.push_back(r.reduced.back() ? 1 : r.in.dim(d));
    }
  }
  if (!r.axes.empty() && random.Coin()) {
    r.axes.push_back(r.axes[0]);  // named twice: counts once
  }
  r.axes = random.Shuffled(r.axes);
  r.out = ShapeOf(out);
  return r;
}

// Sum (or mean) of each group in double.
template <typename T>
std::vector<double> Model(const Reduction& r, const std::vector<T>& x, double zero, bool mean) {
  std::vector<double> sums(r.out.element_count());
  std::vector<int> counts(sums.size());
  for (const Index& index : AllIndices(r.in)) {
    Index left;
    for (int d = 0; d < r.in.rank(); ++d) {
      if (!r.reduced[d]) {
        left.push_back(index[d]);
      } else if (r.keep_dims) {
        left.push_back(0);
      }
    }
    sums[Flat(r.out, left)] += static_cast<double>(x[Flat(r.in, index)]) - zero;
    ++counts[Flat(r.out, left)];
  }
  for (std::size_t i = 0; mean && i < sums.size(); ++i) {
    sums[i] /= counts[i];
  }
  return sums;
}

template <typename T>
std::vector<T> Reduced(const Kernel& kernel, const Reduction& r, const std::vector<T>& x,
                       const Quant& in = {}, const Quant& out = {}) {
  OpHarness op(kernel.kind, ReduceOptions{r.keep_dims});
  op.Input<T>(r.in, x, in)
      .template Constant<std::int32_t>({static_cast<std::int32_t>(r.axes.size())}, r.axes)
      .template Output<T>(r.out, out);
  EXPECT_TRUE(op.Run(kernel)) << op.why();
  return op.template Result<T>();
}

TEST(Reduce, FloatsOverAllAxesOfEveryRank) {
  Random random(1);
  for (int round = 0; round < 150; ++round) {
    Reduction r = AnyReduction(random, 1 + round % 6);
    if (r.axes.empty()) {
      continue;  // an axis tensor without elements cannot be in a loaded model
    }
    const std::vector<float> x = random.Values<float>(r.in);
    for (const Kernel* kernel : {&kMean, &kSum}) {
      const std::vector<double> expected = Model(r, x, 0.0, kernel == &kMean);
      const std::vector<float> y = Reduced(*kernel, r, x);
      for (std::size_t i = 0; i < y.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(y[i]), expected[i], 1e-3) << "round " << round;
      }
    }
  }
}

template <typename T>
void CheckQuantised(const Quant& in, const Quant& mean_out, const Quant& sum_out) {
  Random random(2);
  for (int round = 0; round < 90; ++round) {
    Reduction r = AnyReduction(random, 1 + round % 6);
    if (r.axes.empty()) {
      continue;
    }
    const std::vector<T> x = random.Values<T>(r.in);
    for (const Kernel* kernel : {&kMean, &kSum}) {
      const bool mean = kernel == &kMean;
      const Quant& out = mean ? mean_out : sum_out;
      const std::vector<double> model = Model(r, x, in.zero_point, mean);
      const std::vector<T> y = Reduced(*kernel, r, x, in, out);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double units = model[i] * static_cast<double>(in.scales[0] / out.scales[0]);
        const double expected =
            std::clamp<double>(std::round(units) + out.zero_point, std::numeric_limits<T>::min(),
                               std::numeric_limits<T>::max());
        ASSERT_NEAR(y[i], expected, 1.0) << "round " << round;
      }
    }
  }
}

TEST(Reduce, QuantisedIsWithinAUnitOfRealArithmetic) {
  CheckQuantised<std::int8_t>(Q(0.1F, -7), Q(0.05F, 3), Q(0.9F, 3));
  CheckQuantised<std::uint8_t>(Q(0.1F, 120), Q(0.05F, 128), Q(0.9F, 128));
  CheckQuantised<std::int16_t>(Q(0.001F), Q(0.0007F), Q(0.01F));
}

// By hand: (1 + 2 + 4 + 7) / 4 = 3.5 in the input's units, so 7 in half units, minus 3.
TEST(Mean, Int8KnownValues) {
  const Reduction r = {{1, 2, 2, 1}, {1, 1}, {1, 2}, {}, false};
  EXPECT_THAT(Reduced<std::int8_t>(kMean, r, {1, 2, 4, 7}, Q(1.0F), Q(0.5F, -3)), ElementsAre(4));
}

TEST(Sum, IntegersWrap) {
  const Reduction r = {{2, 2}, {2}, {-1}, {}, false};
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  EXPECT_THAT(Reduced<std::int32_t>(kSum, r, {kMost, 1, -5, 7}),
              ElementsAre(std::numeric_limits<std::int32_t>::min(), 2));
  EXPECT_THAT(Reduced<std::int64_t>(kSum, r, {std::int64_t{1} << 40, 1, -5, 7}),
              ElementsAre((std::int64_t{1} << 40) + 1, 2));
}

TEST(Reduce, AScalarStaysAScalar) {
  const Reduction r = {{}, {}, {0}, {}, false};
  EXPECT_THAT(Reduced<float>(kMean, r, {2.5F}), ElementsAre(2.5F));
}

// SUM of parts adds up to SUM of the whole: reduce one axis after the other.
TEST(Reduce, AxisByAxisEqualsAllAtOnce) {
  Random random(3);
  const Shape in = {3, 4, 5};
  const std::vector<std::int32_t> x = random.Values<std::int32_t>(in);
  const std::vector<std::int32_t> once = Reduced(kSum, Reduction{in, {4}, {0, 2}, {}, false}, x);
  const std::vector<std::int32_t> first = Reduced(kSum, Reduction{in, {4, 5}, {0}, {}, false}, x);
  EXPECT_EQ(Reduced(kSum, Reduction{{4, 5}, {4}, {1}, {}, false}, first), once);
}

TEST(Reduce, Refuses) {
  {
    OpHarness op(OpKind::kMean);
    op.Input<float>({2, 2}, {1, 2, 3, 4}).Constant<std::int32_t>({1}, {2}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kMean));
    EXPECT_EQ(op.error(), base::Error::kMalformed);
    EXPECT_THAT(op.why(), HasSubstr("axis 2 found, -2 to 1 expected"));
  }
  {
    OpHarness op(OpKind::kSum);
    op.Input<float>({2, 2}, {1, 2, 3, 4}).Input<std::int32_t>({1}, {0}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kSum));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("axis 't' is computed while the network runs"));
  }
  {
    OpHarness op(OpKind::kSum);
    op.Input<float>({2, 2}, {1, 2, 3, 4}).Constant<float>({1}, {0}).Output<float>({2});
    EXPECT_FALSE(op.Prepare(kSum));
    EXPECT_THAT(op.why(), HasSubstr("axis 't' is float32, int32 or int64 expected"));
  }
  {
    OpHarness op(OpKind::kMean, ReduceOptions{true});
    op.Input<float>({2, 3}, std::vector<float>(6))
        .Constant<std::int32_t>({1}, {0})
        .Output<float>({3});
    EXPECT_FALSE(op.Prepare(kMean));
    EXPECT_THAT(op.why(), HasSubstr("declared [3], computed [1, 3]"));
  }
  {
    OpHarness op(OpKind::kMean);
    op.Input<std::int32_t>({2}, {1, 2}).Constant<std::int32_t>({1}, {0}).Output<std::int32_t>({});
    EXPECT_FALSE(op.Prepare(kMean));
    EXPECT_THAT(op.why(), HasSubstr("type int32 found"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
