// SPDX-License-Identifier: Apache-2.0
// The kernels for AArch64 with the dot product instructions. Everything that is no template over
// the target is included before the pragma: it is compiled for any processor.
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include <algorithm>
#include <cstring>
#include <span>
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
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_neon.h"
#include "engine/kernels/fast/target_end.h"
// clang-format on

namespace pinhole::engine::kernels::fast {

constinit const KernelList kNeonDotKernels = KernelsOf<NeonDot>();

}  // namespace pinhole::engine::kernels::fast

#endif
