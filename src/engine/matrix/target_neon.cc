// SPDX-License-Identifier: Apache-2.0
#include "engine/matrix/targets.h"

#if defined(__aarch64__)
#include "engine/kernels/fast/simd_neon.h"
#include "engine/matrix/kernels.h"

namespace pinhole::engine::matrix {

constinit const Target kNeonTarget =
    TargetOf<kernels::fast::Neon>("neon", "any AArch64 processor", [] { return true; });

}  // namespace pinhole::engine::matrix

#endif
