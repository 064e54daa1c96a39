// SPDX-License-Identifier: Apache-2.0
// SVDF: a dense layer over the last `memory` inputs, its weights factored into a feature part and a
// time part, `rank` pairs a unit. For every filter r: push dot(feature[r], x) to the end of its
// memory; then output[unit] = activation(bias[unit] + sum over its filters of dot(time[r],
// memory)). Input [batch, in]; feature weights [filters, in]; time weights [filters, memory]; bias
// [units] or left out; state, a variable of [batch, filters * memory]; output [batch, units],
// filters = units * rank.
//
// Types: float32; int8 with int8 feature weights, int32 bias, and time weights and state both int8
// or both int16. Integers: the pushed value is rescaled to the state's scale and saturated; the
// fused activation is taken as part of the output's quantisation and not applied.
// Source: Alvarez and Park 2017; TensorFlow Lite Micro micro/kernels/svdf_common.cc.

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/fixed_point.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::ref {

namespace {

enum Input : std::size_t { kData, kFeature, kTime, kBias, kState };

struct Params {
  base::FixedMultiplier to_state, to_output;  // integer types
  FloatRange range;                           // float32
};

struct Sizes {
  std::size_t batch, in, filters, memory, rank;
};

Sizes SizesOf(const Operator& op, const Shape& data, const Shape& time) {
  return {static_cast<std::size_t>(data.dim(0)), static_cast<std::size_t>(data.dim(1)),
          static_cast<std::size_t>(time.dim(0)), static_cast<std::size_t>(time.dim(1)),
          static_cast<std::size_t>(op.options<SvdfOptions>().rank)};
}

base::Status CheckShapes(PrepareContext& context) {
  for (const std::size_t i : {kData, kFeature, kTime}) {
    if (context.input(i)->shape.rank() != 2) {
      return context.Fail(base::Error::kMalformed, "input ", i, " has ",
                          context.input(i)->shape.rank(), " dimensions, 2 expected");
    }
  }
  const Shape& data = context.input(kData)->shape;
  const Shape& time = context.input(kTime)->shape;
  const std::int32_t rank = context.op().options<SvdfOptions>().rank;
  if (rank < 1 || time.dim(0) % rank != 0) {
    return context.Fail(base::Error::kMalformed, time.dim(0), " filters of rank ", rank,
                        " found, a multiple of a rank of at least 1 expected");
  }
  const std::int32_t units = time.dim(0) / rank;
  PINHOLE_TRY(context.ExpectShape(*context.input(kFeature), {time.dim(0), data.dim(1)}));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), {data.dim(0), units}));
  if (const Tensor* const bias = context.input(kBias); bias != nullptr) {
    PINHOLE_TRY(context.ExpectShape(*bias, {units}));
  }
  const Tensor& state = *context.input(kState);
  const std::uint64_t wanted =
      static_cast<std::uint64_t>(data.dim(0)) * static_cast<std::uint64_t>(time.element_count());
  if (!state.is_variable || state.is_constant() || state.shape.element_count() != wanted) {
    return context.Fail(base::Error::kMalformed, "state '", state.name(), "' has ",
                        state.shape.element_count(), " elements",
                        state.is_variable ? "" : " and is no variable", "; a variable of ", wanted,
                        " expected");
  }
  return {};
}

base::Status CheckTypes(PrepareContext& context) {
  const Type type = context.input(kData)->type;
  const bool is_float = type == Type::kFloat32;
  const Type time = context.input(kTime)->type;
  if (!is_float && (type != Type::kInt8 || (time != Type::kInt8 && time != Type::kInt16))) {
    return context.Fail(base::Error::kUnsupported, "type ", TypeName(type), " with time weights ",
                        TypeName(time),
                        " found; float32, or int8 with int8 or int16 time weights expected");
  }
  PINHOLE_TRY(context.ExpectType(*context.input(kFeature), type));
  PINHOLE_TRY(context.ExpectType(*context.input(kTime), is_float ? Type::kFloat32 : time));
  PINHOLE_TRY(context.ExpectType(*context.input(kState), is_float ? Type::kFloat32 : time));
  PINHOLE_TRY(context.ExpectType(*context.output(0), type));
  if (const Tensor* const bias = context.input(kBias); bias != nullptr) {
    return context.ExpectType(*bias, is_float ? Type::kFloat32 : Type::kInt32);
  }
  return {};
}

