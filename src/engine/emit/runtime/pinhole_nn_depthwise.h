// SPDX-License-Identifier: Apache-2.0
#pragma once

// DEPTHWISE_CONV_2D, a channel at a time along a row: what its two forms share.
//
// The rows that a window covers are gathered column by column, edges with the input's zero point,
// into words: a window is then some words one behind the other, and the next window begins a column
// or two later. Where the window reaches over the upper or lower edge, the weights of the rows
// outside are zero and their share, which does not depend on the data, is added to the bias.
//
// `Taps` says how a column becomes words: Words(height), Gather, Fill, Spread, Clear (one row's
// weight), Dot, and Three, which sums and finishes a row of 3 x 3 windows where FinishesItself says
// so. All that depends on the window's size is compiled twice, once for 3 x 3.

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

// A window's size: known, or read.
template <bool kThree>
struct SizeOf {
  explicit SizeOf(const Window& window) : height(window.height), width(window.width) {}
  int height, width;
};
template <>
struct SizeOf<true> {
  explicit SizeOf(const Window&) {}
  static constexpr int height = 3, width = 3;
};

// A channel's weights as words. Returns its bias with the share of the rows outside.
template <typename Taps, bool kThree>
inline std::int32_t SpreadWeights(const Depthwise& depthwise, const DepthwiseRow& work, int channel,
                                  std::uint32_t* to) {
  const SizeOf<kThree> size(depthwise.window);
  const int words = Taps::Words(size.height);
  const std::int8_t* weights = depthwise.weights + channel * (size.height * size.width);
  std::int32_t bias = depthwise.finish.channels[channel].bias;
  for (int j = 0; j < size.width; ++j) {
    Taps::Spread(weights + j * size.height, size.height, to + j * words);
  }
  for (int i = 0; !work.all_inside && i < size.height; ++i) {
    for (int j = 0; !work.inside[i] && j < size.width; ++j) {
      bias += weights[j * size.height + i] * depthwise.in_zero;
      Taps::Clear(to + j * words, i);
    }
  }
  return bias;
}

// The columns that a row's windows cover: so many before the picture, inside, and behind it.
struct Covered {
  int before, inside, behind;
};
inline Covered CoveredColumns(const Window& window) {
  const int all =
      (window.out_columns - 1) * window.stride_w + (window.width - 1) * window.dilation_w + 1;
  const int before = window.pad_w < all ? window.pad_w : all;
  const int left = all - before;
  const int inside = window.in_columns < left ? window.in_columns : left;
  return {before, inside, left - inside};
}

// The sums of a row.
template <typename Taps, bool kThree>
inline void SumColumns(const Window& window, std::int32_t bias, const std::uint32_t* weights,
                       const std::uint32_t* columns, std::int32_t* sums) {
  const SizeOf<kThree> size(window);
  const int words = Taps::Words(size.height);
  const int step = window.stride_w * words;
  for (const std::uint32_t* end = columns + window.out_columns * step; columns != end;
       columns += step) {
    std::int32_t total = bias;
    if (kThree || window.dilation_w == 1) {
      total = Taps::template Dot<kThree>(total, weights, columns, size.width * words);
    } else {
      for (int j = 0; j < size.width; ++j) {
        total = Taps::template Dot<false>(total, weights + j * words,
                                          columns + j * window.dilation_w * words, words);
      }
    }
    *sums++ = total;
  }
}

template <typename Taps, bool kThree>
void ChannelsOfRow(const Depthwise& depthwise, const DepthwiseRow& work, const Range& mine,
                   std::uint32_t* weights, std::int8_t* out) {
  const Window& window = depthwise.window;
  const SizeOf<kThree> size(window);
  const int words = Taps::Words(size.height);
  auto* sums = reinterpret_cast<std::int32_t*>(weights + size.width * words);
  std::uint32_t* columns = weights + size.width * words + window.out_columns;
  // What lies beside the picture is the same for all channels.
  const Covered covered = CoveredColumns(window);
  for (int i = 0; i < covered.before; ++i) {
    Taps::Fill(depthwise.in_zero, size.height, columns + i * words);
  }
  std::uint32_t* inside = columns + covered.before * words;
  for (int i = 0; i < covered.behind; ++i) {
    Taps::Fill(depthwise.in_zero, size.height, inside + (covered.inside + i) * words);
  }
  const bool at_once = kThree && Taps::FinishesItself(depthwise.finish);
  const Channel* scale = depthwise.finish.channels + mine.begin;
  for (int channel = mine.begin; channel < mine.end; ++channel, ++scale) {
    const int from = depthwise.multiplier == 1 ? channel : Quotient(channel, depthwise.multiplier);
    Taps::Gather(work.rows, from, window.in_channels, covered.inside, size.height, inside);
    const std::int32_t bias = SpreadWeights<Taps, kThree>(depthwise, work, channel, weights);
    if (at_once) {
      Taps::Three(depthwise, *scale, bias, weights, columns, out + channel);
      continue;
    }
    SumColumns<Taps, kThree>(window, bias, weights, columns, sums);
    FinishAll(depthwise.finish, scale, 0, sums, window.out_columns, out + channel,
              window.out_channels);
  }
}

template <typename Taps, bool kThree>
void DepthwiseShare(const Depthwise& depthwise, int begin, int end, const Part& part) {
  const Window& window = depthwise.window;
  const Range mine = ShareOf(window.out_channels, 1, part);
  std::uint32_t* scratch = PartOf(depthwise.scratch, depthwise.other, part);
  for (int row = begin; row < end; ++row) {
    DepthwiseRow work;
    FindRows(depthwise, row, work);
    std::int8_t* out = RowAt(depthwise.out, row);
    ChannelsOfRow<Taps, kThree>(depthwise, work, mine, scratch, out);
  }
}

}  // namespace pinhole_nn
