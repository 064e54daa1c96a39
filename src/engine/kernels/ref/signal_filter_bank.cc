// SPDX-License-Identifier: Apache-2.0
// SignalFilterBank: energies of a spectrum gathered into overlapping triangular bands (mel).
// uint32 [bins] -> uint64 [num_channels].
//
// Each bin counts for two neighbours: with `weights` for the band whose triangle falls there and
// with `unweights` for the next. So num_channels + 1 stretches of the spectrum are walked, the
// first of which only feeds the first channel's rising edge:
//   channel[i] = sum over stretch i+1 of weights * energy + sum over stretch i of unweights *
//   energy
// Constant int16 inputs: weights and unweights [any]; per stretch its first bin, its first weight
// and its width [num_channels + 1]. Sums are modulo 2^64, a negative weight counts so too.
// Source: TensorFlow Lite Micro signal/src/filter_bank.cc.

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

enum Input : std::size_t { kEnergy, kWeights, kUnweights, kFirstBins, kFirstWeights, kWidths };

// Every stretch lies inside the spectrum and inside the weights.
base::Status CheckStretches(PrepareContext& context, std::int32_t bins, std::int32_t weights) {
  const std::span<const std::int16_t> first_bins =
      context.input(kFirstBins)->constant<std::int16_t>();
  const auto first_weights = context.input(kFirstWeights)->constant<std::int16_t>();
  const auto widths = context.input(kWidths)->constant<std::int16_t>();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::int32_t width = widths[i];
    if (width < 0 || first_bins[i] < 0 || first_bins[i] + width > bins || first_weights[i] < 0 ||
        first_weights[i] + width > weights) {
      return context.Fail(base::Error::kMalformed, "stretch ", i, " of width ", width, " at bin ",
                          first_bins[i], " and weight ", first_weights[i], " leads out of ", bins,
                          " bins or ", weights, " weights");
    }
  }
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(6, 6, 1));
  PINHOLE_TRY(ExpectRow(context, *context.input(kEnergy), Type::kUint32));
  for (const std::size_t i : {kWeights, kUnweights, kFirstBins, kFirstWeights, kWidths}) {
    PINHOLE_TRY(ExpectRow(context, *context.input(i), Type::kInt16));
    PINHOLE_TRY(ExpectConstant(context, *context.input(i), "table"));
  }
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(const std::int32_t channels, options.Int("num_channels", 1, 32767));
  for (const std::size_t i : {kFirstBins, kFirstWeights, kWidths}) {
    PINHOLE_TRY(context.ExpectShape(*context.input(i), Shape{channels + 1}));
  }
  PINHOLE_TRY(context.ExpectShape(*context.input(kUnweights), context.input(kWeights)->shape));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kUint64));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), Shape{channels}));
  PINHOLE_TRY(CheckStretches(context, context.input(kEnergy)->shape.dim(0),
                             context.input(kWeights)->shape.dim(0)));
  return Prepared{};
}

constexpr std::uint64_t Product(std::int16_t weight, std::uint32_t energy) {
  return static_cast<std::uint64_t>(std::int64_t{weight}) * energy;
}

base::Status Evaluate(const EvalContext& context) {
  const std::int16_t* first_bins = context.input(kFirstBins).as<std::int16_t>();
  const std::int16_t* first_weights = context.input(kFirstWeights).as<std::int16_t>();
  const std::int16_t* widths = context.input(kWidths).as<std::int16_t>();
  const TensorView out = context.output(0);
  std::uint64_t* channels = out.as<std::uint64_t>();
  std::uint64_t carried = 0;  // the rising edge of the next channel
  for (std::size_t i = 0; i <= out.size(); ++i) {
    const std::uint32_t* energy = context.input(kEnergy).as<std::uint32_t>() + first_bins[i];
    const std::int16_t* falling = context.input(kWeights).as<std::int16_t>() + first_weights[i];
    const std::int16_t* rising = context.input(kUnweights).as<std::int16_t>() + first_weights[i];
    std::uint64_t sum = carried;
    carried = 0;
    for (std::int32_t k = 0; k < widths[i]; ++k) {
      sum += Product(falling[k], energy[k]);
      carried += Product(rising[k], energy[k]);
    }
    if (i > 0) {
      channels[i - 1] = sum;
    }
  }
  return {};
}

}  // namespace

const Kernel kSignalFilterBank{OpKind::kSignalFilterBank, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
