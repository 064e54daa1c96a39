// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a float to an integer with a scale and a zero point, as QUANTIZE does.

#include <cmath>
#include <limits>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

template <typename To>
inline To QuantizedTo(float x, float scale, std::int32_t zero) {
  constexpr float kBound = 1.0e6F;  // converted only inside; NaN counts as zero
  float units = std::round(x / scale);
  units = units < -kBound ? -kBound : units > kBound ? kBound : units;
  const std::int32_t whole = std::isnan(units) ? 0 : static_cast<std::int32_t>(units);
  return static_cast<To>(
      Clamp(whole + zero, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
}

}  // namespace pinhole_nn
