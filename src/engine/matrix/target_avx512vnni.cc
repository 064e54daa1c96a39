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

#define PINHOLE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/simd_avx512.h"
#include "engine/matrix/kernels.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kAvx512VnniTarget = TargetOf<kernels::fast::Avx512Vnni>(
    "avx512vnni", "AVX-512 F, BW, DQ, VL and VNNI", kernels::fast::HasAvx512Vnni);

}  // namespace pinhole::engine::matrix

#endif
