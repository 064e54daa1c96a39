// SPDX-License-Identifier: Apache-2.0
// SignalFftAutoScale: the frame times the largest power of two that keeps it inside 16 bits, so
// that the fixed-point transform has bits to lose. int16 [n] -> int16 [n] and the power, int32 [].
// Source: TensorFlow Lite Micro signal/src/fft_auto_scale.cc and max_abs.cc.

#include <bit>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 2));
  const Tensor& in = *context.input(0);
  PINHOLE_TRY(ExpectRow(context, in, Type::kInt16));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kInt16));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), in.shape));
  PINHOLE_TRY(context.ExpectType(*context.output(1), Type::kInt32));
  PINHOLE_TRY(context.ExpectShape(*context.output(1), Shape{}));
  Prepared prepared;
  prepared.in_place_inputs = 1;
  return prepared;
}

// The largest |x|, kept in 16 bits as the reference does: |-32768| is stored as -32768, which the
// next larger sample replaces. A frame with that sample may thus be scaled by what follows it, and
// wrap.
std::int16_t LargestMagnitude(const std::int16_t* x, std::size_t n) {
  std::int16_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] > largest) {
      largest = x[i];
    } else if (-x[i] > largest) {
      largest = static_cast<std::int16_t>(-x[i]);
    }
  }
  return largest;
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const std::int16_t* x = in.as<std::int16_t>();
  std::int16_t* y = context.output(0).as<std::int16_t>();
  const std::int16_t largest = LargestMagnitude(x, in.size());
  // Silence and the sample -32768 stay as they are.
  const int bits =
      largest > 0 ? 15 - static_cast<int>(std::bit_width(static_cast<std::uint16_t>(largest))) : 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    y[i] = static_cast<std::int16_t>(x[i] * (1 << bits));
  }
  *context.output(1).as<std::int32_t>() = bits;
  return {};
}

}  // namespace

const Kernel kSignalFftAutoScale{OpKind::kSignalFftAutoScale, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
