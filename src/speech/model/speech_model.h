// SPDX-License-Identifier: Apache-2.0
#pragma once

// A speech model's file, ready to hear.
//
//   SpeechModel model("tiny.en.bin", {});
//   Transcriber transcriber(model.network(), model.tokenizer(), model.special(), model.filters(),
//                           team);
//
// Formats: speech/weights/read_model.h. A vocabulary that is not in the file is looked for beside
// it: tokenizer.json and config.json (Hugging Face's), multilingual.tiktoken or gpt2.tiktoken
// (OpenAI's). A folder stands for the model.safetensors or pytorch_model.bin in it.
//
// Throws Failure, which begins with the file's name, where it can't be read, is no such model, or
// lacks its vocabulary. Never copied: what hears points into it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "speech/network/network.h"
#include "speech/text/special_tokens.h"
#include "speech/text/tokenizer.h"

namespace pinhole::speech {

struct ModelOptions {
  matrix::Precision weights = matrix::Precision::kInt8;
  // Where packed weights are kept (packed_cache.h); empty: nowhere.
  std::string cache_folder = {};
};

class SpeechModel {
 public:
  // Uses the instruction set that engine/owned/chosen_target.h says.
  SpeechModel(const std::string& path, const ModelOptions& options);
  SpeechModel(const SpeechModel&) = delete;
  SpeechModel& operator=(const SpeechModel&) = delete;

  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }
  [[nodiscard]] const SpecialTokens& special() const { return special_; }
  // [mels][201]
  [[nodiscard]] std::span<const float> filters() const { return filters_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // Whether the weights came out of the cache.
  [[nodiscard]] bool was_cached() const { return was_cached_; }

 private:
  void Load(const ModelOptions& options);
  // Tokenizer, special tokens and filters.
  void TakeText(const ModelFile& file);

  std::string path_;
  Network network_;
  std::optional<Tokenizer> tokenizer_;
  SpecialTokens special_;
  std::vector<float> filters_;
  bool was_cached_ = false;
};

// The matrix target that PINHOLE_ISA names, or the best that runs here. Throws Failure where it
// names none of this build's, or one that this processor lacks.
const matrix::Target& ChosenMatrixTarget();

}  // namespace pinhole::speech
