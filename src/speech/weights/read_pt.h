// SPDX-License-Identifier: Apache-2.0
#pragma once

// torch's file of a Whisper: a zip archive of a pickle and one file a storage.
//
// OpenAI's: {"dims": {...}, "model_state_dict": {name: tensor}}. Hugging Face's pytorch_model.bin:
// {name: tensor}. Tensors are contiguous, f32, f16 or bf16, little endian. The pickle is read as
// pickle.h says: nothing of it is run. What ReadModelFile promises holds.

#include "speech/weights/read_model.h"

namespace pinhole::speech {

bool LooksLikeTorch(std::span<const std::byte> file);

base::Result<ModelFile> ReadPt(std::span<const std::byte> file, const ReadOptions& options,
                               base::Diagnosis& why);

}  // namespace pinhole::speech
