// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/weighted_sum.h"

#include <cmath>

namespace pinhole::engine::kernels::ref {

namespace {

base::Status CheckTypes(PrepareContext& context, const Tensor& in, const Tensor& weights,
                        const Tensor& out) {
  PINHOLE_TRY(context.ExpectType(out, in.type));
  const bool known =
      (in.type == Type::kFloat32 &&
       (weights.type == Type::kFloat32 || weights.type == Type::kInt8)) ||
      ((in.type == Type::kInt8 || in.type == Type::kUint8) && weights.type == in.type) ||
      (in.type == Type::kInt16 && weights.type == Type::kInt8);
  if (!known) {
    return context.Fail(base::Error::kUnsupported, TypeName(in.type), " data with ",
                        TypeName(weights.type),
                        " weights found; float32 with float32 or int8, int8 with int8, uint8 with "
                        "uint8, or int16 with int8 expected");
  }
  return {};
}

base::Status CheckBias(PrepareContext& context, const Tensor& in, std::size_t channels) {
  const Tensor* bias = context.input(2);
  if (bias == nullptr) {
    return {};
  }
  const Type expected = in.type == Type::kFloat32 ? Type::kFloat32 : Type::kInt32;
  if (in.type != Type::kInt16 || bias->type != Type::kInt64) {
    PINHOLE_TRY(context.ExpectType(*bias, expected));
  }
  if (bias->shape.element_count() != channels) {
    return context.Fail(base::Error::kMalformed, "bias '", bias->name(), "' has ",
                        bias->shape.element_count(), " elements, one for each of ", channels,
                        " output channels expected");
  }
  return {};
}

// The sum is formed as if the bias had the scale in * weights; where it says that it has another,
// and the difference counts, the model would run to wrong results.
base::Status CheckBiasScale(PrepareContext& context, const Tensor& in, const Tensor& weights,
                            const Tensor& out) {
  const Tensor* bias = context.input(2);
  if (bias == nullptr || bias->scale_count != 1) {
    return {};
  }
  const double product = static_cast<double>(in.scale()) * static_cast<double>(weights.scale());
  const double off = std::abs(product - static_cast<double>(bias->scale()));
  if (off / static_cast<double>(out.scale()) > 0.02) {
    return context.Fail(base::Error::kMalformed, "bias '", bias->name(),
                        "' has another scale than input scale times weights scale");
  }
  return {};
}

base::Status CheckZeroPoints(PrepareContext& context, const Tensor& in, const Tensor& weights,
                             const Tensor& out) {
  if (weights.type == Type::kInt8 && weights.zero_point != 0) {
    return context.Fail(base::Error::kUnsupported, "weights '", weights.name(),
                        "' are int8 with zero point ", weights.zero_point, ", 0 expected");
  }
  if (in.type == Type::kInt16 && (in.zero_point != 0 || out.zero_point != 0)) {
    return context.Fail(base::Error::kMalformed, "int16 data with zero points ", in.zero_point,
                        " (input) and ", out.zero_point, " (output), 0 expected");
  }
  return {};
}

// 64-bit sums are shifted by 15 - shift places.
base::Status CheckWideShifts(PrepareContext& context, const ChannelMultipliers& multipliers,
                             std::size_t channels) {
  for (std::size_t i = 0; i < channels; ++i) {
    if (multipliers.at(i).shift > 7) {
      return context.Fail(base::Error::kUnsupported, "channel ", i,
                          ": input scale times weights scale over output scale is 128 or more");
    }
  }
  return {};
}

}  // namespace

base::Status ExpectPicturesAndWeights(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 3, 1));
  const Shape& in = context.input(0)->shape;
  const Shape& weights = context.input(1)->shape;
  if (in.rank() != 4 || weights.rank() != 4) {
    return context.Fail(base::Error::kMalformed, "data of rank ", in.rank(),
                        " and weights of rank ", weights.rank(), " found, 4 and 4 expected");
  }
  return {};
}

base::Status PrepareWeightedSum(PrepareContext& context, Activation activation, int channel_axis,
                                ScaleProduct product, WeightedSumParams& params) {
  const Tensor& in = *context.input(0);
  const Tensor& weights = *context.input(1);
  const Tensor& out = *context.output(0);
  const auto channels = static_cast<std::size_t>(weights.shape.dim(channel_axis));
  PINHOLE_TRY(CheckTypes(context, in, weights, out));
  PINHOLE_TRY(CheckBias(context, in, channels));
  PINHOLE_TRY(CheckZeroPoints(context, in, weights, out));
  if (in.type == Type::kFloat32) {
    if (weights.type == Type::kInt8) {
      PINHOLE_TRY(ExpectScalesAlong(context, weights, channel_axis));
    }
    PINHOLE_ASSIGN(params.float_range, FloatActivationRange(context, activation));
    return {};
  }
  if (in.type == Type::kUint8) {
    PINHOLE_TRY(context.ExpectPerTensor(weights));
    product = ScaleProduct::kFloat;
  }
  PINHOLE_ASSIGN(params.multipliers,
                 MakeChannelMultipliers(context, in, weights, channel_axis, product, out));
  if (product == ScaleProduct::kFloat && weights.scale_count == 1) {
    PINHOLE_TRY(CheckBiasScale(context, in, weights, out));
  }
  if (in.type == Type::kInt16) {
    PINHOLE_TRY(CheckWideShifts(context, params.multipliers, channels));
  }
  PINHOLE_ASSIGN(params.int_range, QuantizedActivationRange(context, activation, out));
  return {};
}

}  // namespace pinhole::engine::kernels::ref
