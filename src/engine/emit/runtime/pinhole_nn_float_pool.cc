// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D and MAX_POOL_2D of float32.
#include <limits>

#include "pinhole_nn_float.h"

namespace pinhole_nn {

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
        float fold = pool.largest ? std::numeric_limits<float>::lowest() : 0.0F;
        for (int i = down.begin; i < down.end; ++i) {
          const float* x = FloatRow(pool.in, down.origin + i);
          for (int j = across.begin; j < across.end; ++j) {
            const float value = x[(across.origin + j) * channels + c];
            fold = pool.largest ? (fold < value ? value : fold) : fold + value;
          }
        }
        const int count = (down.end - down.begin) * (across.end - across.begin);
        fold = pool.largest ? fold : fold / static_cast<float>(count);
        *out++ = ClampFloat(fold, pool.low, pool.high);
      }
    }
  }
}

}  // namespace pinhole_nn
