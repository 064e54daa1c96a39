// SPDX-License-Identifier: Apache-2.0
// AVERAGE_POOL_2D: the mean of the window's elements that lie inside the picture; integers are
// rounded to nearest, halves away from zero. Shapes and types: see pooling.h.

#include "engine/kernels/ref/pooling.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

namespace {

struct FloatMean {
  using Sum = float;
  Sum begin = 0.0F;
  FloatRange range;

  static Sum Add(Sum sum, float x) { return sum + x; }
  [[nodiscard]] float Finish(Sum sum, int count) const {
    return range.Clamp(sum / static_cast<float>(count));
  }
};

// A sum of int8 fits 32 bits for windows of up to 16 million elements; beyond it wraps.
template <typename T>
struct IntMean {
  using Sum = std::int32_t;
  Sum begin = 0;
  IntRange range;

  static Sum Add(Sum sum, T x) { return base::WrapAdd(sum, x); }
  [[nodiscard]] T Finish(Sum sum, int count) const {
    const int half = count / 2;
    const Sum mean = (sum > 0 ? base::WrapAdd(sum, half) : base::WrapSub(sum, half)) / count;
    return static_cast<T>(range.Clamp(mean));
  }
};

void Run(const EvalContext& context, RowRange rows) {
  const auto& params = context.params<PoolParams>();
  switch (context.input(0).type()) {
    case Type::kFloat32: Pool<float>(context, rows, FloatMean{0.0F, params.float_range}); return;
    case Type::kInt8:
      Pool<std::int8_t>(context, rows, IntMean<std::int8_t>{0, params.int_range});
      return;
    case Type::kUint8:
      Pool<std::uint8_t>(context, rows, IntMean<std::uint8_t>{0, params.int_range});
      return;
    default: Pool<std::int16_t>(context, rows, IntMean<std::int16_t>{0, params.int_range}); return;
  }
}

}  // namespace

const Kernel kAveragePool2d{OpKind::kAveragePool2d, 1, 3, PreparePool, EvaluateAll<Run>,
                            EvaluateSome<Run>};

}  // namespace pinhole::engine::kernels::ref
