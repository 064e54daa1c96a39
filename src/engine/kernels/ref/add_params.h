// SPDX-License-Identifier: Apache-2.0
#pragma once

// What ADD and SUB keep for quantised tensors: for kernels that do the same faster.

#include "base/fixed_point.h"
#include "engine/kernels/ref/quantize_params.h"

namespace pinhole::engine::kernels::ref {

// out = clamp(((a - zero) << s) * a + ((b - zero) << s) * b) * out + zero), s = 20 (15 for int16).
struct AddParams {
  base::FixedMultiplier a, b, out;
  IntRange clamp;
};

}  // namespace pinhole::engine::kernels::ref
