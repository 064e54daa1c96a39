// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether every operator of a model has a kernel, said once for all of them: who converts a model
// wants the whole list, not its first line.

#include <span>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"
#include "engine/kernels/kernel.h"

namespace pinhole::engine::run {

// Error: kUnsupported; `why` is "3 kinds of operator are not known: BATCH_MATMUL (2 uses), EXP
// (1 use), custom 'Foo' (1 use); ..." or, where all are known, "operator 5 CONV_2D version 9:
// versions 1 to 5 are known".
base::Status CheckOperatorsKnown(const format::Model& model,
                                 std::span<const kernels::Kernel* const> kernels,
                                 base::Diagnosis& why);

}  // namespace pinhole::engine::run
