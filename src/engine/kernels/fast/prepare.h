// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the targets' kernels do when a model is loaded, the same for all of them: the reference
// kernel's checks, then weights laid out as `layout` wants them.
//
// Packed: int8 with int8 weights (zero point 0) and int32 bias, and float32 throughout; batch 1, one
// group, weights and bias constant, sums that can't reach 2^30. Everything else keeps the reference
// kernel's parameters (packed is false). The packed weights are taken with TakePacked; a model's
// weights take about as much again as in its file, int8's a little more (see layout.h).
//
// Errors: the reference kernel's; kOutOfMemory.

#include "engine/kernels/fast/layout.h"
#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels::fast {

// Prepared::params is a ConvParams.
base::Result<Prepared> PrepareConv(PrepareContext& context, const Layout& layout);
base::Result<Prepared> PrepareDense(PrepareContext& context, const Layout& layout);
// Prepared::params is a DepthwiseParams.
base::Result<Prepared> PrepareDepthwise(PrepareContext& context, const Layout& layout);

// ADD of int8 tensors of one shape. Prepared::params is an AddParams.
base::Result<Prepared> PrepareAdd(PrepareContext& context, const Layout& layout);

}  // namespace pinhole::engine::kernels::fast
