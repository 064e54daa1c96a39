// SPDX-License-Identifier: Apache-2.0
// SOFTMAX: exp(beta * x) over its sum along the last dimension; any other dimensions, the output's
// shape is the input's. Types: float32; int8 and uint8 to the same type with the quantised range
// [0, 1) spread over 256 steps (int8 also to int16, over 65536). Integers are computed in fixed
// point, see fixed_point_math.h. Source: TensorFlow Lite reference_ops::Softmax and
// softmax_common.cc.

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/kernels/ref/fixed_point_math.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr int kDiffBits = 5;  // differences to the largest input are Q5
constexpr int kSumBits = 12;  // sums of exponentials are Q12

struct Params {
  base::FixedMultiplier multiplier;  // input units to Q5, beta included
  std::int32_t diff_min = 0;         // below this the exponential counts as 0
};

// beta * scale as a multiplier to Q5. It is capped at 2^31 - 1, whose shift is 31: one more than
// base::QuantizeMultiplier forms, and harmless as no difference but 0 is within the radius then.
void SetMultiplier(Params& params, double beta, double in_scale) {
  constexpr double kLargest = 2147483647.0;
  const double real = beta * in_scale * static_cast<double>(1 << (31 - kDiffBits));
  if (real >= kLargest) {
    params.multiplier = {std::numeric_limits<std::int32_t>::max(), 31};
  } else if (real >= static_cast<double>(1 << 30)) {
    params.multiplier = base::QuantizeMultiplier(real / 2);
    ++params.multiplier.shift;
  } else {
    params.multiplier = base::QuantizeMultiplier(real);
  }
  params.diff_min = -InputRadius(kDiffBits, params.multiplier.shift);
}

base::Status CheckQuantization(PrepareContext& context, const Tensor& in, const Tensor& out,
                               float beta) {
  PINHOLE_TRY(context.ExpectPerTensor(in));
  PINHOLE_TRY(context.ExpectPerTensor(out));
  if (!(beta > 0.0F)) {
    return context.Fail(base::Error::kUnsupported,
                        "beta is not above 0, which integer types are computed for");
  }
  const bool wide = out.type == Type::kInt16;
  const float scale = wide ? 1.0F / 65536.0F : 1.0F / 256.0F;
  const std::int32_t zero_point = out.type == Type::kUint8 ? 0 : wide ? -32768 : -128;
  if (std::abs(out.scale() - scale) > 0.001F * scale || out.zero_point != zero_point) {
    return context.Fail(base::Error::kMalformed, "output has zero point ", out.zero_point,
                        " or another scale than 1/", wide ? 65536 : 256, ", zero point ",
                        zero_point, " and that scale expected");
  }
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  const bool same_type = in.type == out.type && (in.type == Type::kFloat32 ||
                                                 in.type == Type::kInt8 || in.type == Type::kUint8);
  if (!same_type && !(in.type == Type::kInt8 && out.type == Type::kInt16)) {
    return context.Fail(base::Error::kUnsupported, TypeName(in.type), " to ", TypeName(out.type),
                        " found; float32, int8 or uint8 to the same type, or int8 to int16 "
                        "expected");
  }
  const float beta = context.op().options<SoftmaxOptions>().beta;
  if (!std::isfinite(beta)) {
    return context.Fail(base::Error::kMalformed, "beta is not a finite number");
  }
  Prepared prepared;
  prepared.in_place_inputs = same_type ? 1 : 0;
  if (in.type != Type::kFloat32) {
    PINHOLE_TRY(CheckQuantization(context, in, out, beta));
    PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
    SetMultiplier(*params, static_cast<double>(beta), static_cast<double>(in.scale()));
    prepared.params = params;
  }
  return prepared;
}

