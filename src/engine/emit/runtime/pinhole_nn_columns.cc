// SPDX-License-Identifier: Apache-2.0
// Windows as columns, for CONV_2D in every layout.
#include "pinhole_nn_columns.h"

namespace pinhole_nn {

namespace {

void CopyBytes(std::int8_t* to, const std::int8_t* from, int count) {
  if (((reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from) |
        static_cast<unsigned>(count)) &
       3U) == 0) {
    auto* words = reinterpret_cast<std::uint32_t*>(to);
    const auto* source = reinterpret_cast<const std::uint32_t*>(from);
    for (int i = 0; i < count; i += 4) {
      *words++ = *source++;
    }
    return;
  }
  for (int i = 0; i < count; ++i) {
    to[i] = from[i];
  }
}

void FillBytes(std::int8_t* to, int value, int count) {
  for (int i = 0; i < count; ++i) {
    to[i] = static_cast<std::int8_t>(value);
  }
}

// Of the places of a row, those whose windows have all their columns inside the picture.
PINHOLE_NN_SMALL Range WholePlaces(const Window& window) {
  const int span = window.in_columns - (window.width - 1) * window.dilation_w - 1 + window.pad_w;
  const int stride = window.stride_w;
  return {Quotient(window.pad_w + stride - 1, stride), span < 0 ? 0 : Quotient(span, stride) + 1};
}

// Where the places' columns are made.
struct Copies {
  Range places;
  Range whole;
  std::int8_t* to;  // of the first place; they lie `step` apart
  int step;
};

PINHOLE_NN_SMALL void FillEach(const Copies& copies, int at, int value, int bytes) {
  std::int8_t* to = copies.to + at;
  for (int place = copies.places.begin; place < copies.places.end; ++place, to += copies.step) {
    FillBytes(to, value, bytes);
  }
}

// A row of a window that is not whole, or whose taps lie apart.
PINHOLE_NN_SMALL void CopyBroken(const Sum& sum, const std::int8_t* row, int place,
                                 std::int8_t* to) {
  const Window& window = sum.window;
  const int channels = window.in_channels;
  const Taps across = TapsAt(place, window.pad_w, window.in_columns, window.width, window.stride_w,
                             window.dilation_w);
  FillBytes(to, sum.in_zero, window.width * channels);
  for (int j = across.begin; j < across.end; ++j) {
    CopyBytes(to + j * channels, row + (across.origin + j * window.dilation_w) * channels,
              channels);
  }
}

// One row of the windows, at `at` in each column.
void CopyEach(const Sum& sum, const std::int8_t* row, const Copies& copies, int at) {
  const Window& window = sum.window;
  const int bytes = window.width * window.in_channels;
  std::int8_t* to = copies.to + at;
  for (int place = copies.places.begin; place < copies.places.end; ++place, to += copies.step) {
    if (place >= copies.whole.begin && place < copies.whole.end && window.dilation_w == 1) {
      CopyBytes(to, row + (place * window.stride_w - window.pad_w) * window.in_channels, bytes);
    } else {
      CopyBroken(sum, row, place, to);
    }
  }
}

PINHOLE_NN_SMALL void CopyWindows(const Sum& sum, int row, const Copies& copies) {
  const Window& window = sum.window;
  const int bytes = window.width * window.in_channels;
  const Taps down =
      TapsAt(row, window.pad_h, window.in_rows, window.height, window.stride_h, window.dilation_h);
  int at = 0;
  for (int i = 0; i < window.height; ++i, at += bytes) {
    if (i < down.begin || i >= down.end) {
      FillEach(copies, at, sum.in_zero, bytes);
    } else {
      CopyEach(sum, RowAt(sum.in, down.origin + i * window.dilation_h), copies, at);
    }
  }
  FillEach(copies, at, 0, sum.depth - at);
}

// `places` of one row.
PINHOLE_NN_SMALL void SumRow(const Sum& sum, int row, const Range& places, const Share& share,
                             BlockKernel kernel) {
  const Window& window = sum.window;
  std::int8_t* out = RowAt(sum.out, row) + places.begin * window.out_channels;
  if (sum.columns == nullptr) {
    const int step = window.stride_w * window.in_channels;
    kernel(sum,
           {RowAt(sum.in, row * window.stride_h) + places.begin * step, step,
            places.end - places.begin},
           out, share);
    return;
  }
  Copies copies{places, WholePlaces(window), PartOf(sum.columns, sum.other, share.part), sum.depth};
  for (int place = places.begin; place < places.end; place += sum.block) {
    const int left = places.end - place;
    const int count = left < sum.block ? left : sum.block;
    copies.places = {place, place + count};
    CopyWindows(sum, row, copies);
    kernel(sum, {copies.to, sum.depth, count}, out, share);
    out += count * window.out_channels;
  }
}

}  // namespace

// Rows that lie one behind the other on both sides are one long row of places.
PINHOLE_NN_SMALL void SumRows(const Sum& sum, int begin, int end, const Part& part, int unit,
                              BlockKernel kernel) {
  const Window& window = sum.window;
  const int in_begin = RingRow(sum.in, begin);
  const int out_begin = RingRow(sum.out, begin);
  const bool one_row = sum.columns == nullptr && window.stride_h == 1 && window.stride_w == 1 &&
                       in_begin + (end - begin) <= sum.in.held &&
                       out_begin + (end - begin) <= sum.out.held;
  const int count = one_row ? (end - begin) * window.out_columns : window.out_columns;
  const bool by_channels =
      count < part.count || (sum.columns == nullptr && Rest(window.out_channels, 2 * unit) == 0);
  const Share share{
      by_channels ? ShareOf(window.out_channels, unit, part) : Range{0, window.out_channels}, part};
  const Range places = by_channels ? Range{0, count} : ShareOf(count, 1, part);
  for (int row = begin; row < (one_row ? begin + 1 : end); ++row) {
    SumRow(sum, row, places, share, kernel);
  }
}

}  // namespace pinhole_nn
