// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/registry.h"

#include "engine/kernels/ref/all.h"

namespace pinhole::engine::kernels {

std::span<const Kernel* const> AllKernels() { return ref::kAll; }

const Kernel* FindKernel(std::span<const Kernel* const> kernels, OpKind kind) {
  for (const Kernel* kernel : kernels) {
    if (kernel->kind == kind) {
      return kernel;
    }
  }
  return nullptr;
}

}  // namespace pinhole::engine::kernels
