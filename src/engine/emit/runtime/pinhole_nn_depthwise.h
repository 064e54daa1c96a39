// SPDX-License-Identifier: Apache-2.0
#pragma once

// DEPTHWISE_CONV_2D, a channel at a time along a row: what its two forms share.
//
// The rows that a window covers are gathered column by column, edges with the input's zero point,
// into words: a window is then some words one behind the other, and the next window begins a column
// or two later. Where the window reaches over the upper or lower edge, the weights of the rows
// outside are zero and their share, which does not depend on the data, is added to the bias.
//
// `Taps` says how a column becomes words: Words(height), Gather(rows, at, height, to),
// Fill(value, height, to), Spread(weights, height, to), and Dot<count>(total, weights, data, n).

#include "pinhole_nn_math.h"

namespace pinhole_nn {

constexpr int kMaxWindowHeight = 64;  // the emitter refuses more

// One row's work. Rows outside the picture point to one inside, whose data meet zero weights.
struct DepthwiseRow {
  const std::int8_t* rows[kMaxWindowHeight];
  bool inside[kMaxWindowHeight];
  bool all_inside;
};

inline void FindRows(const Depthwise& depthwise, int row, DepthwiseRow& work) {
  const Window& window = depthwise.window;
  const std::int8_t* any = nullptr;
  work.all_inside = true;
  for (int i = 0; i < window.height; ++i) {
    const int y = row * window.stride_h - window.pad_h + i * window.dilation_h;
    work.inside[i] = y >= 0 && y < window.in_rows;
    work.all_inside = work.all_inside && work.inside[i];
    work.rows[i] = work.inside[i] ? RowAt(depthwise.in, y) : nullptr;
    any = work.inside[i] ? work.rows[i] : any;
  }
  for (int i = 0; i < window.height; ++i) {
    work.rows[i] = work.inside[i] ? work.rows[i] : any != nullptr ? any : depthwise.in.data;
  }
}

// A channel's weights as words. Returns its bias with the share of the rows outside.
template <typename Taps>
std::int32_t SpreadWeights(const Depthwise& depthwise, const DepthwiseRow& work, int channel,
                           std::uint32_t* to) {
  const Window& window = depthwise.window;
  const int height = window.height;
  const int words = Taps::Words(height);
  const std::int8_t* weights = depthwise.weights + channel * height * window.width;
  std::int32_t bias = depthwise.finish.channels[channel].bias;
  for (int j = 0; j < window.width; ++j, weights += height, to += words) {
    if (work.all_inside) {
      Taps::Spread(weights, height, to);
      continue;
    }
    std::int8_t kept[kMaxWindowHeight];
    for (int i = 0; i < height; ++i) {
      kept[i] = work.inside[i] ? weights[i] : std::int8_t{0};
      bias += work.inside[i] ? 0 : weights[i] * depthwise.in_zero;
    }
    Taps::Spread(kept, height, to);
  }
  return bias;
}

// All columns that the row's windows cover, of one input channel.
template <typename Taps>
void GatherColumns(const Depthwise& depthwise, const DepthwiseRow& work, int from,
                   std::uint32_t* to) {
  const Window& window = depthwise.window;
  const int words = Taps::Words(window.height);
  const int count =
      (window.out_columns - 1) * window.stride_w + (window.width - 1) * window.dilation_w + 1;
  const int inside_end = window.pad_w + window.in_columns;
  int column = 0;
  for (; column < window.pad_w && column < count; ++column, to += words) {
    Taps::Fill(depthwise.in_zero, window.height, to);
  }
  const int end = inside_end < count ? inside_end : count;
  if (column < end) {
    to = Taps::Gather(work.rows, from, window.in_channels, end - column, window.height, to);
  }
  for (column = end < column ? column : end; column < count; ++column, to += words) {
    Taps::Fill(depthwise.in_zero, window.height, to);
  }
}

// kCount: words of a window that lies in one piece, known; 0: any window.
template <typename Taps, int kCount>
void ChannelRow(const Depthwise& depthwise, int channel, std::int32_t bias,
                const std::uint32_t* weights, const std::uint32_t* columns, std::int8_t* out) {
  const Window& window = depthwise.window;
  const Channel& scale = depthwise.finish.channels[channel];
  const int words = Taps::Words(window.height);
  const bool one_piece = window.dilation_w == 1;
  const int pieces = one_piece ? 1 : window.width;
  const int piece = one_piece ? window.width * words : words;
  const int apart = window.dilation_w * words;
  const int step = window.stride_w * words;
  const int out_step = window.out_channels;
  const std::int32_t zero = depthwise.finish.out_zero;
  const std::int32_t low = depthwise.finish.low;
  const std::int32_t high = depthwise.finish.high;
  WithForm(depthwise.finish, [&](const auto& finish) {
    std::int8_t* to = out + channel;
    const std::uint32_t* data = columns;
    for (const std::uint32_t* end = columns + window.out_columns * step; data != end;
         data += step, to += out_step) {
      std::int32_t total = bias;
      if constexpr (kCount > 0) {
        total = Taps::template DotFixed<kCount>(total, weights, data);
      } else {
        const std::uint32_t* weight = weights;
        const std::uint32_t* from = data;
        for (int i = 0; i < pieces; ++i, weight += piece, from += apart) {
          total = Taps::Dot(total, weight, from, piece);
        }
      }
      *to = ToOutput(finish(total, scale), zero, low, high);
    }
  });
}

// kCount: the words of a 3 x 3 window.
template <typename Taps, int kCount>
void DepthwiseShare(const Depthwise& depthwise, int begin, int end, const Part& part) {
  const Window& window = depthwise.window;
  const Range mine = ShareOf(window.out_channels, 1, part);
  std::uint32_t* weights = PartOf(depthwise.scratch, depthwise.other, part);
  std::uint32_t* columns = weights + window.width * Taps::Words(window.height);
  const bool three = window.height == 3 && window.width == 3 && window.dilation_w == 1;
  for (int row = begin; row < end; ++row) {
    DepthwiseRow work;
    FindRows(depthwise, row, work);
    std::int8_t* out = RowAt(depthwise.out, row);
    int gathered = -1;
    for (int channel = mine.begin; channel < mine.end; ++channel) {
      const int from = depthwise.multiplier == 1 ? channel : channel / depthwise.multiplier;
      if (from != gathered) {
        GatherColumns<Taps>(depthwise, work, from, columns);
        gathered = from;
      }
      const std::int32_t bias = SpreadWeights<Taps>(depthwise, work, channel, weights);
      if (three) {
        ChannelRow<Taps, kCount>(depthwise, channel, bias, weights, columns, out);
      } else {
        ChannelRow<Taps, 0>(depthwise, channel, bias, weights, columns, out);
      }
    }
  }
}

}  // namespace pinhole_nn
