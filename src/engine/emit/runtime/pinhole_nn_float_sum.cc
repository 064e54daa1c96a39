// SPDX-License-Identifier: Apache-2.0
// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of float32, for processors that have it. Products
// are added in the reference's order, so that the results are its to the bit where the compiler
// forms no fused multiply-adds.
#include "pinhole_nn_float.h"

namespace pinhole_nn {

namespace {

// Eight sums side by side, which a processor with vectors adds at once.
struct Lanes {
  float sums[8] = {};

  void Add(const float* x, const float* w, int count) {
    int i = 0;
    for (; i + 8 <= count; i += 8) {
      for (int lane = 0; lane < 8; ++lane) {
        sums[lane] += x[i + lane] * w[i + lane];
      }
    }
    for (; i < count; ++i) {
      sums[i % 8] += x[i] * w[i];
    }
  }
  float Total() const {
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }
};

// A row of taps is one run where they lie side by side.
float FullPlace(const FloatSum& sum, const Taps& down, const Taps& across, int channel) {
  const Window& window = sum.window;
  const int depth = window.in_channels;
  const float* weights = sum.weights + channel * window.height * window.width * depth;
  const int step = window.dilation_w == 1 ? across.end - across.begin : 1;
  Lanes lanes;
  for (int i = down.begin; i < down.end; ++i) {
    const float* row = FloatRow(sum.in, down.origin + i * window.dilation_h);
    for (int j = across.begin; j < across.end; j += step) {
      lanes.Add(row + (across.origin + j * window.dilation_w) * depth,
                weights + (i * window.width + j) * depth, step * depth);
    }
  }
  return lanes.Total();
}

float DepthwisePlace(const FloatSum& sum, const Taps& down, const Taps& across, int channel) {
  const Window& window = sum.window;
  const int from = channel / sum.depthwise_multiplier;
  float total = 0.0F;
  for (int i = down.begin; i < down.end; ++i) {
    const float* row = FloatRow(sum.in, down.origin + i * window.dilation_h);
    for (int j = across.begin; j < across.end; ++j) {
      total += row[(across.origin + j * window.dilation_w) * window.in_channels + from] *
               sum.weights[(i * window.width + j) * window.out_channels + channel];
    }
  }
  return total;
}

}  // namespace

void FloatSumRows(const FloatSum& sum, int begin, int end) {
  const Window& window = sum.window;
  for (int row = begin; row < end; ++row) {
    const Taps down = TapsAt(row, window.pad_h, window.in_rows, window.height, window.stride_h,
                             window.dilation_h);
    float* out = FloatRowOut(sum.out, row);
    for (int column = 0; column < window.out_columns; ++column) {
      const Taps across = TapsAt(column, window.pad_w, window.in_columns, window.width,
                                 window.stride_w, window.dilation_w);
      for (int c = 0; c < window.out_channels; ++c) {
        const float total = sum.depthwise_multiplier > 0 ? DepthwisePlace(sum, down, across, c)
                                                         : FullPlace(sum, down, across, c);
        *out++ = ClampFloat(sum.bias != nullptr ? total + sum.bias[c] : total, sum.low, sum.high);
      }
    }
  }
}

}  // namespace pinhole_nn
