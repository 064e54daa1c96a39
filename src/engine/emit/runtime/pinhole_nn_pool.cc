// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D, MAX_POOL_2D and MEAN of int8.
#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

template <bool kLargest>
PINHOLE_NN_SMALL void PoolRow(const Pool& pool, int row) {
  const Window& window = pool.window;
  const int channels = window.in_channels;
  std::int8_t* out = RowAt(pool.out, row);
  const Taps down = TapsAt(row, window.pad_h, window.in_rows, window.height, window.stride_h, 1);
  for (int column = 0; column < window.out_columns; ++column, out += channels) {
    const Taps across =
        TapsAt(column, window.pad_w, window.in_columns, window.width, window.stride_w, 1);
    const int count = (down.end - down.begin) * (across.end - across.begin);
    for (int c = 0; c < channels; ++c) {
      std::int32_t sum = kLargest ? -128 : 0;
      for (int i = down.begin; i < down.end; ++i) {
        const std::int8_t* x =
            RowAt(pool.in, down.origin + i) + (across.origin + across.begin) * channels + c;
        for (int j = across.begin; j < across.end; ++j, x += channels) {
          if (kLargest) {
            sum = *x > sum ? *x : sum;
          } else {
            sum += *x;
          }
        }
      }
      if (!kLargest) {
        sum = sum > 0 ? Quotient(sum + count / 2, count) : -Quotient(count / 2 - sum, count);
      }
      out[c] = static_cast<std::int8_t>(Clamp(sum, pool.low, pool.high));
    }
  }
}

}  // namespace

PINHOLE_NN_SMALL void AveragePool(const Pool& pool, int begin, int end) {
  for (int row = begin; row < end; ++row) {
    PoolRow<false>(pool, row);
  }
}

PINHOLE_NN_SMALL void MaxPool(const Pool& pool, int begin, int end) {
  for (int row = begin; row < end; ++row) {
    PoolRow<true>(pool, row);
  }
}

PINHOLE_NN_SMALL void MeanOver(const Mean& mean) {
  std::int8_t* out = mean.out;
  for (int o = 0; o < mean.outer; ++o) {
    const std::int8_t* first = mean.in + o * mean.middle * mean.inner;
    for (int i = 0; i < mean.inner; ++i) {
      std::int32_t sum = mean.scale.bias;
      for (int m = 0; m < mean.middle; ++m) {
        sum += first[m * mean.inner + i];
      }
      const std::int32_t y = Scale(sum, mean.scale.a, mean.scale.b) + mean.out_zero;
      *out++ = static_cast<std::int8_t>(Clamp(y, -128, 127));
    }
  }
}

}  // namespace pinhole_nn
