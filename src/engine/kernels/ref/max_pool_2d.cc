// SPDX-License-Identifier: Apache-2.0
// MAX_POOL_2D: the largest of the window's elements that lie inside the picture. Shapes and types:
// see pooling.h.

#include <limits>

#include "engine/kernels/ref/pooling.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

template <typename T, typename Range>
struct Largest {
  using Sum = T;
  Range range;
  Sum begin = std::numeric_limits<T>::lowest();

  static Sum Add(Sum sum, T x) { return std::max(sum, x); }
  [[nodiscard]] T Finish(Sum sum, int /*count*/) const { return static_cast<T>(range.Clamp(sum)); }
};

void Run(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<PoolParams>();
  switch (context.input(0).type()) {
    case Type::kFloat32:
      Pool<float>(context, rows, Largest<float, FloatRange>{params.float_range});
      return;
    case Type::kInt8:
      Pool<std::int8_t>(context, rows, Largest<std::int8_t, IntRange>{params.int_range});
      return;
    case Type::kUint8:
      Pool<std::uint8_t>(context, rows, Largest<std::uint8_t, IntRange>{params.int_range});
      return;
    default:
      Pool<std::int16_t>(context, rows, Largest<std::int16_t, IntRange>{params.int_range});
      return;
  }
}

}  // namespace

const Kernel kMaxPool2d{OpKind::kMaxPool2d, 1, 3, PreparePool, EvaluateAll<Run>, EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
