// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Prepare works out once for quantised operators: the clamp that a fused activation asks for,
// and the multipliers that bring a sum of products to the output's scale.
//
// A convolution's sum has the scale in * weights[c]; times in * weights[c] / out it has the
// output's. Whether that ratio is formed in float or in double decides the last bit of the
// multiplier, so ScaleProduct says which and follows the reference. Multipliers are kept as four
// bytes of fraction and one of shift, one pair a channel or a single pair for all, in the model
// arena. Results of Prepare only: nothing here runs per element but ChannelMultipliers::at.
// Source: TensorFlow Lite kernel_util.cc (PopulateConvolutionQuantizationParams,
// GetQuantizedConvolutionMultipler, CalculateActivationRangeQuantized).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "base/fixed_point.h"
#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels::ref {

struct FloatRange {
  float low = std::numeric_limits<float>::lowest();
  float high = std::numeric_limits<float>::max();

  // NaN stays NaN; an infinity becomes the largest float where there is no activation.
  [[nodiscard]] float Clamp(float value) const { return std::min(std::max(value, low), high); }
};

struct IntRange {
  std::int32_t low = 0, high = 0;  // low <= high

  [[nodiscard]] std::int32_t Clamp(std::int32_t value) const {
    return std::min(std::max(value, low), high);
  }
};

// The clamp in real numbers. Error: kUnsupported for TANH and SIGN_BIT, which are no clamps.
inline base::Result<FloatRange> FloatActivationRange(PrepareContext& context,
                                                     Activation activation) {
  switch (activation) {
    case Activation::kNone: return FloatRange{};
    case Activation::kRelu: return FloatRange{0.0F, std::numeric_limits<float>::max()};
    case Activation::kReluN1To1: return FloatRange{-1.0F, 1.0F};
    case Activation::kRelu6: return FloatRange{0.0F, 6.0F};
    case Activation::kTanh:
    case Activation::kSignBit: break;
  }
  return context.Fail(base::Error::kUnsupported, "fused activation ",
                      activation == Activation::kTanh ? "TANH" : "SIGN_BIT",
                      " found; none, RELU, RELU_N1_TO_1 or RELU6 expected");
}

// The integer type's whole range; {0, 0} for types that aren't 8 or 16 bits wide.
constexpr IntRange TypeRange(Type type) {
  switch (type) {
    case Type::kInt8: return {-128, 127};
    case Type::kUint8: return {0, 255};
    case Type::kInt16: return {-32768, 32767};
    case Type::kUint16: return {0, 65535};
    default: return {};
  }
}

// `value` in the units of a tensor with this scale and zero point, rounded half away from zero;
// saturates at 32 bits. The division is in float, as in the reference.
inline std::int32_t QuantizeReal(float value, float scale, std::int32_t zero_point) {
  const double units = static_cast<double>(std::round(value / scale)) + zero_point;
  return static_cast<std::int32_t>(std::clamp<double>(
      units, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

// The clamp in the output's units: the type's range, cut down to the activation's. `out` is of 8 or
// 16 bits and has one scale. Error: as FloatActivationRange.
inline base::Result<IntRange> QuantizedActivationRange(PrepareContext& context,
                                                       Activation activation, const Tensor& out) {
  PINHOLE_ASSIGN(const FloatRange real, FloatActivationRange(context, activation));
  IntRange range = TypeRange(out.type);
  if (activation != Activation::kNone) {
    range.low = std::max(range.low, QuantizeReal(real.low, out.scale(), out.zero_point));
  }
  if (activation != Activation::kNone && activation != Activation::kRelu) {
    range.high = std::min(range.high, QuantizeReal(real.high, out.scale(), out.zero_point));
  }
  return range;
}

// One multiplier for each output channel, or one for all of them.
struct ChannelMultipliers {
  const std::int32_t* fractions = nullptr;
  const std::int8_t* shifts = nullptr;
  bool per_channel = false;

  [[nodiscard]] base::FixedMultiplier at(std::size_t channel) const {
    const std::size_t i = per_channel ? channel : 0;
    return {fractions[i], shifts[i]};
  }
};

// `weights` have one scale, or one for each index of dimension `axis`. Error: kMalformed.
inline base::Status ExpectScalesAlong(PrepareContext& context, const Tensor& weights, int axis) {
  const auto channels = static_cast<std::size_t>(weights.shape.dim(axis));
  if (weights.scale_count == 1 || (weights.scale_count == channels && weights.axis == axis)) {
    return {};
  }
  return context.Fail(base::Error::kMalformed, "weights '", weights.name(), "' have ",
                      weights.scale_count, " scales along dimension ", weights.axis, "; one, or ",
                      channels, " along dimension ", axis, " expected");
}

// How input scale times weights scale is formed before the division by the output's, in double:
// in double where weights have a scale per channel and in all convolutions of int8 and int16;
// rounded to float first in uint8 operators and in FULLY_CONNECTED with one scale.
enum class ScaleProduct : std::uint8_t { kDouble, kFloat };

inline base::FixedMultiplier SumMultiplier(float in, float weights, float out,
                                           ScaleProduct product) {
  const double scale = product == ScaleProduct::kFloat
                           ? static_cast<double>(in * weights)
                           : static_cast<double>(in) * static_cast<double>(weights);
  return base::QuantizeMultiplier(scale / static_cast<double>(out));
}

// Checks the scales of input, weights and output and forms the multipliers. `axis` is the dimension
// of `weights` that counts output channels: several scales must run along it, one for each, and are
// then multiplied in double whatever `product` says.
// Errors: kMalformed (a scale missing, or not as many as channels), kOutOfMemory.
inline base::Result<ChannelMultipliers> MakeChannelMultipliers(PrepareContext& context,
                                                               const Tensor& in,
                                                               const Tensor& weights, int axis,
                                                               ScaleProduct product,
                                                               const Tensor& out) {
  PINHOLE_TRY(context.ExpectPerTensor(in));
  PINHOLE_TRY(context.ExpectPerTensor(out));
  PINHOLE_TRY(ExpectScalesAlong(context, weights, axis));
  const std::size_t count = weights.scale_count;
  PINHOLE_ASSIGN(const std::span<std::int32_t> fractions,
                 context.arena().Make<std::int32_t>(count));
  PINHOLE_ASSIGN(const std::span<std::int8_t> shifts, context.arena().Make<std::int8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const base::FixedMultiplier multiplier = SumMultiplier(
        in.scale(), weights.scales[i], out.scale(), count > 1 ? ScaleProduct::kDouble : product);
    fractions[i] = multiplier.fraction;
    shifts[i] = static_cast<std::int8_t>(multiplier.shift);
  }
  return ChannelMultipliers{fractions.data(), shifts.data(), count > 1};
}

// A sum brought to the output's scale and zero point, and clamped. Defined for every input.
inline std::int32_t Requantize(std::int32_t sum, base::FixedMultiplier multiplier,
                               std::int32_t zero_point, IntRange range) {
  return range.Clamp(
      base::WrapAdd(base::MultiplyByQuantizedMultiplier(sum, multiplier), zero_point));
}

}  // namespace pinhole::engine::kernels::ref
