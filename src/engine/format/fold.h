// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: operators whose result is known when the model is loaded.
//
// Folded are DENSIFY of a sparse constant and DEQUANTIZE of a float16 or int8 constant, or of what
// such a DENSIFY makes. Deciding and making are apart: TryFold only notes where the output comes
// from, Materialise makes the bytes of a constant that somebody really reads. So sparse float16
// weights behind DENSIFY and DEQUANTIZE become dense float32 in one step, and the float16 tensor
// between them never exists.

#include <cstdint>

#include "base/result.h"
#include "engine/format/draft.h"
#include "engine/format/reading.h"
#include "engine/tensor/op.h"

namespace pinhole::engine::format {

// True where the operator, of kind `kind` from tensor `input` to tensor `output`, is folded. Its
// output then counts as a constant without bytes yet.
bool TryFold(const GraphDraft& draft, OpKind kind, std::int32_t input, std::int32_t output);

// Sees to it that a constant that is sparse or folded has its dense bytes, in the arena. Does
// nothing for any other tensor. Errors: kMalformed, kUnsupported (the sparsity), kTooLarge,
// kOutOfMemory; named.
base::Status Materialise(Reading& reading, const GraphDraft& draft, std::int32_t tensor);

}  // namespace pinhole::engine::format
