// SPDX-License-Identifier: Apache-2.0
// float32 operators, for processors that have them.
#include <cmath>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

float ClampFloat(float value, float low, float high) {
  value = value > low ? value : low;
  return value < high ? value : high;
}

const float* FloatRow(const Ring& ring, int row) {
  return reinterpret_cast<const float*>(RowAt(ring, row));
}
float* FloatRowOut(const Ring& ring, int row) { return reinterpret_cast<float*>(RowAt(ring, row)); }

// Eight sums side by side, which a processor with vectors adds at once.
float Dot(const float* x, const float* w, int count) {
  float lanes[8] = {};
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int lane = 0; lane < 8; ++lane) {
      lanes[lane] += x[i + lane] * w[i + lane];
    }
  }
  for (; i < count; ++i) {
    lanes[i % 8] += x[i] * w[i];
  }
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

float FullPlace(const FloatSum& sum, const Taps& down, const Taps& across, int channel) {
  const Window& window = sum.window;
  const int depth = window.in_channels;
  const float* weights = sum.weights + channel * window.height * window.width * depth;
  float total = 0.0F;
  for (int i = down.begin; i < down.end; ++i) {
    const float* row = FloatRow(sum.in, down.origin + i * window.dilation_h);
    for (int j = across.begin; j < across.end; ++j) {
      total += Dot(row + (across.origin + j * window.dilation_w) * depth,
                   weights + (i * window.width + j) * depth, depth);
    }
  }
  return total;
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

void FloatPoolRows(const FloatPool& pool, int begin, int end) {
  const Window& window = pool.window;
  const int channels = window.in_channels;
  for (int row = begin; row < end; ++row) {
    const Taps down = TapsAt(row, window.pad_h, window.in_rows, window.height, window.stride_h, 1);
    float* out = FloatRowOut(pool.out, row);
    for (int column = 0; column < window.out_columns; ++column) {
      const Taps across =
          TapsAt(column, window.pad_w, window.in_columns, window.width, window.stride_w, 1);
      for (int c = 0; c < channels; ++c) {
        float fold = pool.largest ? -INFINITY : 0.0F;
        for (int i = down.begin; i < down.end; ++i) {
          const float* x = FloatRow(pool.in, down.origin + i);
          for (int j = across.begin; j < across.end; ++j) {
            const float value = x[(across.origin + j) * channels + c];
            fold = pool.largest ? (value > fold ? value : fold) : fold + value;
          }
        }
        const int count = (down.end - down.begin) * (across.end - across.begin);
        fold = pool.largest ? fold : fold / static_cast<float>(count);
        *out++ = ClampFloat(fold, pool.low, pool.high);
      }
    }
  }
}

void FloatAddRows(const FloatAdd& add, int begin, int end) {
  for (int row = begin; row < end; ++row) {
    const float* a = FloatRow(add.a, row);
    const float* b = FloatRow(add.b, row);
    float* out = FloatRowOut(add.out, row);
    for (int i = 0; i < add.out.row_bytes / 4; ++i) {
      out[i] = ClampFloat(a[i] + b[i], add.low, add.high);
    }
  }
}

void FloatSoftmaxRows(const FloatSoftmax& softmax) {
  const float* in = softmax.in;
  float* out = softmax.out;
  for (int row = 0; row < softmax.rows; ++row, in += softmax.depth, out += softmax.depth) {
    float largest = in[0];
    for (int i = 1; i < softmax.depth; ++i) {
      largest = in[i] > largest ? in[i] : largest;
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
