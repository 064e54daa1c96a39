// SPDX-License-Identifier: Apache-2.0
// LOGISTIC: y = 1 / (1 + exp(-x)), element by element. Shapes and types: see sigmoid.h. Integer
// outputs have scale 1/256 and zero point -128 (int8), 0 (uint8), or scale 1/32768 (int16).

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/sigmoid.h"

namespace pinhole::engine::kernels::ref {

namespace {

// Beyond these the quotient is 1, or exp(x) itself, to float's precision.
float Logistic(float x) {
  if (x > 16.619047164916992188F) {
    return 1.0F;
  }
  if (x < -9.0F) {
    return std::exp(x);
  }
  return 1.0F / (1.0F + std::exp(-x));
}

std::int32_t Units(std::int32_t argument) {
  return base::RoundingDivideByPot(LogisticFixed<kSigmoidArgumentBits>(argument), 31 - 8) - 128;
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  return PrepareSigmoid(context, {.steps_int8 = 256, .zero_int8 = -128, .max_pot_shift = 0});
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kFloat32: EvaluateElements<float>(context, rows, Logistic); return;
    case Type::kInt8: EvaluateSigmoid<std::int8_t>(context, rows, Units); return;
    case Type::kUint8: EvaluateSigmoid<std::uint8_t>(context, rows, Units); return;
    default: {
      const SigmoidScale scale = context.params<SigmoidParams>().table_scale;
      EvaluateElements<std::int16_t>(context, rows,
                                     [&](std::int16_t x) { return SigmoidInt16(x, scale); });
      return;
    }
  }
}

}  // namespace

const Kernel kLogistic{OpKind::kLogistic, 1, 3, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
