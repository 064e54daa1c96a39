// SPDX-License-Identifier: Apache-2.0
// SOFTMAX of float32.
#include <cmath>
#include <limits>

#include "pinhole_nn.h"

namespace pinhole_nn {

void FloatSoftmaxRows(const FloatSoftmax& softmax) {
  const float* in = softmax.in;
  float* out = softmax.out;
  for (int row = 0; row < softmax.rows; ++row, in += softmax.depth, out += softmax.depth) {
    float largest = std::numeric_limits<float>::lowest();
    for (int i = 0; i < softmax.depth; ++i) {
      largest = largest < in[i] ? in[i] : largest;
    }
    float sum = 0.0F;
    for (int i = 0; i < softmax.depth; ++i) {
      out[i] = std::exp((in[i] - largest) * softmax.beta);
      sum += out[i];
    }
    for (int i = 0; i < softmax.depth; ++i) {
      out[i] /= sum;
    }
  }
}

}  // namespace pinhole_nn
