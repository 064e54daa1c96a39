// SPDX-License-Identifier: Apache-2.0
#pragma once

// What AVERAGE_POOL_2D and MAX_POOL_2D share: data [batch, height, width, channels] in, [batch, out
// height, out width, channels] out, each output the fold of the window's elements that lie inside
// the picture. Types float32, int8, uint8, int16; quantised ones keep scale and zero point, so
// integers are folded as they are. A Fold says what is done:
//
//   using Sum;  Sum begin;  Sum Add(Sum, T);  T Finish(Sum, int count);
//
// Source: TensorFlow Lite reference_ops and reference_integer_ops, pooling.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/padding.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

struct PoolParams {
  std::int32_t pad_h = 0, pad_w = 0;  // rows and columns of the first place before the picture
  IntRange int_range;
  FloatRange float_range;
};

base::Result<Prepared> PreparePool(PrepareContext& context);

// One row of the result.
template <typename T, typename Fold>
void PoolRow(const EvalContext& context, const Fold& fold, const RowsView& data,
             const RowsView& result, int row) {
  constexpr int kBlock = 64;  // channels whose sums stay on the stack
  const auto& params = context.params<PoolParams>();
  const auto options = context.op().options<Pool2dOptions>();
  const Shape& in = data.info->shape;
  const Shape& out = result.info->shape;
  const int channels = in.dim(3);
  T* y = result.row<T>(row);
  const Taps down = TapsInside(row, params.pad_h, in.dim(1), options.filter_h, options.stride_h, 1);
  const TapRows<T> x_rows(data, down, 1);
  for (std::int32_t column = 0; column < out.dim(2); ++column, y += channels) {
    const Taps across =
        TapsInside(column, params.pad_w, in.dim(2), options.filter_w, options.stride_w, 1);
    const int count = (down.end - down.begin) * (across.end - across.begin);
    for (int begin = 0; begin < channels; begin += std::min(kBlock, channels - begin)) {
      const int size = std::min(kBlock, channels - begin);
      typename Fold::Sum sums[kBlock];
      std::fill_n(sums, size, fold.begin);
      for (std::int32_t i = down.begin; i < down.end; ++i) {
        for (std::int32_t j = across.begin; j < across.end; ++j) {
          const T* x = x_rows[i] + (across.origin + j) * channels + begin;
          for (int c = 0; c < size; ++c) {
            sums[c] = fold.Add(sums[c], x[c]);
          }
        }
      }
      for (int c = 0; c < size; ++c) {
        y[begin + c] = fold.Finish(sums[c], count);
      }
    }
  }
}

template <typename T, typename Fold>
void Pool(const EvalContext& context, RowRange rows, const Fold& fold) {
  ForPictureRows(context, rows, [&](const RowsView& in, const RowsView& out, int row) {
    PoolRow<T>(context, fold, in, out, row);
  });
}

}  // namespace pinhole::engine::kernels::ref
