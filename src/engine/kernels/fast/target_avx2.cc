// SPDX-License-Identifier: Apache-2.0
// The kernels for AVX2 with FMA. Everything that is no template over the target is included
// before the pragma: it is compiled for any processor.
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#define PINHOLE_TARGET "avx2,fma,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_avx2.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::kernels::fast {

constinit const KernelList kAvx2Kernels = KernelsOf<Avx2>();

}  // namespace pinhole::engine::kernels::fast

#endif
