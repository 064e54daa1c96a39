// SPDX-License-Identifier: Apache-2.0
#pragma once

// A .safetensors file of a Whisper: u64 length of the header, a header in JSON that says each
// tensor's type, shape and place, then the data. Types F32, F16 and BF16.
//
// Names are Hugging Face's ("model.encoder.layers.0.fc1.weight") or OpenAI's. The sizes are the
// shapes'; the numbers of heads come from options.config_json, or else heads are 64 wide, as in
// every Whisper. What ReadModelFile promises holds.

#include <string_view>
#include <vector>

#include "speech/weights/assemble.h"
#include "speech/weights/read_model.h"

namespace pinhole::speech {

bool LooksLikeSafetensors(std::span<const std::byte> file);

base::Result<ModelFile> ReadSafetensors(std::span<const std::byte> file, const ReadOptions& options,
                                        base::Diagnosis& why);

// For files that name tensors and nothing else, from whatever reader: names become OpenAI's, sizes,
// vocabulary and weights are found. Errors: as ReadModelFile.
base::Result<ModelFile> ModelOfTensors(std::vector<FileTensor> tensors, const ReadOptions& options,
                                       base::Diagnosis& why);

}  // namespace pinhole::speech
