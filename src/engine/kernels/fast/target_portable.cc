// SPDX-License-Identifier: Apache-2.0
// The kernels for any processor, in plain C++.
#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_portable.h"
#include "engine/kernels/fast/targets.h"

namespace pinhole::engine::kernels::fast {

constinit const KernelList kPortableKernels = KernelsOf<Portable>();

}  // namespace pinhole::engine::kernels::fast
