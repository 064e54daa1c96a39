// SPDX-License-Identifier: Apache-2.0
// PRELU: y = x where x >= 0, alpha * x elsewhere. The second input, alpha, is broadcast to the
// first (one slope a channel, as a rule); the output has the first input's shape. Types: float32;
// int8 and uint8 with one scale each. Source: TensorFlow Lite reference_ops::BroadcastPrelu4DSlow,
// prelu_common.cc.

#include "base/fixed_point.h"
#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/quantize_params.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct Params {
  base::FixedMultiplier identity;
  base::FixedMultiplier slope;  // for the product of x and alpha
};

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
  const Tensor& in = *context.input(0);
  const Tensor& alpha = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  if (in.type == Type::kFloat32) {
    return prepared;
  }
  if (in.type != Type::kInt8 && in.type != Type::kUint8) {
    return context.FailOnType(in.type, "float32, int8 or uint8");
  }
  PINHOLE_TRY(ExpectQuantizedBinary(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  const auto in_scale = static_cast<double>(in.scale());
  const auto out_scale = static_cast<double>(out.scale());
  params->identity = base::QuantizeMultiplier(in_scale / out_scale);
  params->slope =
      base::QuantizeMultiplier(in_scale * static_cast<double>(alpha.scale()) / out_scale);
  prepared.params = params;
  return prepared;
}

template <typename T>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<Params>();
  const std::int32_t in_zero = context.input(0).info->zero_point;
  const std::int32_t alpha_zero = context.input(1).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  const IntRange range = TypeRange(context.output(0).type());
  ForEachPair<T>(context, rows, [&](T x, T alpha) {
    const std::int32_t centred = x - in_zero;
    const std::int32_t scaled =
        centred >= 0
            ? base::MultiplyByQuantizedMultiplier(centred, params.identity)
            : base::MultiplyByQuantizedMultiplier(centred * (alpha - alpha_zero), params.slope);
    return static_cast<T>(range.Clamp(base::WrapAdd(scaled, out_zero)));
  });
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.input(0).type()) {
    case Type::kFloat32:
      ForEachPair<float>(context, rows,
                         [](float x, float alpha) { return x >= 0.0F ? x : x * alpha; });
      return;
    case Type::kInt8: Quantized<std::int8_t>(context, rows); return;
    default: Quantized<std::uint8_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kPrelu{OpKind::kPrelu, 1, 1, Prepare, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
