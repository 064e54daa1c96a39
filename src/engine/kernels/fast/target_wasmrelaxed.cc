// SPDX-License-Identifier: Apache-2.0
// The kernels for WebAssembly with relaxed vectors (-msimd128 -mrelaxed-simd).
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

#if defined(__wasm_relaxed_simd__)

#include "engine/kernels/fast/kernels.h"
#include "engine/kernels/fast/simd_wasm.h"

namespace pinhole::engine::kernels::fast {

constinit const KernelList kWasmRelaxedKernels = KernelsOf<WasmRelaxed>();

}  // namespace pinhole::engine::kernels::fast

#endif
