// SPDX-License-Identifier: Apache-2.0
// SignalPCAN: per-channel automatic gain control. The gain is a function of the channel's noise
// estimate, given as a table; what comes out is gain * signal, small values squared:
//   snr = signal * gain(noise) >> snr_shift        (Q12)
//   y   = snr^2 / 4 for snr < 2, snr - 1 from there (Q6)
// uint32 [n] signal, uint32 [n] noise, int16 [>= 125] table -> uint32 [n].
//
// The table holds the gain at 0 and 1 and then, for each power of two from 2 to 2^31, a parabola in
// the next ten bits of the noise: value, slope, curvature and one unused. Products are cut to 32
// bits where the reference does. Source: Wang et al. 2017 (PCEN); TensorFlow Lite Micro
// signal/src/pcan_argc_fixed.cc.

#include <bit>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr std::int32_t kTableSize = 4 * 32 - 6 + 3;

struct Params {
  std::int32_t snr_shift = 0;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(3, 3, 1));
  const Tensor& in = *context.input(0);
  const Tensor& table = *context.input(2);
  PINHOLE_TRY(ExpectRow(context, in, Type::kUint32));
  PINHOLE_TRY(context.ExpectType(*context.input(1), Type::kUint32));
  PINHOLE_TRY(context.ExpectShape(*context.input(1), in.shape));
  PINHOLE_TRY(ExpectRow(context, table, Type::kInt16));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kUint32));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), in.shape));
  if (table.shape.dim(0) < kTableSize) {
    return context.Fail(base::Error::kMalformed, "a gain table of ", table.shape.dim(0),
                        " entries found, at least ", kTableSize, " expected");
  }
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  PINHOLE_ASSIGN(params->snr_shift, options.Int("snr_shift", 0, 63));
  Prepared prepared;
  prepared.params = params;
  prepared.in_place_inputs = 1;
  return prepared;
}

// |curvature * fraction / 32 + slope * 32| * fraction stays below 2^31 for all table entries.
std::int16_t Gain(std::uint32_t noise, const std::int16_t* table) {
  if (noise <= 2) {
    return table[noise];
  }
  const int interval = static_cast<int>(std::bit_width(noise));
  const std::int16_t* parabola = table + 4 * interval - 6;
  const auto fraction = static_cast<std::int32_t>(
      (interval < 11 ? noise << (11 - interval) : noise >> (interval - 11)) & 0x3FF);
  const std::int32_t slope = ((parabola[2] * fraction) >> 5) + parabola[1] * 32;
  return static_cast<std::int16_t>(((slope * fraction + (1 << 14)) >> 15) + parabola[0]);
}

constexpr std::uint32_t Shrink(std::uint32_t snr) {
  constexpr int kSnrBits = 12;
  constexpr int kOutputBits = 6;
  if (snr < (2U << kSnrBits)) {
    return (snr * snr) >> (2 + 2 * kSnrBits - kOutputBits);
  }
  return (snr >> (kSnrBits - kOutputBits)) - (1U << kOutputBits);
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const std::uint32_t* signal = in.as<std::uint32_t>();
  const std::uint32_t* noise = context.input(1).as<std::uint32_t>();
  const std::int16_t* table = context.input(2).as<std::int16_t>();
  std::uint32_t* y = context.output(0).as<std::uint32_t>();
  const std::int32_t shift = context.params<Params>().snr_shift;
  for (std::size_t i = 0; i < in.size(); ++i) {
    // A negative gain is read as a huge one.
    const auto gain = static_cast<std::uint32_t>(std::int32_t{Gain(noise[i], table)});
    y[i] = Shrink(static_cast<std::uint32_t>((std::uint64_t{signal[i]} * gain) >> shift));
  }
  return {};
}

}  // namespace

const Kernel kSignalPcan{OpKind::kSignalPcan, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