// x and y may be the same: each element is read for the last time before it is written.
void FloatRow(const float* x, float* y, std::size_t depth, float beta) {
  float largest = std::numeric_limits<float>::lowest();
  for (std::size_t c = 0; c < depth; ++c) {
    largest = std::max(largest, x[c]);
  }
  float sum = 0.0F;
  for (std::size_t c = 0; c < depth; ++c) {
    y[c] = std::exp((x[c] - largest) * beta);
    sum += y[c];
  }
  for (std::size_t c = 0; c < depth; ++c) {
    y[c] /= sum;
  }
}

template <typename In, typename Out>
void FixedRow(const Params& params, const In* x, Out* y, std::size_t depth) {
  In largest = std::numeric_limits<In>::min();
  for (std::size_t c = 0; c < depth; ++c) {
    largest = std::max(largest, x[c]);
  }
  const auto exponential = [&](std::int32_t diff) {
    return ExpOnNegative<kDiffBits>(base::MultiplyByQuantizedMultiplier(diff, params.multiplier));
  };
  // Saturates at 4096 times the largest; beyond 512 all shares round to zero already.
  std::int32_t sum = 0;
  for (std::size_t c = 0; c < depth; ++c) {
    const std::int32_t diff = x[c] - largest;
    if (diff >= params.diff_min) {
      const std::int32_t share = base::RoundingDivideByPot(exponential(diff), kSumBits);
      sum = sum > std::numeric_limits<std::int32_t>::max() - share
                ? std::numeric_limits<std::int32_t>::max()
                : sum + share;
    }
  }
  // 1 / sum is taken of the mantissa; the exponent joins the final shift. The largest input itself
  // gives the sum one, so it isn't zero.
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
  const auto mantissa = static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) -
                                                  (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = OneOverOnePlus(mantissa);
  const int right = kSumBits - headroom + 31 - static_cast<int>(sizeof(Out) * 8);
  for (std::size_t c = 0; c < depth; ++c) {
    const std::int32_t diff = x[c] - largest;
    std::int32_t units = 0;
    if (diff >= params.diff_min && right <= 31) {
      units = base::RoundingDivideByPot(
          base::SaturatingRoundingDoublingHighMul(reciprocal, exponential(diff)), right);
    }
    constexpr std::int32_t kLow = std::numeric_limits<Out>::min();
    constexpr std::int32_t kHigh = std::numeric_limits<Out>::max();
    y[c] = static_cast<Out>(std::clamp(units + kLow, kLow, kHigh));
  }
}

template <typename Body>
void ForRows(const EvalContext& context, const Body& body) {
  const auto depth = static_cast<std::size_t>(context.input(0).shape().FromBack(0));
  const auto rows = static_cast<int>(context.input(0).size() / depth);
  context.ForRanges(rows, [&](int begin, int end) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      body(row * depth, depth);
    }
  });
}

template <typename In, typename Out>
void Fixed(const EvalContext& context) {
  const In* x = context.input(0).as<In>();
  Out* y = context.output(0).as<Out>();
  ForRows(context, [&](std::size_t at, std::size_t depth) {
    FixedRow(context.params<Params>(), x + at, y + at, depth);
  });
}

base::Status Evaluate(const EvalContext& context) {
  switch (context.input(0).type()) {
    case Type::kFloat32: {
      const float* x = context.input(0).as<float>();
      float* y = context.output(0).as<float>();
      const float beta = context.op().options<SoftmaxOptions>().beta;
      ForRows(context,
              [&](std::size_t at, std::size_t depth) { FloatRow(x + at, y + at, depth, beta); });
      return {};
    }
    case Type::kUint8: Fixed<std::uint8_t, std::uint8_t>(context); return {};
    default:
      if (context.output(0).type() == Type::kInt16) {
        Fixed<std::int8_t, std::int16_t>(context);
      } else {
        Fixed<std::int8_t, std::int8_t>(context);
      }
      return {};
  }
}

}  // namespace

const Kernel kSoftmax{OpKind::kSoftmax, 1, 3, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
