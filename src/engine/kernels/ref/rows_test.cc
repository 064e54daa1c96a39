// SPDX-License-Identifier: Apache-2.0
// The law of rows: whatever the turns and however few rows are held, an operator run by rows makes
// the bytes that it makes as a whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::HasSubstr;

// Every step up to `rows`, with rings that hold no, one or three rows to spare, alone and shared.
template <typename T>
void ExpectByRowsIsWhole(OpHarness& op, const Kernel& kernel, std::int32_t rows) {
  ASSERT_TRUE(op.Split(1).Run(kernel)) << op.why();
  const std::vector<T> whole = op.Result<T>();
  for (std::int32_t step = 1; step <= rows; ++step) {
    for (const std::int32_t spare : {0, 1, 3}) {
      SCOPED_TRACE("turns of " + std::to_string(step) + ", spare rows " + std::to_string(spare));
      ASSERT_TRUE(op.Split(1 + step % 3).RunByRows(kernel, step, spare)) << op.why();
      // To the bit: NaN is NaN, and a zero has its sign.
      const std::vector<T> by_rows = op.Result<T>();
      ASSERT_EQ(std::memcmp(by_rows.data(), whole.data(), whole.size() * sizeof(T)), 0);
    }
  }
}

template <typename Case>
class ByRowsConv : public ::testing::Test {};
using Cases = ::testing::Types<Int8Case, Uint8Case, Int16Case, FloatCase, HybridCase>;
TYPED_TEST_SUITE(ByRowsConv, Cases);

TYPED_TEST(ByRowsConv, IsWhole) {
  using T = typename decltype(TypeParam::x)::value_type;
  for (const bool depthwise : {false, true}) {
    int tried = 0;
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
      SCOPED_TRACE(seed);
      Dice dice(seed);
      const TypeParam c = TypeParam::Random(dice, depthwise);
      const Kernel& kernel = depthwise ? kDepthwiseConv2d : kConv2d;
      const OwnedHarness op = c.Harness();
      if (c.window.batch > 1) {
        ASSERT_TRUE(op->Prepare(kernel)) << op->why();
        ASSERT_FALSE(op->prepared().rows.by_rows());
        continue;
      }
      ++tried;
      ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(*op, kernel, c.window.out_h()));
    }
    EXPECT_GT(tried, 40);
  }
}

template <typename T>
class ByRows : public ::testing::Test {};
using Elements = ::testing::Types<std::int8_t, std::uint8_t, std::int16_t, float>;
TYPED_TEST_SUITE(ByRows, Elements);

TYPED_TEST(ByRows, PoolsAreWhole) {
  using T = TypeParam;
  const auto u16 = [](int value) { return static_cast<std::uint16_t>(value); };
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    WindowCase c = WindowCase::Random(dice, false);
    c.batch = 1;
    const auto x = dice.Values<T>(c.in_shape().element_count());
    const Quant quant = std::is_floating_point_v<T> ? Quant{} : Q(0.1F, 3);
    for (const Kernel* kernel : {&kAveragePool2d, &kMaxPool2d}) {
      OpHarness op(kernel->kind, Pool2dOptions{u16(c.stride_h), u16(c.stride_w), u16(c.filter_h),
                                               u16(c.filter_w), c.padding, c.activation});
      op.Input<T>(c.in_shape(), x, quant);
      op.Output<T>({1, c.out_h(), c.out_w(), c.channels}, quant);
      ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(op, *kernel, c.out_h()));
    }
  }
}

// One picture, quantised (where it is an integer) so that all operators below take it.
template <typename T>
struct Picture {
  Shape shape;
  std::vector<T> values;
  Quant quant;

  explicit Picture(Random& random, float scale = 0.1F)
      : shape({1, random.Int(1, 5), random.Int(1, 4), random.Int(1, 6)}),
        values(random.Values<T>(shape)),
        quant(std::is_floating_point_v<T> ? Quant{} : Q(scale, sizeof(T) == 2 ? 0 : 3)) {}
};

