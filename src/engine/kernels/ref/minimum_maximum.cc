// SPDX-License-Identifier: Apache-2.0
// MINIMUM and MAXIMUM, with broadcasting. Types: float32, int8, uint8, int16, int32, int64.
// Quantised values are compared as they are: the quantisation specification wants inputs and output
// to share scale and zero point. A NaN as the first input gives the second. Source: TensorFlow Lite
// reference maximum_minimum.h.

#include "engine/kernels/ref/broadcast.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_ASSIGN(const Prepared prepared, PrepareBinary(context));
  const Type type = context.output(0)->type;
  switch (type) {
    case Type::kFloat32:
    case Type::kInt8:
    case Type::kUint8:
    case Type::kInt16:
    case Type::kInt32:
    case Type::kInt64: return prepared;
    default: return context.FailOnType(type, "float32, int8, uint8, int16, int32 or int64");
  }
}

template <typename T, bool kLarger>
void Pick(const EvalContext& context, RowRange rows) {
  ForEachPair<T>(context, rows, [](T a, T b) {
    if constexpr (kLarger) {
      return a > b ? a : b;
    } else {
      return a < b ? a : b;
    }
  });
}

template <bool kLarger>
void Run(const EvalContext& context, RowRange rows) {
  switch (context.output(0).type()) {
    case Type::kFloat32: Pick<float, kLarger>(context, rows); return;
    case Type::kInt8: Pick<std::int8_t, kLarger>(context, rows); return;
    case Type::kUint8: Pick<std::uint8_t, kLarger>(context, rows); return;
    case Type::kInt16: Pick<std::int16_t, kLarger>(context, rows); return;
    case Type::kInt32: Pick<std::int32_t, kLarger>(context, rows); return;
    default: Pick<std::int64_t, kLarger>(context, rows); return;
  }
}

}  // namespace

const Kernel kMinimum{OpKind::kMinimum,        1, 4, Prepare, EvaluateAll<Run<false>>,
                      EvaluateSome<Run<false>>};
const Kernel kMaximum{OpKind::kMaximum,       1, 4, Prepare, EvaluateAll<Run<true>>,
                      EvaluateSome<Run<true>>};

}  // namespace pinhole::engine::kernels::ref
