// SPDX-License-Identifier: Apache-2.0
// What FitFloatScaling finds gives the reference's outputs: for every sum near an edge, the
// extremes, and many between.
#include "engine/kernels/fast/float_scaling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/quantize_params.h"

namespace pinhole::engine::kernels::fast {
namespace {

std::int32_t Want(const Staircase& s, std::int64_t sum) {
  return ref::Requantize(static_cast<std::int32_t>(sum), s.scaling, s.zero_point, {s.low, s.high});
}

std::int32_t Got(const Staircase& s, const FloatScaling& fitted, std::int64_t sum) {
  const bool is_signed = s.finish == Finish::kSigned;
  const float add = is_signed && sum < 0 ? -fitted.add : fitted.add;
  const auto y = static_cast<std::int32_t>(
      std::nearbyint(std::fma(static_cast<float>(sum), fitted.multiplier, add)));
  return std::clamp(y + (is_signed ? s.zero_point : 0), s.low, s.high);
}

void ExpectSame(const Staircase& s, const FloatScaling& fitted, std::int64_t sum) {
  sum = std::clamp(sum, -s.largest, s.largest);
  ASSERT_EQ(Want(s, sum), Got(s, fitted, sum))
      << "sum " << sum << " multiplier " << s.scaling.fraction << " shift " << s.scaling.shift
      << " zero " << s.zero_point << " low " << s.low << " largest " << s.largest;
}

// Sums from one edge to the next, found by halving.
std::int64_t NextEdge(const Staircase& s, std::int64_t from) {
  std::int64_t low = from;
  std::int64_t high = s.largest;
  const std::int32_t value = Want(s, from);
  if (Want(s, high) == value) {
    return s.largest + 1;
  }
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (Want(s, middle) == value ? low : high) = middle;
  }
  return high;
}

Staircase Random(ref::Dice& dice, Finish finish) {
  Staircase s;
  s.finish = finish;
  s.scaling = base::QuantizeMultiplier(std::exp2(dice.Real(-14.0F, -1.01F)));
  s.zero_point = dice.Int(-128, 127);
  s.low = finish == Finish::kPositive ? dice.Int(s.zero_point, 127) : dice.Int(-128, 0);
  s.high = dice.Int(0, 2) == 0 ? dice.Int(s.low, 127) : 127;
  s.largest = dice.Int(1, 1 << dice.Int(1, 24));
  return s;
}

class Fit : public ::testing::TestWithParam<Finish> {};

TEST_P(Fit, GivesTheReferencesOutputs) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    ref::Dice dice(seed);
    const Staircase s = Random(dice, GetParam());
    FloatScaling fitted;
    if (!FitFloatScaling(s, fitted)) {
      continue;
    }
    ++found;
    for (std::int64_t sum = -s.largest; sum <= s.largest; sum = NextEdge(s, sum)) {
      ExpectSame(s, fitted, sum - 1);
      ExpectSame(s, fitted, sum);
    }
    for (int i = 0; i < 200; ++i) {
      ExpectSame(s, fitted, dice.Int(-static_cast<int>(s.largest), static_cast<int>(s.largest)));
    }
    ExpectSame(s, fitted, 0);
    ExpectSame(s, fitted, -1);
    ExpectSame(s, fitted, s.largest);
  }
  EXPECT_GT(found, 200);
}

TEST_P(Fit, LeavesWhatFloatsCannotHold) {
  Staircase s{base::QuantizeMultiplier(0.01), 0, 0, 127, 1 << 20, GetParam()};
  FloatScaling fitted;
  EXPECT_TRUE(FitFloatScaling(s, fitted));
  s.largest = (1 << 24) + 1;
  EXPECT_FALSE(FitFloatScaling(s, fitted));
  s.largest = 1 << 20;
  s.scaling = base::QuantizeMultiplier(1.5);
  EXPECT_FALSE(FitFloatScaling(s, fitted));
  s.scaling = {};
  EXPECT_FALSE(FitFloatScaling(s, fitted));
}

INSTANTIATE_TEST_SUITE_P(Finishes, Fit, ::testing::Values(Finish::kPositive, Finish::kSigned));

}  // namespace
}  // namespace pinhole::engine::kernels::fast
