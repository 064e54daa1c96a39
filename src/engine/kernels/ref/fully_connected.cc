// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED: weights [units, depth] times data whose elements are cut into batches of
// `depth`, perhaps plus a bias of `units` elements; result [..., units], of which only the last
// dimension and the number of elements are looked at (keep_num_dims decides the others). Types: see
// weighted_sum.h. Source: TensorFlow Lite reference_ops::FullyConnected,
// reference_integer_ops::FullyConnected and FullyConnectedPerChannel.

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 3, 1));
  const auto options = context.op().options<FullyConnectedOptions>();
  if (options.shuffled_weights) {
    return context.Fail(base::Error::kUnsupported,
                        "weights are in the shuffled 4x16 format, the default format expected");
  }
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  const Shape& weights = context.input(1)->shape;
  if (weights.rank() != 2) {
    return context.Fail(base::Error::kMalformed, "weights of rank ", weights.rank(),
                        " found, 2 expected");
  }
  const auto units = static_cast<std::size_t>(weights.dim(0));
  const auto depth = static_cast<std::size_t>(weights.dim(1));
  const std::size_t elements = in.shape.element_count();
  if (elements % depth != 0) {
    return context.Fail(base::Error::kMalformed, "data of ", elements,
                        " elements found, a multiple of the weights' ", depth, " expected");
  }
  if (out.shape.element_count() != elements / depth * units ||
      out.shape.FromBack(0) != weights.dim(0)) {
    return context.Fail(base::Error::kMalformed, "output of ", out.shape.element_count(),
                        " elements with last dimension ", out.shape.FromBack(0), " found, ",
                        elements / depth * units, " and ", units, " expected");
  }
  PINHOLE_ASSIGN(WeightedSumParams* const params, context.NewParams<WeightedSumParams>());
  PINHOLE_TRY(PrepareWeightedSum(context, options.activation, 0, ScaleProduct::kFloat, *params));
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

// Units [begin, end) of all batches: each thread reads its own part of the weights.
template <typename Sums>
void Units(const EvalContext& context, const Sums& sums, int begin, int end) {
  const Shape& weights = context.input(1).shape();
  const auto units = static_cast<std::size_t>(weights.dim(0));
  const auto depth = static_cast<std::size_t>(weights.dim(1));
  const std::size_t batches = context.input(0).size() / depth;
  const auto* x = context.input(0).as<typename Sums::In>();
  const auto* w = context.input(1).as<typename Sums::Weight>();
  auto* y = context.output(0).as<typename Sums::Out>();
  for (std::size_t batch = 0; batch < batches; ++batch) {
    for (auto unit = static_cast<std::size_t>(begin); unit < static_cast<std::size_t>(end);
         ++unit) {
      typename Sums::Sum sum{};
      sums.Accumulate(sum, x + batch * depth, w + unit * depth, depth);
      y[batch * units + unit] = sums.Finish(sum, unit);
    }
  }
}

base::Status Evaluate(const EvalContext& context) {
  WithWeightedSum(context, context.params<WeightedSumParams>(), [&](const auto& sums) {
    context.ForRanges(context.input(1).shape().dim(0),
                      [&](int begin, int end) { Units(context, sums, begin, end); });
  });
  return {};
}

}  // namespace

const Kernel kFullyConnected{OpKind::kFullyConnected, 1, 14, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
