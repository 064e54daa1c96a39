// SPDX-License-Identifier: Apache-2.0
#pragma once

// What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED share: an output is a sum of inputs times
// weights, plus a bias, brought to the output's type and clamped.
//
// A WeightedSum type says how that is done for one combination of types; the operators' loops are
// templates over it:
//
//   input    weights   bias          sum                  output
//   float32  float32   float32       float                float32
//   float32  int8      float32       float, times scale   float32   ("hybrid", computed in float)
//   int8     int8      int32         32 bits, wraps       int8      (one scale, or one a channel)
//   uint8    uint8     int32         32 bits, wraps       uint8     (weights have a zero point)
//   int16    int8      int32, int64  32 or 64 bits        int16     (no zero points)
//
// A sum of products of int8 never reaches 32 bits below 65,000 terms; a hostile model's may, and
// wraps. Float sums are kept in eight lanes, so the order of additions differs from the
// reference's: the result does within some units of the last place.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/fixed_point.h"
#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/padding.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

// Worked out by Prepare, kept in the model arena.
struct WeightedSumParams {
  ChannelMultipliers multipliers;  // integer types
  IntRange int_range;              // integer types
  FloatRange float_range;          // float32
};

// Checks types, quantisation and the bias of an operator whose inputs are data, weights and
// perhaps a bias, and whose output has one channel per index of dimension `channel_axis` of the
// weights. Shapes other than the bias' are the operator's business. Fills `params`.
// `product` says how a multiplier is formed where the weights have one scale (uint8: always
// kFloat). Errors: kUnsupported (types, activation), kMalformed (scales, zero points, bias),
// kOutOfMemory.
base::Status PrepareWeightedSum(PrepareContext& context, Activation activation, int channel_axis,
                                ScaleProduct product, WeightedSumParams& params);

// What the convolutions keep: how the window lies at its first place, too.
struct WindowSumParams : WeightedSumParams {
  std::int32_t pad_h = 0, pad_w = 0;  // rows and columns of the first place before the picture
};

// The counts of a convolution's tensors; data and weights are of rank 4. Error: kMalformed.
base::Status ExpectPicturesAndWeights(PrepareContext& context);

// The rest of a convolution's Prepare, after its own shapes agree: lays the weights' window over
// the data, checks that the output's shape is what comes of it, with one channel per index of
// dimension `channel_axis` of the weights, and prepares the sum (PrepareWeightedSum). Options is
// ConvOptions or DepthwiseConvOptions; params is a WindowSumParams.
// Errors: kMalformed (a window that doesn't fit, the output's shape), PrepareWeightedSum's.
template <typename Options>
base::Result<Prepared> PrepareWindowSum(PrepareContext& context, const Options& options,
                                        int channel_axis) {
  const Shape& in = context.input(0)->shape;
  const Shape& weights = context.input(1)->shape;
  const auto fit = [&](int axis, std::int32_t before, std::int32_t after, std::int32_t stride,
                       std::int32_t dilation) {
    return options.padding == Padding::kExplicit
               ? FitPaddedWindow(before, after, in.dim(axis), weights.dim(axis), stride, dilation)
               : FitWindow(options.padding, in.dim(axis), weights.dim(axis), stride, dilation);
  };
  const PaddedEdges& edges = options.edges;
  const auto rows = fit(1, edges.top, edges.bottom, options.stride_h, options.dilation_h);
  const auto columns = fit(2, edges.left, edges.right, options.stride_w, options.dilation_w);
  if (!rows || !columns) {
    return context.Fail(base::Error::kMalformed, "weights of ", weights.dim(1), " x ",
                        weights.dim(2), " do not fit into data of ", in.dim(1), " x ", in.dim(2));
  }
  PINHOLE_TRY(context.ExpectShape(*context.output(0), {in.dim(0), rows->out_size, columns->out_size,
                                                       weights.dim(channel_axis)}));
  PINHOLE_ASSIGN(WindowSumParams* const params, context.NewParams<WindowSumParams>());
  params->pad_h = rows->pad_before;
  params->pad_w = columns->pad_before;
  PINHOLE_TRY(PrepareWeightedSum(context, options.activation, channel_axis, ScaleProduct::kDouble,
                                 *params));
  Prepared prepared;
  prepared.params = params;
  // FitWindow has held the span to 31 bits.
  const std::int32_t span = (weights.dim(1) - 1) * options.dilation_h + 1;
  prepared.rows = RowsOfOnePicture(*context.input(0), *context.output(0),
                                   {span, options.stride_h, rows->pad_before});
  return prepared;
}

