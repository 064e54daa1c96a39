// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/cpu.h"
#include "engine/matrix/targets.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#define PINHOLE_TARGET "avx2,fma,bmi2,avxvnni"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/simd_avx2.h"
#include "engine/matrix/kernels.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kAvxVnniTarget = TargetOf<kernels::fast::Vnni256<true>>(
    "avxvnni", "AVX2, FMA and AVX-VNNI", kernels::fast::HasAvxVnni);

}  // namespace pinhole::engine::matrix

#endif
