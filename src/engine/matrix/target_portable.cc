// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/simd_portable.h"
#include "engine/matrix/kernels.h"
#include "engine/matrix/targets.h"

namespace pinhole::engine::matrix {

constinit const Target kPortableTarget =
    TargetOf<kernels::fast::Portable>("portable", "any processor", [] { return true; });

}  // namespace pinhole::engine::matrix
