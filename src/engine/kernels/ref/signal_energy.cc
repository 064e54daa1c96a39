// SPDX-License-Identifier: Apache-2.0
// SignalEnergy: re^2 + im^2 of the bins [start_index, end_index); zero elsewhere (the reference
// leaves those as they were). int16 [2n], real and imaginary part in turn, -> uint32 [n].
// Source: TensorFlow Lite Micro signal/src/energy.cc.

#include <algorithm>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  std::int32_t start = 0, end = 0;  // 0 <= start <= end <= n
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  PINHOLE_TRY(ExpectRow(context, in, Type::kInt16));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kUint32));
  const std::int32_t bins = in.shape.dim(0) / 2;
  if (in.shape.dim(0) % 2 != 0) {
    return context.Fail(base::Error::kMalformed, in.shape.dim(0),
                        " numbers found, an even count (real, imaginary) expected");
  }
  PINHOLE_TRY(context.ExpectShape(*context.output(0), Shape{bins}));
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  PINHOLE_ASSIGN(params->end, options.Int("end_index", 0, bins));
  PINHOLE_ASSIGN(params->start, options.Int("start_index", 0, params->end));
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

constexpr std::uint32_t Square(std::int16_t x) {
  return static_cast<std::uint32_t>(std::int32_t{x} * x);
}

base::Status Evaluate(const EvalContext& context) {
  const Params& params = context.params<Params>();
  const std::int16_t* bins = context.input(0).as<std::int16_t>();
  const TensorView out = context.output(0);
  std::uint32_t* energy = out.as<std::uint32_t>();
  std::fill_n(energy, out.size(), 0U);
  for (auto i = static_cast<std::size_t>(params.start); i < static_cast<std::size_t>(params.end);
       ++i) {
    energy[i] = Square(bins[2 * i]) + Square(bins[2 * i + 1]);
  }
  return {};
}

}  // namespace

const Kernel kSignalEnergy{OpKind::kSignalEnergy, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
