// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: what the target avx512amx does, with tiles and vectors in plain C++, on every
// processor. No program has it: nothing but tests refers to it.

#include "engine/matrix/matrix.h"

namespace pinhole::engine::matrix {

extern const Target kEmulatedAmxTarget;

}  // namespace pinhole::engine::matrix
