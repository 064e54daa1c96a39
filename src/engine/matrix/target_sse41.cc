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

#define PINHOLE_TARGET "sse4.1"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/simd_sse41.h"
#include "engine/matrix/kernels.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::matrix {

constinit const Target kSse41Target =
    TargetOf<kernels::fast::Sse41>("sse41", "SSE4.1", kernels::fast::HasSse41);

}  // namespace pinhole::engine::matrix

#endif
