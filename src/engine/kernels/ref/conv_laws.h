// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: laws that CONV_2D and DEPTHWISE_CONV_2D both keep, over random cases of one
// combination of quantised types (a ConvCase).

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

inline const Kernel& ConvKernel(bool depthwise) { return depthwise ? kDepthwiseConv2d : kConv2d; }

template <typename Case>
void CheckTheDefinitionToRounding(bool depthwise) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const Case c = Case::Random(dice, depthwise);
    const OwnedHarness op = c.Harness();
    ASSERT_TRUE(op->Run(ConvKernel(depthwise))) << op->why();
    using T = typename decltype(c.x)::value_type;
    ExpectWithinUnits(kSumUnits<T>, op->template Result<T>(), c.Expected(), c.out_quant,
                      "seed " + std::to_string(seed));
  }
}

template <typename Case>
void CheckSharedWorkGivesTheSameBytes(bool depthwise) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Dice dice(seed);
    const Case c = Case::Random(dice, depthwise);
    using T = typename decltype(c.x)::value_type;
    const OwnedHarness alone = c.Harness();
    const OwnedHarness shared = c.Harness();
    ASSERT_TRUE(alone->Run(ConvKernel(depthwise))) << alone->why();
    ASSERT_TRUE(shared->Split(3).Run(ConvKernel(depthwise))) << shared->why();
    ASSERT_EQ(alone->template Result<T>(), shared->template Result<T>()) << "seed " << seed;
  }
}

// Edges of its own are a PAD in front, whatever the window and however much is padded; by rows too.
template <typename Case>
void CheckExplicitPaddingIsAPadInFront(bool depthwise) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    Case c = Case::Random(dice, depthwise);
    using T = typename decltype(c.x)::value_type;
    const auto edge = [&dice](int filter, int dilation) {
      return static_cast<std::uint8_t>(dice.Int(0, (filter - 1) * dilation));
    };
    WindowCase& window = c.window;
    PaddedEdges edges{
        edge(window.filter_h, window.dilation_h), edge(window.filter_w, window.dilation_w),
        edge(window.filter_h, window.dilation_h), edge(window.filter_w, window.dilation_w)};
    const Shape in = window.in_shape();
    const Case bare = c;
    window.padding = Padding::kValid;
    window.height += edges.top + edges.bottom;
    window.width += edges.left + edges.right;
    if (window.out_h() < 1 || window.out_w() < 1) {
      continue;
    }
    OpHarness pad(OpKind::kPad);
    pad.Input<T>(in, c.x, c.in_quant)
        .template Constant<std::int32_t>(
            {4, 2}, {0, 0, edges.top, edges.bottom, edges.left, edges.right, 0, 0})
        .template Output<T>(window.in_shape(), c.in_quant);
    ASSERT_TRUE(pad.Run(kPad)) << pad.why();
    c.x = pad.Result<T>();
    const OwnedHarness behind = c.Harness();
    ASSERT_TRUE(behind->Run(ConvKernel(depthwise))) << behind->why();

    const OwnedHarness own = bare.Harness(c.out_shape(), edges);
    ASSERT_TRUE(own->Run(ConvKernel(depthwise))) << own->why();
    ASSERT_EQ(own->template Result<T>(), behind->template Result<T>());
    if (window.batch == 1) {
      ASSERT_TRUE(own->RunByRows(ConvKernel(depthwise), 1 + static_cast<std::int32_t>(seed % 3)))
          << own->why();
      ASSERT_EQ(own->template Result<T>(), behind->template Result<T>());
    }
  }
}

// Of the results of the first 200 cases.
template <typename Case>
std::uint64_t ConvChecksum(bool depthwise) {
  Checksum sum;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    const Case c = Case::Random(dice, depthwise);
    const OwnedHarness op = c.Harness();
    EXPECT_TRUE(op->Run(ConvKernel(depthwise))) << op->why();
    sum.Add(op->template Result<typename decltype(c.x)::value_type>());
  }
  return sum.value();
}

}  // namespace pinhole::engine::kernels::ref
