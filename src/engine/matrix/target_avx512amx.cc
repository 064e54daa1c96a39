// SPDX-License-Identifier: Apache-2.0
// AMX beside AVX-512 with VNNI and BF16, which it is but for the products of int8 and bfloat16: the
// templates below are compiled with the very options of target_avx512bf16.cc, so that there is one
// copy of what the two share. Never run on a processor that has it: no such was at hand.
#include "engine/kernels/fast/cpu.h"
#include "engine/matrix/targets.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/kernels/fast/amx_tiles.h"

#define PINHOLE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,fma,avx2,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/matrix/kernels.h"
#include "engine/matrix/simd_avx512bf16.h"
#include "engine/matrix/tiles.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kAvx512AmxTarget = TargetOf<Avx512Bf16, OnTiles<kernels::fast::AmxTiles>>(
    "avx512amx",
    "AVX-512 F, BW, DQ, VL, VNNI and BF16, and AMX's int8 and bf16 tiles with the system's "
    "permission",
    kernels::fast::HasAvx512AmxBf16);

}  // namespace pinhole::engine::matrix

#endif
