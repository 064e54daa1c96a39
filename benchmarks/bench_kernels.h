// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernels that are measured: the one place that says which.

#include <span>

#include "engine/kernels/registry.h"

namespace pinhole::benchmarks {

inline std::span<const engine::kernels::Kernel* const> BenchKernels() {
  return engine::kernels::AllKernels();
}

}  // namespace pinhole::benchmarks
