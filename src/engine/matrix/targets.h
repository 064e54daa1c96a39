// SPDX-License-Identifier: Apache-2.0
#pragma once

// Defined by target_*.cc, for targets.cc.

#include "engine/matrix/matrix.h"

namespace pinhole::engine::matrix {

extern const Target kAvx512AmxTarget;
extern const Target kAvx512Bf16Target;
extern const Target kAvx512VnniTarget;
extern const Target kAvxVnniTarget;
extern const Target kAvx2Target;
extern const Target kSse41Target;
extern const Target kPortableTarget;
extern const Target kNeonDotTarget;
extern const Target kNeonTarget;
extern const Target kWasmRelaxedTarget;
extern const Target kWasmTarget;

}  // namespace pinhole::engine::matrix
