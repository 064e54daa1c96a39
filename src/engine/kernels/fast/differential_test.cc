// SPDX-License-Identifier: Apache-2.0
// Every target that this processor runs against the reference kernels: integers to the bit, floats
// within the rounding of their sums.
#include <gtest/gtest.h>

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/fast/target_for_tests.h"
#include "engine/kernels/ref/naive_model.h"

namespace pinhole::engine::kernels::fast {
namespace {

using ref::Dice;
using ref::FloatCase;
using ref::Int8Case;
using ref::OwnedHarness;

class Differential : public TargetTest {};

// Shapes that reach every tile, tail and way: many channels, wide rows, long windows.
template <typename Case>
Case Vary(Dice& dice, bool depthwise) {
  Case c = Case::Random(dice, depthwise);
  auto& window = c.window;
  window.batch = dice.Int(0, 19) == 0 ? 2 : 1;
  constexpr int kChannels[] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 130};
  window.channels = kChannels[dice.Int(0, 18)];
  window.width = dice.Int(0, 3) == 0 ? dice.Int(10, 40) : window.width;
  c.groups = dice.Int(0, 14) == 0 && window.channels % 2 == 0 ? 2 : 1;
  if (depthwise) {
    c.multiplier = dice.Int(0, 3) == 0 ? dice.Int(2, 5) : 1;
    c.out_channels = window.channels * c.multiplier;
    c.groups = 1;
  } else {
    c.out_channels = c.groups * kChannels[dice.Int(0, 18)];
  }
  return c;
}

template <typename Case>
void Refill(Dice& dice, Case& c) {
  using T = typename decltype(c.x)::value_type;
  using W = typename decltype(c.w)::value_type;
  using Bias = typename decltype(c.bias)::value_type;
  c.x = dice.Values<T>(c.window.in_shape().element_count());
  c.w = dice.Values<W>(c.weight_shape().element_count());
  c.bias.clear();
  for (int i = 0; i < c.out_channels; ++i) {
    c.bias.push_back(std::is_floating_point_v<T> ? static_cast<Bias>(dice.Real(-3.0F, 3.0F))
                                                 : static_cast<Bias>(dice.Int(-30000, 30000)));
  }
  if constexpr (!std::is_floating_point_v<W>) {
    const bool per_channel = c.weight_quant.scales.size() > 1;
    c.weight_quant.scales.clear();
    for (int i = 0; i < (per_channel ? c.out_channels : 1); ++i) {
      // Multipliers from far below one to a little above it.
      c.weight_quant.scales.push_back(dice.Scale(-9, dice.Int(0, 9) == 0 ? -1 : -5));
    }
    if (dice.Int(0, 2) == 0) {  // as after a RELU
      c.out_quant.zero_point = -128;
    }
  }
}

TEST_P(Differential, Int8ConvolutionsAreEqual) {
  int packed = 0;
  for (const bool depthwise : {false, true}) {
    const OpKind kind = depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      Int8Case c = Vary<Int8Case>(dice, depthwise);
      Refill(dice, c);
      const OwnedHarness want = c.Harness();
      const OwnedHarness got = c.Harness();
      ASSERT_TRUE(want->Run(Ref(kind))) << want->why();
      ASSERT_TRUE(got->Run(Fast(kind))) << got->why();
      ASSERT_EQ(want->Result<std::int8_t>(), got->Result<std::int8_t>())
          << "seed " << seed << " depthwise " << depthwise << " channels " << c.window.channels
          << " -> " << c.out_channels << " window " << c.window.filter_h << "x"
          << c.window.filter_w << " stride " << c.window.stride_h << "x" << c.window.stride_w
          << " picture " << c.window.height << "x" << c.window.width;
      const OwnedHarness shared = c.Harness();
      ASSERT_TRUE(shared->Split(3).Run(Fast(kind))) << shared->why();
      ASSERT_EQ(want->Result<std::int8_t>(), shared->Result<std::int8_t>()) << "seed " << seed;
      packed += got->prepared().scratch_bytes > 0 ? 1 : 0;
    }
  }
  EXPECT_TRUE(packed > 300 || target_->kernels.data() == ref::kAll.data()) << packed;
}

