// SPDX-License-Identifier: Apache-2.0
// SQUARED_DIFFERENCE: out = (a - b)^2, with broadcasting. Types: float32; int32 (wrapping); int8
// and int16 (zero points 0) with one scale each. Quantised: both inputs are shifted left (7 bits, 0
// for int16), brought to the common scale 2 * max(scale_a, scale_b), subtracted, squared, and
// brought to the output's scale. Source: TensorFlow Lite Micro squared_difference.cc.

#include <algorithm>

#include "base/fixed_point.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct QuantizedParams {
  base::FixedMultiplier a, b, out;
};

constexpr int LeftShift(Type type) { return type == Type::kInt16 ? 0 : 7; }

base::Result<const void*> PrepareQuantized(PrepareContext& context) {
  const Tensor& a = *context.input(0);
  const Tensor& b = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectQuantizedBinary(context));
  PINHOLE_TRY(ExpectInt16Centred(context));
  PINHOLE_ASSIGN(QuantizedParams* const params, context.NewParams<QuantizedParams>());
  const double common = 2.0 * static_cast<double>(std::max(a.scale(), b.scale()));
  const auto unit = static_cast<float>(1 << (2 * LeftShift(out.type)));
  params->a = base::QuantizeMultiplier(static_cast<double>(a.scale()) / common);
  params->b = base::QuantizeMultiplier(static_cast<double>(b.scale()) / common);
  params->out = base::QuantizeMultiplier(common * common / static_cast<double>(unit * out.scale()));
  return static_cast<const void*>(params);
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(Prepared prepared, PrepareBinary(context));
  const Type type = context.output(0)->type;
  switch (type) {
    case Type::kFloat32:
    case Type::kInt32: return prepared;
    case Type::kInt8:
    case Type::kInt16: {
      PINHOLE_ASSIGN(prepared.params, PrepareQuantized(context));
      return prepared;
    }
    default: return context.FailOnType(type, "float32, int8, int16 or int32");
  }
}

template <typename T>
void Plain(const EvalContext& context, RowRange rows) {
  ForEachPair<T>(context, rows, [](T a, T b) {
    const T difference = Difference(a, b);
    return Product(difference, difference);
  });
}

template <typename T>
void Quantized(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<QuantizedParams>();
  const std::int32_t a_zero = context.input(0).info->zero_point;
  const std::int32_t b_zero = context.input(1).info->zero_point;
  const std::int32_t out_zero = context.output(0).info->zero_point;
  constexpr int kShift = LeftShift(TypeOf<T>());
  const IntRange range = TypeRange(TypeOf<T>());
  ForEachPair<T>(context, rows, [&params, a_zero, b_zero, out_zero, range](T a, T b) {
    const std::int32_t x =
        base::MultiplyByQuantizedMultiplier(base::WrapShl(a - a_zero, kShift), params.a);
    const std::int32_t y =
        base::MultiplyByQuantizedMultiplier(base::WrapShl(b - b_zero, kShift), params.b);
    const std::int32_t difference = base::WrapSub(x, y);
    return static_cast<T>(
        Requantize(base::WrapMul(difference, difference), params.out, out_zero, range));
  });
}

void Run(const EvalContext& context, RowRange rows) {
  switch (context.output(0).type()) {
    case Type::kFloat32: Plain<float>(context, rows); return;
    case Type::kInt32: Plain<std::int32_t>(context, rows); return;
    case Type::kInt8: Quantized<std::int8_t>(context, rows); return;
    default: Quantized<std::int16_t>(context, rows); return;
  }
}

}  // namespace

const Kernel kSquaredDifference{OpKind::kSquaredDifference, 1, 3, Prepare, EvaluateAll<Run>,
                                EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
