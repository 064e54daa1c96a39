// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/sigmoid.h"

#include "engine/kernels/ref/prepare_activation.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Status CheckOutput(PrepareContext& context, const Tensor& out, const SigmoidOutput& output) {
  const int steps = out.type == Type::kInt16 ? 32768 : output.steps_int8;
  const std::int32_t zero_point = out.type == Type::kInt16  ? 0
                                  : out.type == Type::kInt8 ? output.zero_int8
                                                            : output.zero_int8 + 128;
  const float scale = 1.0F / static_cast<float>(steps);
  if (std::abs(out.scale() - scale) > 0.001F * scale || out.zero_point != zero_point) {
    return context.Fail(base::Error::kMalformed, "output has zero point ", out.zero_point,
                        " or another scale than 1/", steps, "; zero point ", zero_point,
                        " and that scale expected");
  }
  return {};
}

void SetFixed(SigmoidParams& params, float scale) {
  const double real = std::ldexp(static_cast<double>(scale), 31 - kSigmoidArgumentBits);
  int shift = 0;
  std::frexp(real, &shift);
  params.multiplier = base::QuantizeMultiplier(real);
  // Where the shift is above 30 and the multiplier has saturated, the radius is 0.
  params.radius = InputRadius(kSigmoidArgumentBits, shift);
}

// The table's fine units are 1/12288. A power of two near Q3.12 is a multiplication by three;
// another scale becomes 15 bits of multiplier and a shift. The powers of two are told in float, to
// a thousandth of an octave.
base::Status SetTableScale(PrepareContext& context, SigmoidParams& params, float scale,
                           int max_pot_shift) {
  const float octaves = std::log(scale) * (1.0F / std::log(2.0F));
  const float whole = std::round(octaves);
  const float above_q3 = whole + 12.0F;
  if (std::abs(octaves - whole) < 1e-3F && above_q3 >= 0.0F &&
      above_q3 <= static_cast<float>(max_pot_shift)) {
    params.table_scale = {3 << static_cast<int>(above_q3), 0};
    return {};
  }
  double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
  if (multiplier > 32767.0) {
    return context.Fail(base::Error::kUnsupported,
                        "int16 input with a scale above 2.66, at most that expected");
  }
  int shift = 0;
  for (; multiplier <= 32767.0 / 2.0 && shift < 30; ++shift) {
    multiplier *= 2.0;
  }
  params.table_scale = {static_cast<std::int32_t>(multiplier), shift};
  return {};
}

}  // namespace

base::Result<Prepared> PrepareSigmoid(PrepareContext& context, const SigmoidOutput& output) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareActivation(context));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  if (in.type == Type::kFloat32) {
    return prepared;
  }
  PINHOLE_TRY(CheckOutput(context, out, output));
  PINHOLE_ASSIGN(SigmoidParams* const params, context.NewParams<SigmoidParams>());
  prepared.params = params;
  if (in.type != Type::kInt16) {
    SetFixed(*params, in.scale());
    return prepared;
  }
  if (in.zero_point != 0) {
    return context.Fail(base::Error::kMalformed, "int16 input with zero point ", in.zero_point,
                        ", 0 expected");
  }
  PINHOLE_TRY(SetTableScale(context, *params, in.scale(), output.max_pot_shift));
  return prepared;
}

}  // namespace pinhole::engine::kernels::ref