// Large enough to be shared, such that a worker's part ends one block of channels and begins another,
// with another number of pixels.
TEST_P(Differential, SharedConvolutionsAreEqual) {
  for (const int columns : {5, 7, 16, 19}) {
    Dice dice(static_cast<std::uint64_t>(columns));
    Int8Case c = Int8Case::Random(dice, false);
    c.window = {.height = 4, .width = columns, .channels = 256};
    c.groups = 1;
    c.out_channels = 136;
    Refill(dice, c);
    const OwnedHarness want = c.Harness();
    ASSERT_TRUE(want->Run(Ref(OpKind::kConv2d))) << want->why();
    for (const int parts : {1, 2, 3, 5}) {
      const OwnedHarness got = c.Harness();
      ASSERT_TRUE(got->Split(parts).Run(Fast(OpKind::kConv2d))) << got->why();
      ASSERT_EQ(want->Result<std::int8_t>(), got->Result<std::int8_t>())
          << columns << " columns, " << parts << " parts";
    }
  }
}

TEST_P(Differential, FloatConvolutionsAreNear) {
  for (const bool depthwise : {false, true}) {
    const OpKind kind = depthwise ? OpKind::kDepthwiseConv2d : OpKind::kConv2d;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Dice dice(seed);
      FloatCase c = Vary<FloatCase>(dice, depthwise);
      Refill(dice, c);
      const OwnedHarness want = c.Harness();
      const OwnedHarness got = c.Harness();
      ASSERT_TRUE(want->Run(Ref(kind))) << want->why();
      ASSERT_TRUE(got->Run(Fast(kind))) << got->why();
      const std::vector<float> expected = want->Result<float>();
      const std::vector<float> result = got->Result<float>();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(expected[i], result[i], 1e-3) << "seed " << seed << " element " << i;
      }
    }
  }
}

TEST_P(Differential, DenseLayersAreEqual) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Dice dice(seed);
    const int batches = dice.Int(0, 1) == 0 ? 1 : dice.Int(2, 20);
    const int depth = dice.Int(1, 300);
    const int units = dice.Int(1, 150);
    const Quant in = dice.Quantization<std::int8_t>(-7, -3);
    const Quant out = dice.Quantization<std::int8_t>(-2, 2, 16.0F * in.scales[0]);
    const auto make = [&](Dice values) {
      auto op = std::make_unique<OpHarness>(
          OpKind::kFullyConnected,
          FullyConnectedOptions{static_cast<Activation>(values.Int(0, 3))});
      op->Input<std::int8_t>({batches, depth},
                             values.Values<std::int8_t>(static_cast<std::size_t>(batches * depth)),
                             in);
      op->Constant<std::int8_t>(
          {units, depth}, values.Values<std::int8_t>(static_cast<std::size_t>(units * depth)),
          Q(values.Scale(-8, -5)));
      std::vector<std::int32_t> bias;
      for (int i = 0; i < units; ++i) {
        bias.push_back(values.Int(-30000, 30000));
      }
      op->Constant<std::int32_t>({units}, bias);
      op->Output<std::int8_t>({batches, units}, out);
      return op;
    };
    const OwnedHarness want = make(dice);
    const OwnedHarness got = make(dice);
    ASSERT_TRUE(want->Run(Ref(OpKind::kFullyConnected))) << want->why();
    ASSERT_TRUE(got->Run(Fast(OpKind::kFullyConnected))) << got->why();
    ASSERT_EQ(want->Result<std::int8_t>(), got->Result<std::int8_t>()) << "seed " << seed;
  }
}

TEST_P(Differential, AdditionsAreEqual) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const int count = dice.Int(1, 300);
    const Quant a = dice.Quantization<std::int8_t>(-9, -1);
    const Quant b = dice.Int(0, 4) == 0 ? a : dice.Quantization<std::int8_t>(-9, -1);
    Quant out = dice.Quantization<std::int8_t>(-8, -1);
    out.zero_point = dice.Int(0, 2) == 0 ? -128 : out.zero_point;
    const auto activation = static_cast<Activation>(dice.Int(0, 3));
    const auto x = dice.Values<std::int8_t>(static_cast<std::size_t>(count));
    const auto y = dice.Values<std::int8_t>(static_cast<std::size_t>(count));
    const auto run = [&](const Kernel& kernel, int parts) {
      OpHarness op(OpKind::kAdd, ActivationOptions{activation});
      op.Input<std::int8_t>({count}, x, a).Input<std::int8_t>({count}, y, b);
      op.Output<std::int8_t>({count}, out);
      EXPECT_TRUE(op.Split(parts).Run(kernel)) << op.why();
      return op.Result<std::int8_t>();
    };
    ASSERT_EQ(run(Ref(OpKind::kAdd), 1), run(Fast(OpKind::kAdd), 1)) << "seed " << seed;
    ASSERT_EQ(run(Ref(OpKind::kAdd), 1), run(Fast(OpKind::kAdd), 3)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Differential, ::testing::ValuesIn(TargetNames()), NameOf);

}  // namespace
}  // namespace pinhole::engine::kernels::fast
