// SPDX-License-Identifier: Apache-2.0
// The kernels for WebAssembly with 128-bit vectors (-msimd128).
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__wasm_simd128__)

#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_wasm.h"

namespace pinhole::engine::kernels::fast {

constinit const KernelList kWasmKernels = KernelsOf<Wasm>();

}  // namespace pinhole::engine::kernels::fast

#endif
