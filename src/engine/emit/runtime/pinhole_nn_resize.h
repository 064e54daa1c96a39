// SPDX-License-Identifier: Apache-2.0
#pragma once

// RESIZE_BILINEAR: each output element is a blend of four input elements around its place. Where
// the places lie is the emitter's: a table for rows and one for columns. A template, so that a
// program has the type that its network uses.
//
// float32 in float; int8, uint8 and int16 with parts of 1/1024, rounded half away from zero.

#include <type_traits>

#include "pinhole_nn.h"

namespace pinhole_nn {

// Between the input's elements `low` and `high`, by `part` towards the latter.
template <typename Part>
struct Between {
  std::int16_t low, high;
  Part part;
};

template <typename T>
struct Resize {
  using Part = std::conditional_t<std::is_floating_point_v<T>, float, std::int16_t>;
  const void* in;
  std::int8_t* out;
  std::int32_t pictures, in_rows, in_columns, rows, columns, channels;
  const Between<Part>* down;    // of each row
  const Between<Part>* across;  // of each column
};

// The order of the products is the reference's: it decides a float's last bits.
inline float Blend(float ll, float ul, float lu, float uu, float y, float x) {
  return ll * (1.0F - y) * (1.0F - x) + ul * y * (1.0F - x) + lu * (1.0F - y) * x + uu * y * x;
}
template <typename T>
inline T Blend(T ll, T ul, T lu, T uu, std::int16_t y, std::int16_t x) {
  using Wide = std::conditional_t<sizeof(T) == 1, std::int32_t, std::int64_t>;
  constexpr Wide kOne = 1 << 10;
  constexpr Wide kHalf = kOne * kOne / 2;
  const Wide sum =
      ll * (kOne - y) * (kOne - x) + ul * y * (kOne - x) + lu * (kOne - y) * x + uu * (Wide{y} * x);
  return static_cast<T>((sum + (sum > 0 ? kHalf : -kHalf)) / (kOne * kOne));
}

template <typename T>
void ResizeBilinear(const Resize<T>& resize) {
  const int channels = resize.channels;
  const int row_elements = resize.in_columns * channels;
  T* out = reinterpret_cast<T*>(resize.out);
  for (int picture = 0; picture < resize.pictures; ++picture) {
    const T* in = static_cast<const T*>(resize.in) + picture * resize.in_rows * row_elements;
    for (int row = 0; row < resize.rows; ++row) {
      const auto y = resize.down[row];
      const T* low = in + y.low * row_elements;
      const T* high = in + y.high * row_elements;
      for (int column = 0; column < resize.columns; ++column) {
        const auto x = resize.across[column];
        for (int c = 0; c < channels; ++c) {
          *out++ = Blend(low[x.low * channels + c], high[x.low * channels + c],
                         low[x.high * channels + c], high[x.high * channels + c], y.part, x.part);
        }
      }
    }
  }
}

}  // namespace pinhole_nn
