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

#define PINHOLE_TARGET "avx2,fma,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/simd_avx2.h"
#include "engine/matrix/kernels.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kAvx2Target =
    TargetOf<kernels::fast::Avx2>("avx2", "AVX2 and FMA", kernels::fast::HasAvx2);

}  // namespace pinhole::engine::matrix

#endif
