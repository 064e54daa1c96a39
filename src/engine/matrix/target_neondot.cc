// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/cpu.h"
#include "engine/matrix/targets.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#define PINHOLE_NEON_DOT 1
#if defined(__clang__)
#define PINHOLE_TARGET "dotprod"
#else
#define PINHOLE_TARGET "arch=armv8.2-a+dotprod"
#endif
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/simd_neon.h"
#include "engine/matrix/kernels.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kNeonDotTarget = TargetOf<kernels::fast::NeonDot>(
    "neondot", "Armv8.2 dot product instructions", kernels::fast::HasNeonDot);

}  // namespace pinhole::engine::matrix

#endif
