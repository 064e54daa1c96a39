// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the float32 kernels with a window share.

#include "pinhole_nn_math.h"

namespace pinhole_nn {

// NaN stays NaN.
inline float ClampFloat(float value, float low, float high) {
  value = value < low ? low : value;
  return high < value ? high : value;
}

inline const float* FloatRow(const Ring& ring, int row) {
  return reinterpret_cast<const float*>(RowAt(ring, row));
}
inline float* FloatRowOut(const Ring& ring, int row) {
  return reinterpret_cast<float*>(RowAt(ring, row));
}

}  // namespace pinhole_nn
