// SPDX-License-Identifier: Apache-2.0
// The kernels for any AArch64 processor.
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__aarch64__)

#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_neon.h"

namespace pinhole::engine::kernels::fast {

constinit const KernelList kNeonKernels = KernelsOf<Neon>();

}  // namespace pinhole::engine::kernels::fast

#endif
