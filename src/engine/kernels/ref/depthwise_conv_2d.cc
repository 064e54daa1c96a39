// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D: data [batch, height, width, in], weights [1, kernel height, kernel width, out]
// with out = in * multiplier, perhaps a bias of `out` elements; result [batch, out height, out
// width, out]. Output channel c sums input channel c / multiplier only. Places outside the picture
// count as zero. Types: see weighted_sum.h. Source: TensorFlow Lite reference_ops::DepthwiseConv
// and reference_integer_ops::DepthwiseConvPerChannel.

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(ExpectPicturesAndWeights(context));
  const Shape& in = context.input(0)->shape;
  const Shape& weights = context.input(1)->shape;
  if (weights.dim(0) != 1 || weights.dim(3) % in.dim(3) != 0) {
    return context.Fail(base::Error::kMalformed, "weights [", weights.dim(0), ", ", weights.dim(1),
                        ", ", weights.dim(2), ", ", weights.dim(3),
                        "] found; first dimension 1 and last a multiple of the data's ", in.dim(3),
                        " channels expected");
  }
  const auto options = context.op().options<DepthwiseConvOptions>();
  // The reader hands on 0 where an old converter left the multiplier to the shapes.
  const std::int32_t multiplier = weights.dim(3) / in.dim(3);
  if (options.depth_multiplier != 0 && options.depth_multiplier != multiplier) {
    return context.Fail(base::Error::kMalformed, "depth multiplier ", options.depth_multiplier,
                        " found, the shapes say ", multiplier);
  }
  return PrepareWindowSum(context, options, 3);
}

// Adds one tap to the sums of output channels [begin, end); x and w are at the tap's channel 0.
template <typename Sums>
void AddTap(const Sums& sums, typename Sums::Term* block, const typename Sums::In* x,
            const typename Sums::Weight* w, int begin, int end, int multiplier) {
  if (multiplier == 1) {
    for (int c = begin; c < end; ++c) {
      block[c - begin] = sums.Plus(block[c - begin], sums.Product(x[c], w[c]));
    }
    return;
  }
  for (int c = begin; c < end;) {
    const int in_channel = c / multiplier;
    const int same_end = in_channel < (end - 1) / multiplier ? (in_channel + 1) * multiplier : end;
    for (; c < same_end; ++c) {
      block[c - begin] = sums.Plus(block[c - begin], sums.Product(x[in_channel], w[c]));
    }
  }
}

// One row of the result. Channels go in blocks whose sums stay on the stack.
template <typename Sums>
void Row(const EvalContext& context, const Sums& sums, const RowsView& data, const RowsView& result,
         int row) {
  constexpr int kBlock = 64;
  const auto& params = context.params<WindowSumParams>();
  const auto options = context.op().options<DepthwiseConvOptions>();
  const Shape& in = data.info->shape;
  const Shape& weights = context.input(1).shape();
  const Shape& out = result.info->shape;
  const int channels = out.dim(3);
  const int multiplier = channels / in.dim(3);
  const auto in_depth = static_cast<std::ptrdiff_t>(in.dim(3));
  const auto* all_weights = context.input(1).as<typename Sums::Weight>();
  auto* y = result.row<typename Sums::Out>(row);
  const Taps down = TapsInside(row, params.pad_h, in.dim(1), weights.dim(1), options.stride_h,
                               options.dilation_h);
  const TapRows<typename Sums::In> x_rows(data, down, options.dilation_h);
  for (std::int32_t column = 0; column < out.dim(2); ++column, y += channels) {
    const Taps across = TapsInside(column, params.pad_w, in.dim(2), weights.dim(2),
                                   options.stride_w, options.dilation_w);
    for (int begin = 0; begin < channels; begin += std::min(kBlock, channels - begin)) {
      const int end = begin + std::min(kBlock, channels - begin);
      typename Sums::Term block[kBlock] = {};
      for (std::int32_t i = down.begin; i < down.end; ++i) {
        const auto* x_row = x_rows[i];
        for (std::int32_t j = across.begin; j < across.end; ++j) {
          const auto* x = x_row + (across.origin + j * options.dilation_w) * in_depth;
          const auto* w =
              all_weights + (static_cast<std::ptrdiff_t>(i) * weights.dim(2) + j) * channels;
          AddTap(sums, block, x, w, begin, end, multiplier);
        }
      }
      for (int c = begin; c < end; ++c) {
        y[c] = sums.Finish(block[c - begin], static_cast<std::size_t>(c));
      }
    }
  }
}

void Run(const EvalContext& context, RowRange rows) {
  WithWeightedSum(context, context.params<WindowSumParams>(), [&](const auto& sums) {
    ForPictureRows(context, rows, [&](const RowsView& in, const RowsView& out, int row) {
      Row(context, sums, in, out, row);
    });
  });
}

}  // namespace

const Kernel kDepthwiseConv2d{OpKind::kDepthwiseConv2d, 1, 7, Prepare, EvaluateAll<Run>,
                              EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
