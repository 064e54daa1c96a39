// SPDX-License-Identifier: Apache-2.0
// CONV_2D: data [batch, height, width, in], weights [out, kernel height, kernel width, in /
// groups], perhaps a bias of `out` elements; result [batch, out height, out width, out]. Places
// outside the picture count as zero (as the input's zero point, where there is one). Types: see
// weighted_sum.h. Source: TensorFlow Lite reference_ops::Conv and
// reference_integer_ops::ConvPerChannel.

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(ExpectPicturesAndWeights(context));
  const Shape& in = context.input(0)->shape;
  const Shape& weights = context.input(1)->shape;
  const std::int32_t depth = weights.dim(3);
  if (in.dim(3) % depth != 0 || weights.dim(0) % (in.dim(3) / depth) != 0) {
    return context.Fail(base::Error::kMalformed, "data of ", in.dim(3), " channels, weights of ",
                        depth, " input and ", weights.dim(0),
                        " output channels: these form no whole groups");
  }
  const auto options = context.op().options<ConvOptions>();
  return PrepareWindowSum(context, options, 0);
}

// The outputs [channel_begin, channel_end) of one row.
template <typename Sums>
void Row(const EvalContext& context, const Sums& sums, const RowsView& x, const RowsView& result,
         int row, int channel_begin, int channel_end) {
  const auto& params = context.params<WindowSumParams>();
  const auto options = context.op().options<ConvOptions>();
  const Shape& in = x.info->shape;
  const Shape& weights = context.input(1).shape();
  const Shape& out = result.info->shape;
  const auto in_depth = static_cast<std::ptrdiff_t>(in.dim(3));
  const auto depth = static_cast<std::ptrdiff_t>(weights.dim(3));
  const int out_per_group = weights.dim(0) / static_cast<int>(in_depth / depth);
  const std::ptrdiff_t weight_row = weights.dim(2) * depth;
  auto* y = result.row<typename Sums::Out>(row);
  const auto* all_weights = context.input(1).as<typename Sums::Weight>();
  const Taps down = TapsInside(row, params.pad_h, in.dim(1), weights.dim(1), options.stride_h,
                               options.dilation_h);
  const TapRows<typename Sums::In> x_rows(x, down, options.dilation_h);
  // Where taps lie side by side in memory on both sides, a whole row of them is one run.
  const bool runs = options.dilation_w == 1 && depth == in_depth;
  for (std::int32_t column = 0; column < out.dim(2); ++column, y += out.dim(3)) {
    const Taps across = TapsInside(column, params.pad_w, in.dim(2), weights.dim(2),
                                   options.stride_w, options.dilation_w);
    const std::ptrdiff_t step = runs ? across.end - across.begin : 1;
    for (int channel = channel_begin; channel < channel_end; ++channel) {
      const std::ptrdiff_t group_begin = channel / out_per_group * depth;
      const auto* w_channel = all_weights + channel * weights.dim(1) * weight_row;
      typename Sums::Sum sum{};
      for (std::int32_t i = down.begin; i < down.end; ++i) {
        const auto* x_row = x_rows[i] + group_begin;
        const auto* w_row = w_channel + i * weight_row;
        for (std::ptrdiff_t j = across.begin; j < across.end; j += step) {
          sums.Accumulate(sum, x_row + (across.origin + j * options.dilation_w) * in_depth,
                          w_row + j * depth, static_cast<std::size_t>(step * depth));
        }
      }
      y[channel] = sums.Finish(sum, static_cast<std::size_t>(channel));
    }
  }
}

void Run(const EvalContext& context, RowRange rows) {
  const Shape& out = context.output(0).shape();
  const std::int32_t channels = out.dim(3);
  const bool one_row = rows.all() ? out.dim(0) * out.dim(1) == 1 : rows.end - rows.begin == 1;
  WithWeightedSum(context, context.params<WindowSumParams>(), [&](const auto& sums) {
    if (one_row) {  // shared by channels
      const int row = rows.all() ? 0 : rows.begin;
      const RowsView in = rows.all() ? PictureRows(context.input(0), 0) : context.input_rows(0);
      const RowsView result =
          rows.all() ? PictureRows(context.output(0), 0) : context.output_rows(0);
      context.ForRanges(
          channels, [&](int begin, int end) { Row(context, sums, in, result, row, begin, end); });
      return;
    }
    ForPictureRows(context, rows, [&](const RowsView& in, const RowsView& result, int row) {
      Row(context, sums, in, result, row, 0, channels);
    });
  });
}

}  // namespace

const Kernel kConv2d{OpKind::kConv2d, 1, 8, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