// sum of (x - x_zero) * (w - w_zero) over n elements, modulo 2^32. Both are 8 bits wide, so a
// difference fits 16 bits and 2^15 products fit 31: the inner loop can't overflow.
template <typename X, typename W>
inline std::uint32_t DotInt8(const X* x, std::int32_t x_zero, const W* w, std::int32_t w_zero,
                             std::size_t n) {
  static_assert(sizeof(X) == 1 && sizeof(W) == 1);
  constexpr std::size_t kSafe = std::size_t{1} << 15;
  const auto x0 = static_cast<std::int16_t>(x_zero);
  const auto w0 = static_cast<std::int16_t>(w_zero);
  std::uint32_t total = 0;
  while (n > 0) {
    const std::size_t count = std::min(n, kSafe);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += static_cast<std::int16_t>(x[i] - x0) * static_cast<std::int16_t>(w[i] - w0);
    }
    total += static_cast<std::uint32_t>(sum);
    x += count;
    w += count;
    n -= count;
  }
  return total;
}

// float32 data; W is float, or std::int8_t with a scale for each channel (or one for all).
template <typename W>
struct FloatSum {
  using In = float;
  using Weight = W;
  using Out = float;
  using Term = float;  // one channel of a depthwise sum
  struct Sum {
    float lanes[8] = {};
  };

  const float* bias = nullptr;  // null: none
  const Tensor* weights = nullptr;
  FloatRange range;

  FloatSum(const EvalContext& context, const WeightedSumParams& params)
      : bias(context.input(2) ? context.input(2).template as<float>() : nullptr),
        weights(context.input(1).info),
        range(params.float_range) {}

  static void Accumulate(Sum& sum, const In* x, const Weight* w, std::size_t n) {
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) {
        sum.lanes[lane] += x[i + lane] * static_cast<float>(w[i + lane]);
      }
    }
    for (; i < n; ++i) {
      sum.lanes[i % 8] += x[i] * static_cast<float>(w[i]);
    }
  }
  static Term Product(In x, Weight w) { return x * static_cast<float>(w); }
  static Term Plus(Term a, Term b) { return a + b; }

  [[nodiscard]] Out Finish(const Sum& sum, std::size_t channel) const {
    const float* l = sum.lanes;
    return Finish(((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7])), channel);
  }
  [[nodiscard]] Out Finish(Term sum, std::size_t channel) const {
    if constexpr (!std::is_same_v<W, float>) {
      sum *= weights->channel_scale(channel);
    }
    return range.Clamp(bias != nullptr ? sum + bias[channel] : sum);
  }
};

// int8 with int8, uint8 with uint8.
template <typename T>
struct QuantizedSum {
  using In = T;
  using Weight = T;
  using Out = T;
  using Term = std::uint32_t;
  using Sum = std::uint32_t;

  const std::int32_t* bias = nullptr;
  const WeightedSumParams* params = nullptr;
  std::int16_t in_zero = 0, weight_zero = 0;
  std::int32_t out_zero = 0;

  QuantizedSum(const EvalContext& context, const WeightedSumParams& prepared)
      : bias(context.input(2) ? context.input(2).template as<std::int32_t>() : nullptr),
        params(&prepared),
        in_zero(static_cast<std::int16_t>(context.input(0).info->zero_point)),
        weight_zero(static_cast<std::int16_t>(context.input(1).info->zero_point)),
        out_zero(context.output(0).info->zero_point) {}

