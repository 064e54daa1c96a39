// SPDX-License-Identifier: Apache-2.0
#include "engine/matrix/targets.h"

#if defined(__wasm_simd128__)
#include "engine/kernels/fast/simd_wasm.h"
#include "engine/matrix/kernels.h"

namespace pinhole::engine::matrix {

constinit const Target kWasmTarget =
    TargetOf<kernels::fast::Wasm>("wasm", "WebAssembly with 128-bit vectors", [] { return true; });

}  // namespace pinhole::engine::matrix

#endif