base::Status SetMultipliers(PrepareContext& context, Params& params) {
  for (const std::size_t i : {kData, kFeature, kTime, kState}) {
    PINHOLE_TRY(context.ExpectPerTensor(*context.input(i)));
  }
  PINHOLE_TRY(context.ExpectPerTensor(*context.output(0)));
  for (const std::size_t i : {kFeature, kTime}) {
    if (context.input(i)->zero_point != 0) {
      return context.Fail(base::Error::kUnsupported, "weights '", context.input(i)->name(),
                          "' have zero point ", context.input(i)->zero_point, ", 0 expected");
    }
  }
  const auto scale = [&context](std::size_t i) { return context.input(i)->scale(); };
  // In float, as the reference.
  params.to_state =
      base::QuantizeMultiplier(static_cast<double>(scale(kData) * scale(kFeature) / scale(kState)));
  params.to_output = base::QuantizeMultiplier(
      static_cast<double>(scale(kState) * scale(kTime) / context.output(0)->scale()));
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  if (context.input_count() != 5 || context.output_count() != 1) {
    return context.Fail(base::Error::kMalformed, context.input_count(), " inputs and ",
                        context.output_count(), " outputs found, 5 and 1 expected");
  }
  for (const std::size_t i : {kData, kFeature, kTime, kState}) {
    if (context.input(i) == nullptr) {
      return context.Fail(base::Error::kMalformed, "input ", i, " is left out, but it is needed");
    }
  }
  PINHOLE_TRY(CheckTypes(context));
  PINHOLE_TRY(CheckShapes(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  if (context.input(kData)->type == Type::kFloat32) {
    const Activation activation = context.op().options<SvdfOptions>().activation;
    PINHOLE_ASSIGN(params->range, FloatActivationRange(context, activation));
  } else {
    PINHOLE_TRY(SetMultipliers(context, *params));
  }
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

// Float arithmetic of one filter and one unit.
struct FloatSvdf {
  using Data = float;
  using State = float;
  using Bias = float;
  using Sum = float;

  const Params& params;

  explicit FloatSvdf(const EvalContext& context) : params(context.params<Params>()) {}

  [[nodiscard]] float Feature(const float* x, const float* w, std::size_t n) const {
    return Filtered(x, w, n);
  }
  [[nodiscard]] float Filtered(const float* x, const float* w, std::size_t n) const {
    float sum = 0.0F;
    for (std::size_t i = 0; i < n; ++i) {
      sum += w[i] * x[i];
    }
    return sum;
  }
  [[nodiscard]] float Finish(float sum) const { return params.range.Clamp(sum); }
};

// S is the state's type. Sums wrap at 32 bits.
template <typename S>
struct IntegerSvdf {
  using Data = std::int8_t;
  using State = S;
  using Bias = std::int32_t;
  using Sum = std::uint32_t;

  const Params& params;
  std::int32_t data_zero, state_zero, out_zero;

  explicit IntegerSvdf(const EvalContext& context)
      : params(context.params<Params>()),
        data_zero(context.input(kData).info->zero_point),
        state_zero(context.input(kState).info->zero_point),
        out_zero(context.output(0).info->zero_point) {}

  // Saturated before the zero point is added, which may wrap: so does the reference.
  [[nodiscard]] S Feature(const std::int8_t* x, const std::int8_t* w, std::size_t n) const {
    const auto sum = static_cast<std::int32_t>(DotInt8(x, data_zero, w, 0, n));
    const std::int32_t value =
        std::clamp<std::int32_t>(base::MultiplyByQuantizedMultiplier(sum, params.to_state),
                                 std::numeric_limits<S>::min(), std::numeric_limits<S>::max());
    return static_cast<S>(state_zero + value);
  }
  [[nodiscard]] std::uint32_t Filtered(const S* memory, const S* w, std::size_t n) const {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += static_cast<std::uint32_t>(std::int64_t{w[i]} * (memory[i] - state_zero));
    }
    return sum;
  }
  [[nodiscard]] std::int8_t Finish(std::uint32_t sum) const {
    return static_cast<std::int8_t>(Requantize(static_cast<std::int32_t>(sum), params.to_output,
                                               out_zero, TypeRange(Type::kInt8)));
  }
};

template <typename Arithmetic>
void Run(const EvalContext& context) {
  using Data = typename Arithmetic::Data;
  using State = typename Arithmetic::State;
  using Sum = typename Arithmetic::Sum;
  const Arithmetic arithmetic(context);
  const Sizes sizes =
      SizesOf(context.op(), context.input(kData).shape(), context.input(kTime).shape());
  const Data* feature = context.input(kFeature).as<Data>();
  const State* time = context.input(kTime).as<State>();
  const auto* bias =
      context.input(kBias) ? context.input(kBias).as<typename Arithmetic::Bias>() : nullptr;
  State* memory = context.input(kState).as<State>();
  Data* y = context.output(0).as<Data>();
  for (std::size_t b = 0; b < sizes.batch; ++b) {
    const Data* x = context.input(kData).as<Data>() + b * sizes.in;
    for (std::size_t unit = 0; unit < sizes.filters / sizes.rank; ++unit) {
      Sum sum = bias != nullptr ? static_cast<Sum>(bias[unit]) : Sum{0};
      for (std::size_t r = unit * sizes.rank; r < (unit + 1) * sizes.rank; ++r) {
        std::memmove(memory, memory + 1, (sizes.memory - 1) * sizeof(State));
        memory[sizes.memory - 1] = arithmetic.Feature(x, feature + r * sizes.in, sizes.in);
        sum += arithmetic.Filtered(memory, time + r * sizes.memory, sizes.memory);
        memory += sizes.memory;
      }
      *y++ = arithmetic.Finish(sum);
    }
  }
}

base::Status Evaluate(const EvalContext& context) {
  switch (context.input(kTime).type()) {
    case Type::kFloat32: Run<FloatSvdf>(context); return {};
    case Type::kInt8: Run<IntegerSvdf<std::int8_t>>(context); return {};
    default: Run<IntegerSvdf<std::int16_t>>(context); return {};
  }
}

}  // namespace

const Kernel kSvdf{OpKind::kSvdf, 1, 4, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
