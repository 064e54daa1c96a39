// SPDX-License-Identifier: Apache-2.0
#pragma once

// What LOGISTIC and TANH share: element-wise functions that level off on both sides. Any shape, the
// output's is the input's.
//
// Types: float32; int8 and uint8 in fixed point with a Q4 argument (fixed_point_math.h), where
// inputs beyond the radius give the end of the range; int16 by table (sigmoid_table.h), without
// zero points. The output's quantisation is fixed: the function's range spread over the type's.
// Source: TensorFlow Lite logistic_common.cc, tanh.cc, reference_integer_ops.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/fixed_point_math.h"
#include "engine/kernels/ref/rows.h"
#include "engine/kernels/ref/sigmoid_table.h"

namespace pinhole::engine::kernels::ref {

inline constexpr int kSigmoidArgumentBits = 4;

struct SigmoidParams {
  base::FixedMultiplier multiplier;  // int8, uint8: input units to Q4
  std::int32_t radius = 0;           // int8, uint8: at or beyond it the result is the range's end
  SigmoidScale table_scale;          // int16
};

struct SigmoidOutput {
  int steps_int8;          // units of an int8 output in 1
  std::int32_t zero_int8;  // its zero point; uint8's is 128 more
  int max_pot_shift;       // int16: inputs in Q3.12 up to Q(3 + this) take the table's short way
};

// Checks types, shapes and quantisation; the output may take the input's place.
// Errors: kUnsupported (types, scales beyond the tables), kMalformed.
base::Result<Prepared> PrepareSigmoid(PrepareContext& context, const SigmoidOutput& output);

// int8 and uint8. `units` turns the Q4 argument into int8 units of the output, before clamping.
template <typename T, typename Units>
void EvaluateSigmoid(const EvalContext& context, RowRange rows, const Units& units) {
  const auto& params = context.params<SigmoidParams>();
  const std::int32_t zero_point = context.input(0).info->zero_point;
  constexpr std::int32_t kOffset = std::numeric_limits<T>::min() + 128;  // from int8 to T
  ForElements<T, T>(context, rows, [&](const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::int32_t centred = x[i] - zero_point;
      std::int32_t value = 127;
      if (centred <= -params.radius) {
        value = -128;
      } else if (centred < params.radius) {
        value = std::clamp(units(base::MultiplyByQuantizedMultiplier(centred, params.multiplier)),
                           -128, 127);
      }
      y[i] = static_cast<T>(value + kOffset);
    }
  });
}

// y = function(x) for each element of a type that needs no parameters.
template <typename T, typename Function>
void EvaluateElements(const EvalContext& context, RowRange rows, const Function& function) {
  ForElements<T, T>(context, rows, [&](const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = function(x[i]);
    }
  });
}

}  // namespace pinhole::engine::kernels::ref
