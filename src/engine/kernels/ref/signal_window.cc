// SPDX-License-Identifier: Apache-2.0
// SignalWindow: y = saturate(x * w >> shift), the frame of samples times a window (Hann). int16
// [..., n] and int16 [n]; the output is shaped like the input, whose every n samples are windowed
// anew. Option: shift. Source: TensorFlow Lite Micro signal/src/window.cc.

#include <algorithm>
#include <limits>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  std::int32_t shift = 0;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& window = *context.input(1);
  PINHOLE_TRY(context.ExpectType(in, Type::kInt16));
  PINHOLE_TRY(ExpectRow(context, window, Type::kInt16));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kInt16));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), in.shape));
  if (in.shape.FromBack(0) % window.shape.dim(0) != 0) {
    return context.Fail(base::Error::kMalformed, "rows of ", in.shape.FromBack(0),
                        " samples found, a multiple of the window's ", window.shape.dim(0),
                        " expected");
  }
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  PINHOLE_ASSIGN(params->shift, options.Int("shift", 0, 31));
  Prepared prepared;
  prepared.params = params;
  prepared.in_place_inputs = 1;
  return prepared;
}

base::Status Evaluate(const EvalContext& context) {
  constexpr std::int32_t kLow = std::numeric_limits<std::int16_t>::min();
  constexpr std::int32_t kHigh = std::numeric_limits<std::int16_t>::max();
  const TensorView in = context.input(0);
  const TensorView window = context.input(1);
  const std::int16_t* x = in.as<std::int16_t>();
  const std::int16_t* w = window.as<std::int16_t>();
  std::int16_t* y = context.output(0).as<std::int16_t>();
  const std::int32_t shift = context.params<Params>().shift;
  for (std::size_t begin = 0; begin < in.size(); begin += window.size()) {
    for (std::size_t i = 0; i < window.size(); ++i) {
      const std::int32_t product = (std::int32_t{x[begin + i]} * w[i]) >> shift;
      y[begin + i] = static_cast<std::int16_t>(std::clamp(product, kLow, kHigh));
    }
  }
  return {};
}

}  // namespace

const Kernel kSignalWindow{OpKind::kSignalWindow, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
