// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/targets.h"

#include <iterator>

#include "engine/kernels/fast/cpu.h"

namespace pinhole::engine::kernels::fast {

namespace {

bool Always() { return true; }

const Target kTargets[] = {
#if defined(__x86_64__) && !defined(PINHOLE_FEW_TARGETS)
    {"avx512amx", "AVX-512 F, BW, DQ, VL and VNNI, and AMX's int8 tiles with the system's permission",
     HasAvx512Amx, kAvx512AmxKernels},
    {"avx512vnni", "AVX-512 F, BW, DQ, VL and VNNI", HasAvx512Vnni, kAvx512VnniKernels},
    {"vnni256", "AVX-512 F, BW, DQ, VL and VNNI", HasAvx512Vnni, kVnni256Kernels},
    {"avxvnni", "AVX2, FMA and AVX-VNNI", HasAvxVnni, kAvxVnniKernels},
#endif
#if defined(__x86_64__)
    {"avx2", "AVX2 and FMA", HasAvx2, kAvx2Kernels},
    {"sse41", "SSE4.1", HasSse41, kSse41Kernels},
#endif
#if defined(__aarch64__)
    {"neondot", "Armv8.2 dot product instructions", HasNeonDot, kNeonDotKernels},
    {"neon", "any AArch64 processor", Always, kNeonKernels},
#endif
#if defined(__wasm_relaxed_simd__)
    {"wasmrelaxed", "WebAssembly with relaxed vectors", Always, kWasmRelaxedKernels},
#endif
#if defined(__wasm_simd128__)
    {"wasm", "WebAssembly with 128-bit vectors", Always, kWasmKernels},
#endif
    {"portable", "any processor", Always, kPortableKernels},
    {"reference", "any processor", Always, ref::kAll},
};

}  // namespace

std::span<const Target> AllTargets() { return kTargets; }

const Target& BestTarget() {
  for (const Target& target : kTargets) {
    if (target.runs_here()) {
      return target;
    }
  }
  return *std::rbegin(kTargets);
}

const Target* FindTarget(std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name == name) {
      return &target;
    }
  }
  return nullptr;
}

}  // namespace pinhole::engine::kernels::fast