  void Accumulate(Sum& sum, const In* x, const Weight* w, std::size_t n) const {
    sum += DotInt8(x, in_zero, w, weight_zero, n);
  }
  [[nodiscard]] Term Product(In x, Weight w) const {
    return static_cast<Term>(static_cast<std::int16_t>(x - in_zero) *
                             static_cast<std::int16_t>(w - weight_zero));
  }
  static Term Plus(Term a, Term b) { return a + b; }

  [[nodiscard]] Out Finish(Sum sum, std::size_t channel) const {
    const auto biased = static_cast<std::int32_t>(
        sum + (bias != nullptr ? static_cast<std::uint32_t>(bias[channel]) : 0U));
    return static_cast<Out>(
        Requantize(biased, params->multipliers.at(channel), out_zero, params->int_range));
  }
};

// int16 data with int8 weights. Wide is the bias' type and the sum's: 32 bits, where sums wrap as
// the reference's do, or 64.
template <typename Wide>
struct Int16Sum {
  using In = std::int16_t;
  using Weight = std::int8_t;
  using Out = std::int16_t;
  using Term = std::make_unsigned_t<Wide>;
  using Sum = Term;

  const Wide* bias = nullptr;
  const WeightedSumParams* params = nullptr;

  Int16Sum(const EvalContext& context, const WeightedSumParams& prepared)
      : bias(context.input(2) ? context.input(2).template as<Wide>() : nullptr),
        params(&prepared) {}

  static void Accumulate(Sum& sum, const In* x, const Weight* w, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      sum += Product(x[i], w[i]);
    }
  }
  static Term Product(In x, Weight w) { return static_cast<Term>(static_cast<Wide>(x * w)); }
  static Term Plus(Term a, Term b) { return a + b; }

  [[nodiscard]] Out Finish(Sum sum, std::size_t channel) const {
    const Term biased = sum + (bias != nullptr ? static_cast<Term>(bias[channel]) : Term{0});
    const base::FixedMultiplier multiplier = params->multipliers.at(channel);
    if constexpr (sizeof(Wide) == 4) {
      return static_cast<Out>(
          Requantize(static_cast<std::int32_t>(biased), multiplier, 0, params->int_range));
    } else {
      return static_cast<Out>(params->int_range.Clamp(MultiplyWide(biased, multiplier)));
    }
  }

  // A 64-bit sum times a multiplier that is first rounded to 16 bits, rounded half up; what the
  // reference does in place of the double rounding. Prepare holds shift to [-31, 7].
  static std::int32_t MultiplyWide(std::uint64_t sum, base::FixedMultiplier multiplier) {
    const std::int32_t reduced =
        multiplier.fraction < 0x7FFF0000 ? (multiplier.fraction + (1 << 15)) >> 16 : 0x7FFF;
    const int right = 15 - multiplier.shift;
    const std::uint64_t product =
        sum * static_cast<std::uint64_t>(reduced) + (std::uint64_t{1} << (right - 1));
    return static_cast<std::int32_t>(static_cast<std::int64_t>(product) >> right);
  }
};

// Calls body with the WeightedSum for the operator's types, which Prepare has checked.
template <typename Body>
void WithWeightedSum(const EvalContext& context, const WeightedSumParams& params,
                     const Body& body) {
  switch (context.input(0).type()) {
    case Type::kFloat32:
      if (context.input(1).type() == Type::kFloat32) {
        body(FloatSum<float>(context, params));
      } else {
        body(FloatSum<std::int8_t>(context, params));
      }
      return;
    case Type::kInt8: body(QuantizedSum<std::int8_t>(context, params)); return;
    case Type::kUint8: body(QuantizedSum<std::uint8_t>(context, params)); return;
    default:
      if (context.input(2) && context.input(2).type() == Type::kInt32) {
        body(Int16Sum<std::int32_t>(context, params));
      } else {
        body(Int16Sum<std::int64_t>(context, params));
      }
      return;
  }
}

}  // namespace pinhole::engine::kernels::ref
