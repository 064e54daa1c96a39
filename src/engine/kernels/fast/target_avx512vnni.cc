// SPDX-License-Identifier: Apache-2.0
// The kernels for AVX-512 with VNNI. Everything that is no template over the target is included
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

#define PINHOLE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_avx512.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::kernels::fast {

constinit const KernelList kAvx512VnniKernels = KernelsOf<Avx512Vnni>();

}  // namespace pinhole::engine::kernels::fast

#endif
