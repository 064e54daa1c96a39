// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scaling of int32 sums to int8 in float arithmetic, where that is shown to give the reference's
// bits: three or four instructions in place of seven or eleven.
//
// The reference's output is a staircase over the sum: it never falls. Neither does
//   kPositive  round(x * multiplier + add)                     add has the zero point in it
//   kSigned    round(x * multiplier + (x < 0 ? -add : add))    without a zero point
// where x is the sum as float and the multiplication and the addition are rounded as one, for
// each step keeps order. Two staircases are the same wherever they are the same on both sides of
// each of at most 255 edges. FitFloatScaling tries a few multipliers, takes an addend from the
// middle of what all edges allow, and then checks every edge with the arithmetic that kernels use.
// Nineteen of twenty channels of common networks have such a pair; the others, whose edges
// lie too close to what 24 bits tell apart, keep integers, vector by vector.
//
// Both want the processor's usual rounding, to nearest with halves to even.
//
// Why the sign matters: the reference's second rounding takes halves away from zero, and its first
// one makes halves of what is a little less, so negative edges lie otherwise than positive ones.

#include <cstdint>

#include "base/fixed_point.h"
#include "engine/kernels/fast/layout.h"

namespace pinhole::engine::kernels::fast {

struct FloatScaling {
  float multiplier = 0.0F, add = 0.0F;
};

// What a channel's sums become.
struct Staircase {
  base::FixedMultiplier scaling;
  std::int32_t zero_point = 0;
  std::int32_t low = -128, high = 127;  // the clamp; kPositive: low is zero_point or more
  std::int64_t largest = 0;             // sums lie in [-largest, largest]
  Finish finish = Finish::kPositive;    // or kSigned
};

// False where there is none. Cost: a few microseconds.
bool FitFloatScaling(const Staircase& wanted, FloatScaling& fitted);

}  // namespace pinhole::engine::kernels::fast