TYPED_TEST(ByRows, ActivationsAreWhole) {
  using T = TypeParam;
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    const Picture<T> x(random);
    for (const Kernel* kernel : {&kRelu, &kRelu6, &kLeakyRelu, &kLogistic, &kTanh}) {
      Quant out = x.quant;
      if (sizeof(T) != 4 && (kernel == &kLogistic || kernel == &kTanh)) {
        const bool tanh = kernel == &kTanh;
        out = sizeof(T) == 2                   ? Q(1.0F / 32768)
              : std::is_same_v<T, std::int8_t> ? Q(tanh ? 1.0F / 128 : 1.0F / 256, tanh ? 0 : -128)
                                               : Q(tanh ? 1.0F / 128 : 1.0F / 256, tanh ? 128 : 0);
      }
      OpHarness op = kernel == &kLeakyRelu ? OpHarness(kernel->kind, LeakyReluOptions{0.3F})
                                           : OpHarness(kernel->kind);
      op.Input<T>(x.shape, x.values, x.quant).template Output<T>(x.shape, out);
      ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(op, *kernel, x.shape.dim(1)));
    }
  }
}

TYPED_TEST(ByRows, BinariesAreWholeHoweverOneOperandIsRepeated) {
  using T = TypeParam;
  Random random(2);
  for (int round = 0; round < 20; ++round) {
    const Picture<T> x(random);
    const std::int32_t rows = x.shape.dim(1);
    const std::int32_t columns = x.shape.dim(2);
    const std::int32_t channels = x.shape.dim(3);
    const std::vector<Shape> others = {{1, rows, columns, channels},
                                       {1, rows, 1, channels},
                                       {1, 1, columns, channels},
                                       {rows, columns, channels},
                                       {rows, 1, 1},
                                       {columns, 1},
                                       {1, channels},
                                       {channels},
                                       {}};
    for (const Kernel* kernel : {&kAdd, &kSub, &kMul, &kMinimum, &kMaximum, &kPrelu}) {
      if (kernel == &kPrelu && std::is_same_v<T, std::int16_t>) {
        continue;
      }
      for (const Shape& other : others) {
        OpHarness op(kernel->kind);
        op.Input<T>(x.shape, x.values, x.quant)
            .template Constant<T>(other, random.Values<T>(other), x.quant)
            .template Output<T>(x.shape, x.quant);
        ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(op, *kernel, rows));
      }
      OpHarness both(kernel->kind);
      const Shape& column = others[1];
      both.Input<T>(x.shape, x.values, x.quant)
          .template Input<T>(column, random.Values<T>(column), x.quant)
          .template Output<T>(x.shape, x.quant);
      ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(both, *kernel, rows));
    }
  }
}

TYPED_TEST(ByRows, QuantizeAndDequantizeAreWhole) {
  using T = TypeParam;
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    const Picture<T> x(random);
    OpHarness down(OpKind::kQuantize);
    down.Input<T>(x.shape, x.values, x.quant).template Output<std::int8_t>(x.shape, Q(0.2F, -5));
    ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<std::int8_t>(down, kQuantize, x.shape.dim(1)));
    if constexpr (!std::is_floating_point_v<T>) {
      for (int axis = -1; axis < 4; ++axis) {
        Quant quant = x.quant;
        if (axis >= 0) {
          quant.axis = static_cast<std::uint8_t>(axis);
          quant.scales.clear();
          for (int i = 0; i < x.shape.dim(axis); ++i) {
            quant.scales.push_back(0.1F * static_cast<float>(i + 1));
          }
        }
        OpHarness up(OpKind::kDequantize);
        up.Input<T>(x.shape, x.values, quant).template Output<float>(x.shape);
        ASSERT_TRUE(up.Prepare(kDequantize)) << up.why();
        if (axis == 1 && x.shape.dim(1) > 1) {  // which scale depends on the row
          ASSERT_FALSE(up.prepared().rows.by_rows());
          continue;
        }
        ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<float>(up, kDequantize, x.shape.dim(1)));
      }
    }
  }
}

