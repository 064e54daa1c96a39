// SPDX-License-Identifier: Apache-2.0
#include "host/speech_parts.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "host/names.h"
#include "models/find_model.h"
#include "system/installed.h"
#include "system/user_folders.h"

namespace pinhole::host {

namespace {

speech::matrix::Precision PrecisionNamed(const std::string& name) {
  using speech::matrix::Precision;
  if (name == "bf16" && !speech::ChosenMatrixTarget().bf16) {
    throw Failure("this processor computes nothing in bfloat16; give --precision int8 or f32");
  }
  return name == "f32" ? Precision::kF32 : name == "bf16" ? Precision::kBf16 : Precision::kInt8;
}

}  // namespace

std::string SpeechModelFile(const std::string& model) {
  if (model.empty()) {
    return system::Bundled("speech/speech.bin");
  }
  return models::FindModel(model);
}

int UsualThreads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 8U));
}

SpeechParts::SpeechParts(const SpeechNeeds& needs)
    : is_bundled_(needs.model.empty()),
      model_(SpeechModelFile(needs.model),
             {.weights = PrecisionNamed(needs.precision),
              .cache_folder = needs.keeps_packed ? system::CacheFolder("packed") : ""}),
      pool_(needs.threads),
      transcriber_(model_.network(), model_.tokenizer(), model_.special(), model_.filters(),
                   {pool_.workers(), needs.threads}) {}

std::string SpeechParts::name() const {
  return std::filesystem::path(model_.path()).stem().string();
}

speech::TranscribeOptions SpeechParts::Defaults() const {
  speech::TranscribeOptions options;
  options.beam = 5;
  options.voice_only = true;
  if (is_bundled_) {
    options.hearing = speech::Hearing::kFit;
    options.no_speech_suffices = true;
    options.condition_on_previous = false;  // no earlier text was in its training
  }
  return options;
}

}  // namespace pinhole::host
