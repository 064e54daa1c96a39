// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole product in one call.

#include <cstddef>

#include "engine/matrix/matrix.h"
#include "speech/network/network.h"

namespace pinhole::speech {

// y = (or +=) x times the layer, for `rows` rows that lie `x_step` and `y_step` floats apart.
// `scratch`: target.prepared_bytes(layer.shape(), rows).
inline void Apply(const matrix::Target& target, const Layer& layer, const float* x,
                  std::ptrdiff_t x_step, int rows, float* y, std::ptrdiff_t y_step,
                  matrix::Then then, std::byte* scratch) {
  const matrix::Rows prepared = target.prepare(layer.shape(), x, x_step, rows, scratch);
  target.multiply(layer.matrix(), prepared, 0, target.blocks(layer.shape().outputs), y, y_step,
                  then);
}

}  // namespace pinhole::speech