TYPED_TEST(ByRows, ConcatenationsAreWhole) {
  using T = TypeParam;
  Random random(4);
  for (int round = 0; round < 40; ++round) {
    const Picture<T> x(random);
    const int axis = 2 + round % 2;
    OpHarness op(OpKind::kConcatenation, AxisOptions{.axis = axis});
    Shape out = x.shape;
    out.set_dim(axis, 0);
    for (int i = 0; i < 3; ++i) {
      Shape shape = x.shape;
      shape.set_dim(axis, 1 + (round + i) % 3);
      // uint8 is rescaled where it is quantised otherwise.
      const Quant quant =
          std::is_same_v<T, std::uint8_t> ? Q(0.05F * static_cast<float>(i + 1), 7) : x.quant;
      if (i == 1) {
        op.Constant<T>(shape, random.Values<T>(shape), quant);
      } else {
        op.Input<T>(shape, random.Values<T>(shape), quant);
      }
      out.set_dim(axis, out.dim(axis) + shape.dim(axis));
    }
    op.Output<T>(out, x.quant);
    ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(op, kConcatenation, x.shape.dim(1)));
  }
}

TYPED_TEST(ByRows, PadsAreWhole) {
  using T = TypeParam;
  Random random(5);
  for (int round = 0; round < 80; ++round) {
    const Picture<T> x(random);
    std::vector<std::int32_t> pairs{0, 0};
    Shape out = x.shape;
    for (int d = 1; d < 4; ++d) {
      pairs.push_back(random.Coin() ? 0 : random.Int(0, 3));
      pairs.push_back(random.Coin() ? 0 : random.Int(0, 3));
      out.set_dim(d, x.shape.dim(d) + pairs.end()[-2] + pairs.end()[-1]);
    }
    const bool with_value = random.Coin();
    OpHarness op(with_value ? OpKind::kPadV2 : OpKind::kPad);
    op.Input<T>(x.shape, x.values, x.quant).template Constant<std::int32_t>({4, 2}, pairs);
    if (with_value) {
      op.Constant<T>({}, random.Values<T>({}), x.quant);
    }
    op.Output<T>(out, x.quant);
    ASSERT_NO_FATAL_FAILURE(ExpectByRowsIsWhole<T>(op, with_value ? kPadV2 : kPad, out.dim(1)));
  }
}

TEST(ByRowsIsNotOffered, WhereItWouldBeWrong) {
  OpHarness batch(OpKind::kRelu);
  batch.Input<float>({2, 1, 1, 1}, {1, 2}).Output<float>({2, 1, 1, 1});
  EXPECT_FALSE(batch.RunByRows(kRelu, 1));
  EXPECT_THAT(batch.why(), HasSubstr("by rows is not offered"));

  OpHarness flat(OpKind::kAdd);  // rows mean nothing here
  flat.Input<float>({2, 2}, {1, 2, 3, 4}).Input<float>({2}, {1, 2}).Output<float>({2, 2});
  EXPECT_FALSE(flat.RunByRows(kAdd, 1));

  OpHarness repeated(OpKind::kAdd);  // a computed row that every row of the result needs
  repeated.Input<float>({1, 2, 1, 1}, {1, 2}).Input<float>({1, 1, 1, 1}, {1});
  repeated.Output<float>({1, 2, 1, 1});
  EXPECT_FALSE(repeated.RunByRows(kAdd, 1));

  OpHarness stacked(OpKind::kConcatenation, AxisOptions{.axis = 1});
  stacked.Input<float>({1, 1, 1, 1}, {1}).Input<float>({1, 1, 1, 1}, {2});
  stacked.Output<float>({1, 2, 1, 1});
  EXPECT_FALSE(stacked.RunByRows(kConcatenation, 1));

  OpHarness filled(OpKind::kPadV2);  // what fills is computed
  filled.Input<float>({1, 1, 1, 1}, {1})
      .Constant<std::int32_t>({4, 2}, {0, 0, 1, 0, 0, 0, 0, 0})
      .Input<float>({}, {2})
      .Output<float>({1, 2, 1, 1});
  EXPECT_FALSE(filled.RunByRows(kPadV2, 1));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
