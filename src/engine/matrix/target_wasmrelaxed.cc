// SPDX-License-Identifier: Apache-2.0
#include "engine/matrix/targets.h"

#if defined(__wasm_relaxed_simd__)
#include "engine/kernels/fast/simd_wasm.h"
#include "engine/matrix/kernels.h"

namespace pinhole::engine::matrix {

constinit const Target kWasmRelaxedTarget = TargetOf<kernels::fast::WasmRelaxed>(
    "wasmrelaxed", "WebAssembly with relaxed vectors", [] { return true; });

}  // namespace pinhole::engine::matrix

#endif
