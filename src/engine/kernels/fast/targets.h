// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instruction sets that this build has kernels for, and which of them this processor runs.
//
//   const fast::Target& target = fast::BestTarget();
//   Session::Load(file, arena, {.kernels = target.kernels}, why);
//
// A target is chosen once, when a model is loaded: its kernels pack the weights as they read them.
// All targets give the same integers as the reference kernels, to the bit; floats differ by the
// order of additions only.

#include <span>
#include <string_view>
#include <type_traits>

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/all.h"

namespace pinhole::engine::kernels::fast {

using KernelList = std::remove_const_t<decltype(ref::kAll)>;

// Defined by target_*.cc; AllTargets has those of this build.
extern const KernelList kAvx512AmxKernels;
extern const KernelList kAvx512VnniKernels;
extern const KernelList kVnni256Kernels;
extern const KernelList kAvxVnniKernels;
extern const KernelList kAvx2Kernels;
extern const KernelList kSse41Kernels;
extern const KernelList kPortableKernels;
extern const KernelList kNeonDotKernels;
extern const KernelList kNeonKernels;
extern const KernelList kWasmRelaxedKernels;
extern const KernelList kWasmKernels;

struct Target {
  std::string_view name;     // "avx512vnni"
  std::string_view needs;    // of the processor, for people
  bool (*runs_here)();       // asks the processor, and the system where it has to permit
  std::span<const Kernel* const> kernels;  // of all operators
};

// Fastest first; the last one is "reference", which runs everywhere.
std::span<const Target> AllTargets();
// The first that runs here.
const Target& BestTarget();
// By name, whether it runs here or not; null where there is no such target in this build.
const Target* FindTarget(std::string_view name);

}  // namespace pinhole::engine::kernels::fast
