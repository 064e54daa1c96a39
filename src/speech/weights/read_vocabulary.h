// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vocabulary that lies beside a model: bytes of each token in order of rank.

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/weights/read_model.h"

namespace pinhole::speech {

// Hugging Face's tokenizer.json: "model"."vocab", token to rank. Its tokens are spelled with a
// printable character for every byte, GPT-2's, which is undone here. Errors: kMalformed, kTooLarge.
base::Status ReadTokenizerJson(std::string_view text, std::vector<std::string>& vocabulary,
                               base::Diagnosis& why);

// OpenAI's .tiktoken: a line a token, base64 and rank. Errors: kMalformed, kTooLarge.
base::Status ReadTiktoken(std::string_view text, std::vector<std::string>& vocabulary,
                          base::Diagnosis& why);

// Whichever of the two `options` have; nothing where they have none.
base::Status ReadVocabulary(const ReadOptions& options, std::vector<std::string>& vocabulary,
                            base::Diagnosis& why);

}  // namespace pinhole::speech
