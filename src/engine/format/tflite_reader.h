// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a TensorFlow Lite model (FlatBuffers, schema version 3) from a buffer into a Model.
//
// The bytes are hostile. Every offset, vector length, table field, index, enumeration, shape
// product, buffer size and quantisation parameter is checked before it is used; what fails the
// check is named ("tensor 12 'conv1/w'", "operator 3 CONV_2D"). After success: all tensor and
// operator indices are in range, graphs are topologically ordered, every dimension is >= 1, every
// byte size < 2^31 and equal to the constant's buffer, constants and scales are aligned to their
// element, scales are finite and positive, zero points are inside their type's range.
//
// Real files' quirks are taken: per-axis quantised_dimension beyond the rank of a 1-D bias; int8
// weights beside float activations; fp16 constants behind DEQUANTIZE and sparse constants behind
// DENSIFY are folded into dense float32 constants in the arena, and those operators leave the
// graph. Operators that the engine lacks stay in the graph as OpKind::kUnknown, so that `inspect`
// can show them; the session refuses them, all at once.
//
// Memory: what is needed beside the file comes from the model arena; the file's bytes are used in
// place and must be aligned to 16.

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"

namespace pinhole::engine::format {

struct ReadLimits {
  std::size_t max_folded_bytes = std::size_t{256} << 20;
  // Where constants go that are made while loading (fp16 to fp32, sparse to dense); null: the model
  // arena. With an arena of their own they can be given up once kernels have laid out what they
  // need: see KeepFolded.
  base::Arena* folded = nullptr;
  std::size_t max_tensors = 65535;    // per model
  std::size_t max_operators = 65535;  // per model
};

// Errors: kTruncated, kMalformed, kUnsupported, kTooLarge (the file), kOutOfMemory (the arena: give
// a larger one; its contents are then garbage and it must be discarded), kInvalidArgument (bytes
// not aligned to 16). `why` says more.
base::Result<const Model*> ReadTflite(std::span<const std::byte> bytes, base::Arena& model_arena,
                                      base::Diagnosis& why, const ReadLimits& limits = {});

}  // namespace pinhole::engine::format
