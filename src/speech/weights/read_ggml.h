// SPDX-License-Identifier: Apache-2.0
#pragma once

// ggml's file of a Whisper model, as whisper.cpp has it. Little endian throughout:
//
//   u32 0x67676D6C; i32 x 11: vocabulary, audio context, state, heads, layers, text context, state,
//     heads, layers, mels, type
//   i32 mels, i32 bins, f32[mels * bins]                          the mel filters
//   i32 tokens; each: u32 length, bytes                           the vocabulary in order of rank
//   to the end: i32 rank, i32 length of the name, i32 type, i32[rank] dimensions, innermost first,
//     name, data without padding
//
// Types: 0 f32, 1 f16, 6 q5_0, 7 q5_1, 8 q8_0. What ReadModelFile promises holds.

#include "speech/weights/read_model.h"

namespace pinhole::speech {

bool LooksLikeGgml(std::span<const std::byte> file);

// `options` matter where the file's vocabulary is empty.
base::Result<ModelFile> ReadGgml(std::span<const std::byte> file, const ReadOptions& options,
                                 base::Diagnosis& why);

}  // namespace pinhole::speech
