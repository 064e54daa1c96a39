// SPDX-License-Identifier: Apache-2.0
// SignalFilterBankLog: y = min(ln(x * 2^input_correction_bits) * output_scale, 32767), 0 for what
// is not above 1. uint32 [n] -> int16 [n]. The product with the power of two is cut to 32 bits.
// Source: TensorFlow Lite Micro signal/src/filter_bank_log.cc.

#include <algorithm>
#include <limits>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_math.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  std::int32_t output_scale = 0;
  std::int32_t correction_bits = 0;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  PINHOLE_TRY(ExpectRow(context, in, Type::kUint32));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kInt16));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), in.shape));
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  PINHOLE_ASSIGN(params->output_scale,
                 options.Int("output_scale", 0, std::numeric_limits<std::int32_t>::max()));
  PINHOLE_ASSIGN(params->correction_bits, options.Int("input_correction_bits", 0, 31));
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

base::Status Evaluate(const EvalContext& context) {
  constexpr std::uint32_t kMax = std::numeric_limits<std::int16_t>::max();
  const Params& params = context.params<Params>();
  const TensorView in = context.input(0);
  const std::uint32_t* x = in.as<std::uint32_t>();
  std::int16_t* y = context.output(0).as<std::int16_t>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint32_t scaled = x[i] << params.correction_bits;
    y[i] = scaled > 1
               ? static_cast<std::int16_t>(std::min(
                     ScaledLog(scaled, static_cast<std::uint32_t>(params.output_scale)), kMax))
               : std::int16_t{0};
  }
  return {};
}

}  // namespace

const Kernel kSignalFilterBankLog{OpKind::kSignalFilterBankLog, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
