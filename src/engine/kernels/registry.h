// SPDX-License-Identifier: Apache-2.0
#pragma once

// All kernels of this build. A firmware that runs one model links a shorter list of its own.

#include <span>

#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels {

// Every operator's reference kernel (ref/), in no particular order.
std::span<const Kernel* const> AllKernels();

// The kernel for `kind` in `kernels`, or null.
const Kernel* FindKernel(std::span<const Kernel* const> kernels, OpKind kind);

}  // namespace pinhole::engine::kernels
