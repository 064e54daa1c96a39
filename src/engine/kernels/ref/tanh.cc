// SPDX-License-Identifier: Apache-2.0
// TANH: y = tanh(x), element by element. Shapes and types: see sigmoid.h. Integer outputs have
// scale 1/128 and zero point 0 (int8), 128 (uint8), or scale 1/32768 (int16).

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/sigmoid.h"

namespace pinhole::engine::kernels::ref {

namespace {

std::int32_t Units(std::int32_t argument) {
  return base::RoundingDivideByPot(TanhFixed<kSigmoidArgumentBits>(argument), 31 - 7);
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  return PrepareSigmoid(context, {.steps_int8 = 128, .zero_int8 = 0, .max_pot_shift = 1});
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kFloat32:
      EvaluateElements<float>(context, rows, [](float x) { return std::tanh(x); });
      return;
    case Type::kInt8: EvaluateSigmoid<std::int8_t>(context, rows, Units); return;
    case Type::kUint8: EvaluateSigmoid<std::uint8_t>(context, rows, Units); return;
    default: {
      const SigmoidScale scale = context.params<SigmoidParams>().table_scale;
      EvaluateElements<std::int16_t>(context, rows,
                                     [&](std::int16_t x) { return TanhInt16(x, scale); });
      return;
    }
  }
}

}  // namespace

const Kernel kTanh{OpKind::kTanh, 1, 3, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
