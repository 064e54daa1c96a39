// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that understand speech are made of: a model, threads and a transcriber, with
// the options that suit the model.

#include <string>
#include <utility>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/owned/workers.h"
#include "speech/model/speech_model.h"
#include "speech/transcribe/transcriber.h"
#include "system/failure.h"

namespace pinhole::host {

// The value, or a Failure with the sentence in `why`.
template <typename T>
T ValueOr(base::Result<T> result, const base::Diagnosis& why) {
  if (!result) {
    throw system::Failure(
        std::string(why.text().empty() ? base::ErrorName(result.error()) : why.text()));
  }
  return std::move(*result);
}

struct SpeechNeeds {
  std::string model = {};          // a file, a folder or a name; empty: the bundled one
  std::string precision = "int8";  // of the weights: int8, bf16, f32
  int threads = 1;
  bool keeps_packed = true;  // weights laid out for this machine, in the user's cache
};

// The file that `model` stands for. Throws Failure, which says how to get it.
std::string SpeechModelFile(const std::string& model);

// As many as there are cores, at most 8: beyond that a small model gains nothing.
int UsualThreads();

// Reads the model when it is made. Throws Failure.
class SpeechParts {
 public:
  explicit SpeechParts(const SpeechNeeds& needs);
  SpeechParts(const SpeechParts&) = delete;
  SpeechParts& operator=(const SpeechParts&) = delete;

  [[nodiscard]] const speech::SpeechModel& model() const { return model_; }
  [[nodiscard]] bool is_bundled() const { return is_bundled_; }
  // The model's file without folder and ending: "tiny.en".
  [[nodiscard]] std::string name() const;
  // What suits the model: the bundled one was trained to tell silence from speech, and to hear a
  // window that ends with the sound.
  [[nodiscard]] speech::TranscribeOptions Defaults() const;
  // One caller at a time.
  [[nodiscard]] speech::Transcriber& transcriber() { return transcriber_; }
  // Of the model's window.
  [[nodiscard]] int window_ms() const { return model_.network().dims.audio_context * 20; }

 private:
  bool is_bundled_;
  speech::SpeechModel model_;
  engine::owned::WorkerPool pool_;
  speech::Transcriber transcriber_;
};

}  // namespace pinhole::host
