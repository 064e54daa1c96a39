// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels share: rings, windows at the edge, and the arithmetic that brings a sum to the
// output's scale. Inline, since it stands in inner loops.

#include "pinhole_nn.h"

namespace pinhole_nn {

inline int RingRow(const Ring& ring, int row) {
  return row < ring.held
             ? row
             : static_cast<int>(static_cast<unsigned>(row) % static_cast<unsigned>(ring.held));
}
inline std::int8_t* RowAt(const Ring& ring, int row) {
  return ring.data + RingRow(ring, row) * ring.row_bytes;
}

inline std::int32_t Clamp(std::int32_t value, std::int32_t low, std::int32_t high) {
  return value < low ? low : value > high ? high : value;
}

// The high 32 bits of 2ab, rounded to nearest. Not for a = b = INT32_MIN.
inline std::int32_t HighMul(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((static_cast<std::int64_t>(a) * b + (std::int64_t{1} << 30)) >>
                                   31);
}

// x / 2^exponent, rounded to nearest, halves away from zero; exponent in 0..31.
inline std::int32_t DivideByPot(std::int32_t x, int exponent) {
  if (exponent == 0) {
    return x;
  }
  const std::int32_t mask = static_cast<std::int32_t>((std::uint32_t{1} << exponent) - 1U);
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

// x * fraction / 2^31 * 2^shift, rounded twice, as the reference does.
inline std::int32_t Scale(std::int32_t x, std::int32_t fraction, std::int32_t shift) {
  if (shift > 0) {
    x = static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << shift);
    return HighMul(x, fraction);
  }
  return DivideByPot(HighMul(x, fraction), -shift);
}

// The quick form, see pinhole_nn.h: x * m as x * high + (x * low >> half). The reference rounds
// what is negative down by one more unit of its first rounding, which is 2^(half - 1) here.
inline std::int32_t QuickScale(std::int32_t x, const Channel& channel, int quick_bits) {
  const int half = 31 - quick_bits;
  const auto high = static_cast<std::int32_t>(static_cast<std::uint32_t>(channel.b) & 0xFFFFU);
  const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(channel.b) >> 16);
  const std::int32_t product = x * high + ((x * low) >> half);
  const std::int32_t negative = (x >> 31) & (std::int32_t{1} << (half - 1));
  return (product - negative + (channel.a & ~31)) >> (channel.a & 31);
}

// `sum` holds the channel's bias already.
inline std::int8_t FinishOne(std::int32_t sum, const Channel& channel, const Finish& finish) {
  std::int32_t y = 0;
  if (finish.quick_bits > 0) {
    const std::int32_t edge = std::int32_t{1} << finish.quick_bits;
    y = QuickScale(Clamp(sum, -edge, edge - 1), channel, finish.quick_bits);
  } else {
    y = Scale(sum, channel.a, channel.b);
  }
  return static_cast<std::int8_t>(Clamp(y + finish.out_zero, finish.low, finish.high));
}

// Taps [begin, end) of a window at one place that lie inside the input; origin is where tap 0 lies.
struct Taps {
  int origin, begin, end;
};
inline Taps TapsAt(int place, int pad, int size, int taps, int stride, int dilation) {
  Taps inside{place * stride - pad, 0, taps};
  while (inside.begin < taps && inside.origin + inside.begin * dilation < 0) {
    ++inside.begin;
  }
  while (inside.end > inside.begin && inside.origin + (inside.end - 1) * dilation >= size) {
    --inside.end;
  }
  return inside;
}

// Columns [begin, end) of the output whose whole window lies inside the input.
struct Inner {
  int begin, end;
};
inline Inner InnerColumns(const Window& window) {
  Inner inner{0, window.out_columns};
  const int span = (window.width - 1) * window.dilation_w;
  while (inner.begin < inner.end && inner.begin * window.stride_w < window.pad_w) {
    ++inner.begin;
  }
  while (inner.end > inner.begin &&
         (inner.end - 1) * window.stride_w - window.pad_w + span >= window.in_columns) {
    --inner.end;
  }
  return inner;
}

}  // namespace pinhole_nn
