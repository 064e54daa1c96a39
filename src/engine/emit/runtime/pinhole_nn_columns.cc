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

// The window at one place of the output, as a column. Returns behind its last tap.
std::int8_t* CopyWindow(const Sum& sum, const Taps& down, int column, std::int8_t* to) {
  const Window& window = sum.window;
  const int channels = window.in_channels;
  const Taps across = TapsAt(column, window.pad_w, window.in_columns, window.width, window.stride_w,
                             window.dilation_w);
  for (int i = 0; i < window.height; ++i) {
    if (i < down.begin || i >= down.end) {
      FillBytes(to, sum.in_zero, window.width * channels);
      to += window.width * channels;
      continue;
    }
    const std::int8_t* row = RowAt(sum.in, down.origin + i * window.dilation_h);
    FillBytes(to, sum.in_zero, across.begin * channels);
    to += across.begin * channels;
    if (window.dilation_w == 1) {
      const int count = (across.end - across.begin) * channels;
      CopyBytes(to, row + (across.origin + across.begin) * channels, count);
      to += count;
    } else {
      for (int j = across.begin; j < across.end; ++j, to += channels) {
        CopyBytes(to, row + (across.origin + j * window.dilation_w) * channels, channels);
      }
    }
    FillBytes(to, sum.in_zero, (window.width - across.end) * channels);
    to += (window.width - across.end) * channels;
  }
  return to;
}

void SumRow(const Sum& sum, int row, const Part& part, BlockKernel kernel) {
  const Window& window = sum.window;
  std::int8_t* out = RowAt(sum.out, row);
  if (sum.columns == nullptr) {
    kernel(sum, RowAt(sum.in, row * window.stride_h), window.stride_w * window.in_channels,
           window.out_columns, out, part);
    return;
  }
  std::int8_t* columns = PartOf(sum.columns, sum.other, part);
  const Taps down =
      TapsAt(row, window.pad_h, window.in_rows, window.height, window.stride_h, window.dilation_h);
  for (int column = 0; column < window.out_columns; column += sum.block) {
    const int left = window.out_columns - column;
    const int count = left < sum.block ? left : sum.block;
    for (int i = 0; i < count; ++i) {
      std::int8_t* to = columns + i * sum.depth;
      std::int8_t* end = CopyWindow(sum, down, column + i, to);
      FillBytes(end, 0, static_cast<int>(to + sum.depth - end));
    }
    kernel(sum, columns, sum.depth, count, out, part);
    out += count * window.out_channels;
  }
}

}  // namespace

// Rows that lie one behind the other on both sides are one long row of places.
void SumRows(const Sum& sum, int begin, int end, const Part& part, BlockKernel kernel) {
  const Window& window = sum.window;
  const int in_begin = RingRow(sum.in, begin);
  const int out_begin = RingRow(sum.out, begin);
  if (sum.columns == nullptr && window.stride_h == 1 && window.stride_w == 1 &&
      in_begin + (end - begin) <= sum.in.held && out_begin + (end - begin) <= sum.out.held) {
    kernel(sum, RowAt(sum.in, begin), window.in_channels, (end - begin) * window.out_columns,
           RowAt(sum.out, begin), part);
    return;
  }
  for (int row = begin; row < end; ++row) {
    SumRow(sum, row, part, kernel);
  }
}

}  // namespace pinhole_nn
