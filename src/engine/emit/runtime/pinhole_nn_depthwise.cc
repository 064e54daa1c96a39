// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D: a channel at a time, along a row, so that its weights and its scale are at
// hand. Where the window reaches over the edge, the input's zero point stands in.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

constexpr int kMaxHeight = 64;  // the emitter refuses more

// One row's work: where the window's rows lie, null outside the picture.
struct RowWork {
  const std::int8_t* rows[kMaxHeight];
  bool all_inside;
};

// All channels of one place where the window reaches over an edge. Taps outside count as the zero
// point, whose product with their weights is taken at once.
void EdgePlace(const Depthwise& depthwise, const RowWork& work, int column, std::int8_t* out) {
  const Window& window = depthwise.window;
  const Taps across = TapsAt(column, window.pad_w, window.in_columns, window.width, window.stride_w,
                             window.dilation_w);
  const int step = window.dilation_w * window.in_channels;
  const int at = across.origin * window.in_channels + across.begin * step;
  const std::int8_t* weight = depthwise.weights;
  for (int channel = 0; channel < window.out_channels; ++channel) {
    const Channel& scale = depthwise.finish.channels[channel];
    const int from = depthwise.multiplier == 1 ? channel : channel / depthwise.multiplier;
    std::int32_t total = scale.bias;
    std::int32_t outside = 0;
    for (int i = 0; i < window.height; ++i) {
      const std::int8_t* row = work.rows[i];
      const int begin = row != nullptr ? across.begin : window.width;
      const int end = row != nullptr ? across.end : window.width;
      int j = 0;
      for (; j < begin; ++j) {
        outside += *weight++;
      }
      if (j < end) {
        const std::int8_t* x = row + at + from;
        for (; j < end; ++j, x += step) {
          total += *weight++ * *x;
        }
      }
      for (; j < window.width; ++j) {
        outside += *weight++;
      }
    }
    out[channel] = FinishOne(total + outside * depthwise.in_zero, scale, depthwise.finish);
  }
}

// Columns [inner.begin, inner.end) of one channel, any window.
void InnerPlaces(const Depthwise& depthwise, const RowWork& work, Inner inner, int channel,
                 std::int8_t* out) {
  const Window& window = depthwise.window;
  const Channel& scale = depthwise.finish.channels[channel];
  const int taps = window.height * window.width;
  const int from = depthwise.multiplier == 1 ? channel : channel / depthwise.multiplier;
  const int step = window.dilation_w * window.in_channels;
  int at = (inner.begin * window.stride_w - window.pad_w) * window.in_channels + from;
  for (int column = inner.begin; column < inner.end; ++column) {
    const std::int8_t* weight = depthwise.weights + channel * taps;
    std::int32_t total = scale.bias;
    for (int i = 0; i < window.height; ++i) {
      const std::int8_t* x = work.rows[i] + at;
      for (int j = 0; j < window.width; ++j, x += step) {
        total += *weight++ * *x;
      }
    }
    out[column * window.out_channels + channel] = FinishOne(total, scale, depthwise.finish);
    at += window.stride_w * window.in_channels;
  }
}

// The same for the window that most networks have.
void InnerPlaces3x3(const Depthwise& depthwise, const RowWork& work, Inner inner, int channel,
                    std::int8_t* out) {
  const Window& window = depthwise.window;
  const Channel& scale = depthwise.finish.channels[channel];
  const std::int8_t* w = depthwise.weights + channel * 9;
  const std::int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6],
                     w7 = w[7], w8 = w[8];
  const int step = window.in_channels;
  const int move = window.stride_w * step;
  const int at = (inner.begin * window.stride_w - window.pad_w) * step + channel;
  const std::int8_t* a = work.rows[0] + at;
  const std::int8_t* b = work.rows[1] + at;
  const std::int8_t* c = work.rows[2] + at;
  out += inner.begin * window.out_channels + channel;
  for (int column = inner.begin; column < inner.end; ++column) {
    std::int32_t total = scale.bias;
    total += w0 * a[0] + w1 * a[step] + w2 * a[2 * step];
    total += w3 * b[0] + w4 * b[step] + w5 * b[2 * step];
    total += w6 * c[0] + w7 * c[step] + w8 * c[2 * step];
    *out = FinishOne(total, scale, depthwise.finish);
    out += window.out_channels;
    a += move;
    b += move;
    c += move;
  }
}

void OneRow(const Depthwise& depthwise, int row) {
  const Window& window = depthwise.window;
  RowWork work;
  work.all_inside = true;
  for (int i = 0; i < window.height; ++i) {
    const int y = row * window.stride_h - window.pad_h + i * window.dilation_h;
    const bool inside = y >= 0 && y < window.in_rows;
    work.rows[i] = inside ? RowAt(depthwise.in, y) : nullptr;
    work.all_inside = work.all_inside && inside;
  }
  Inner inner = InnerColumns(window);
  if (!work.all_inside) {
    inner = {window.out_columns, window.out_columns};
  }
  const bool three = window.height == 3 && window.width == 3 && window.dilation_w == 1 &&
                     depthwise.multiplier == 1;
  std::int8_t* out = RowAt(depthwise.out, row);
  for (int column = 0; column < inner.begin; ++column) {
    EdgePlace(depthwise, work, column, out + column * window.out_channels);
  }
  for (int column = inner.end; column < window.out_columns; ++column) {
    EdgePlace(depthwise, work, column, out + column * window.out_channels);
  }
  for (int channel = 0; channel < window.out_channels && inner.begin < inner.end; ++channel) {
    if (three) {
      InnerPlaces3x3(depthwise, work, inner, channel, out);
    } else {
      InnerPlaces(depthwise, work, inner, channel, out);
    }
  }
}

}  // namespace

void DepthwiseRows(const Depthwise& depthwise, int begin, int end) {
  for (int row = begin; row < end; ++row) {
    OneRow(depthwise, row);
  }
}

}  // namespace pinhole_nn
