// SPDX-License-Identifier: Apache-2.0
// CONV_2D: data [batch, height, width, in], weights [out, kernel height, kernel width, in /
// groups], perhaps a bias of `out` elements; result [batch, out height, out width, out]. Places
// outside the picture count as zero (as the input's zero point, where there is one). Types: see
// weighted_sum.h. Source: TensorFlow Lite reference_ops::Conv and
// reference_integer_ops::ConvPerChannel.

#include "engine/kernels/ref/ref.h"
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

// The outputs [channel_begin, channel_end) of one row. `row` counts rows over all pictures.
template <typename Sums>
void Row(const EvalContext& context, const Sums& sums, int row, int channel_begin,
         int channel_end) {
  const auto& params = context.params<WindowSumParams>();
  const auto options = context.op().options<ConvOptions>();
  const Shape& in = context.input(0).shape();
  const Shape& weights = context.input(1).shape();
  const Shape& out = context.output(0).shape();
  const auto in_depth = static_cast<std::ptrdiff_t>(in.dim(3));
  const auto depth = static_cast<std::ptrdiff_t>(weights.dim(3));
  const int out_per_group = weights.dim(0) / static_cast<int>(in_depth / depth);
  const std::ptrdiff_t in_row = in.dim(2) * in_depth;
  const std::ptrdiff_t weight_row = weights.dim(2) * depth;
  const auto* picture =
      context.input(0).as<typename Sums::In>() + (row / out.dim(1)) * (in.dim(1) * in_row);
  auto* y = context.output(0).as<typename Sums::Out>() +
            static_cast<std::ptrdiff_t>(row) * out.dim(2) * out.dim(3);
  const auto* all_weights = context.input(1).as<typename Sums::Weight>();
  const Taps down = TapsInside(row % out.dim(1), params.pad_h, in.dim(1), weights.dim(1),
                               options.stride_h, options.dilation_h);
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
        const auto* x_row = picture + (down.origin + i * options.dilation_h) * in_row + group_begin;
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

base::Status Evaluate(const EvalContext& context) {
  const Shape& out = context.output(0).shape();
  const int rows = out.dim(0) * out.dim(1);
  WithWeightedSum(context, context.params<WindowSumParams>(), [&](const auto& sums) {
    if (rows == 1) {
      context.ForRanges(out.dim(3), [&](int begin, int end) { Row(context, sums, 0, begin, end); });
      return;
    }
    context.ForRanges(rows, [&](int begin, int end) {
      for (int row = begin; row < end; ++row) {
        Row(context, sums, row, 0, out.dim(3));
      }
    });
  });
  return {};
}

}  // namespace

const Kernel kConv2d{OpKind::kConv2d, 1, 8, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
