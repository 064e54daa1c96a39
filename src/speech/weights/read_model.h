// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Whisper model's file, whichever of the formats it is in -> ModelFile.
//
//   what                            from                            vocabulary
//   ggml .bin (f32, f16, q8_0,      whisper.cpp                     in the file
//     q5_0, q5_1)
//   .safetensors (f32, f16, bf16)   Hugging Face's port             options.tokenizer_json
//   .pt (torch's zip)               OpenAI                          options.tiktoken, or
//   tokenizer_json pytorch_model.bin (the same)    Hugging Face's port options.tokenizer_json
//
// Files are hostile until read: every size is checked against the file and the limits of assemble.h
// before memory is taken by it, and what is returned is whole: all weights that a Whisper of these
// sizes has, in their shapes, with their bytes inside `file`. Nothing of a pickle is ever run
// (read_pt.h). Which weights are finite numbers is not looked at.
//
// Memory: the weights' names, the vocabulary and the filters, a few MB; while reading also the
// header's text. The ModelFile looks into `file`, which stays where it is as long as it is used.

#include <cstddef>
#include <span>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/weights/weights.h"

namespace pinhole::speech {

// Files beside a model, as bytes; empty where there are none. A vocabulary in the model wins.
struct ReadOptions {
  std::span<const std::byte> tokenizer_json;  // Hugging Face's: the vocabulary is model.vocab
  std::span<const std::byte> config_json;     // Hugging Face's: the numbers of heads
  std::span<const std::byte> tiktoken;        // OpenAI's: lines of a token in base64 and its rank
};

// Errors: kWrongKind (no model, or of a kind that isn't read), kTruncated, kMalformed,
// kUnsupported, kTooLarge; `why` says what to do.
base::Result<ModelFile> ReadModelFile(std::span<const std::byte> file, const ReadOptions& options,
                                      base::Diagnosis& why);

}  // namespace pinhole::speech
