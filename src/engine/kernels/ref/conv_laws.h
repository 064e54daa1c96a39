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
