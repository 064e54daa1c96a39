// SPDX-License-Identifier: Apache-2.0
// The kernels for AMX beside AVX-512 with VNNI, which they are but for CONV_2D and FULLY_CONNECTED:
// the templates below are compiled with the very options of target_avx512vnni.cc, so that there is
// one copy of what the two share. Everything that is no template over the target is included before
// the pragma: it is compiled for any processor.
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/kernels/fast/amx_tiles.h"

#define PINHOLE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2,bmi2"
// clang-format off: the order matters
#include "engine/kernels/fast/target_begin.h"
#include "engine/kernels/fast/amx.h"
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_avx512.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::kernels::fast {

namespace {

template <class Simd, Finish kFinish>
using AmxProduct = TileProduct<Simd, AmxTiles, kFinish>;

}  // namespace

constinit const KernelList kAvx512AmxKernels = KernelsOf<Avx512Vnni, AmxProduct>();

}  // namespace pinhole::engine::kernels::fast

#endif
