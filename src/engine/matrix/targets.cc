// SPDX-License-Identifier: Apache-2.0
#include "engine/matrix/targets.h"

namespace pinhole::engine::matrix {

namespace {

constinit const Target* const kTargets[] = {
#if defined(__x86_64__) && !defined(PINHOLE_FEW_TARGETS)
    &kAvx512AmxTarget,   &kAvx512Bf16Target, &kAvx512VnniTarget, &kAvxVnniTarget,
#endif
#if defined(__x86_64__)
    &kAvx2Target,        &kSse41Target,
#endif
#if defined(__aarch64__)
    &kNeonDotTarget,     &kNeonTarget,
#endif
#if defined(__wasm_relaxed_simd__)
    &kWasmRelaxedTarget,
#endif
#if defined(__wasm_simd128__)
    &kWasmTarget,
#endif
    &kPortableTarget,
};

}  // namespace

std::span<const Target* const> AllTargets() { return kTargets; }

const Target& BestTarget() {
  for (const Target* target : kTargets) {
    if (target->runs_here()) {
      return *target;
    }
  }
  return kPortableTarget;
}

const Target* FindTarget(std::string_view name) {
  if (name == "reference") {
    return &kPortableTarget;
  }
  for (const Target* target : kTargets) {
    if (target->name == name) {
      return target;
    }
  }
  return nullptr;
}

}  // namespace pinhole::engine::matrix
