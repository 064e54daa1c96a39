// SPDX-License-Identifier: Apache-2.0
// SignalFilterBankSpectralSubtraction: what is constant in each channel is noise and is taken away.
// uint32 [n] -> uint32 [n], and the noise estimate uint32 [n], which is kept from run to run:
//   noise  = (x * 2^smoothing_bits * s + noise * (1 - s)) / 2^spectral_subtraction_bits
//   signal = max(x - noise / 2^smoothing_bits, x * min_signal_remaining)
// s is `smoothing` in even channels and `alternate_smoothing` in odd ones; s, 1 - s and
// min_signal_remaining are options scaled by 2^spectral_subtraction_bits. With `clamping` the
// estimate never stays above the signal. All numbers are cut to 32 bits where the reference does.
// Source: TensorFlow Lite Micro signal/src/filter_bank_spectral_subtraction.cc.

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  std::int32_t smoothing[2] = {};            // even and odd channels
  std::int32_t one_minus_smoothing[2] = {};  // the same
  std::int32_t min_signal_remaining = 0;
  std::int32_t smoothing_bits = 0;             // 0..31
  std::int32_t spectral_subtraction_bits = 0;  // 0..31
  bool clamping = false;
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  PINHOLE_TRY(context.ExpectCounts(1, 1, 2));
  const Tensor& in = *context.input(0);
  PINHOLE_TRY(ExpectRow(context, in, Type::kUint32));
  for (const std::size_t i : {0U, 1U}) {
    PINHOLE_TRY(context.ExpectType(*context.output(i), Type::kUint32));
    PINHOLE_TRY(context.ExpectShape(*context.output(i), in.shape));
  }
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_TRY(options.Int("num_channels", in.shape.dim(0), in.shape.dim(0)));
  PINHOLE_ASSIGN(Params* const p, context.NewParams<Params>());
  PINHOLE_ASSIGN(p->smoothing[0], options.Int("smoothing", 0, kMax));
  PINHOLE_ASSIGN(p->smoothing[1], options.Int("alternate_smoothing", 0, kMax));
  PINHOLE_ASSIGN(p->one_minus_smoothing[0], options.Int("one_minus_smoothing", 0, kMax));
  PINHOLE_ASSIGN(p->one_minus_smoothing[1], options.Int("alternate_one_minus_smoothing", 0, kMax));
  PINHOLE_ASSIGN(p->min_signal_remaining, options.Int("min_signal_remaining", 0, kMax));
  PINHOLE_ASSIGN(p->smoothing_bits, options.Int("smoothing_bits", 0, 31));
  PINHOLE_ASSIGN(p->spectral_subtraction_bits, options.Int("spectral_subtraction_bits", 0, 31));
  PINHOLE_ASSIGN(const std::int32_t clamping, options.Int("clamping", 0, 1));
  p->clamping = clamping != 0;
  Prepared prepared;
  prepared.params = p;
  prepared.state_bytes = in.bytes;
  prepared.in_place_inputs = 1;
  return prepared;
}

// One channel: returns the signal, moves the estimate.
std::uint32_t Subtract(const Params& p, std::size_t parity, std::uint32_t x, std::uint32_t& noise) {
  const std::uint32_t scaled = x << p.smoothing_bits;
  const auto weigh = [](std::uint32_t value, std::int32_t weight) {
    return std::uint64_t{value} * static_cast<std::uint64_t>(weight);
  };
  noise = static_cast<std::uint32_t>(
      (weigh(scaled, p.smoothing[parity]) + weigh(noise, p.one_minus_smoothing[parity])) >>
      p.spectral_subtraction_bits);
  const std::uint32_t taken = std::min(noise, scaled);
  if (p.clamping) {
    noise = taken;
  }
  const auto least =
      static_cast<std::uint32_t>(weigh(x, p.min_signal_remaining) >> p.spectral_subtraction_bits);
  return std::max((scaled - taken) >> p.smoothing_bits, least);
}

base::Status Evaluate(const EvalContext& context) {
  const Params& params = context.params<Params>();
  const TensorView in = context.input(0);
  const std::uint32_t* x = in.as<std::uint32_t>();
  std::uint32_t* y = context.output(0).as<std::uint32_t>();
  auto* noise = reinterpret_cast<std::uint32_t*>(context.state().data());
  for (std::size_t i = 0; i < in.size(); ++i) {
    y[i] = Subtract(params, i % 2, x[i], noise[i]);
  }
  std::memcpy(context.output(1).data, noise, in.size() * sizeof(std::uint32_t));
  return {};
}

}  // namespace

const Kernel kSignalFilterBankSpectralSubtraction{OpKind::kSignalFilterBankSpectralSubtraction, 1,
                                                  1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
