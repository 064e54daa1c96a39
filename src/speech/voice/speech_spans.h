// SPDX-License-Identifier: Apache-2.0
#pragma once

// Probabilities of a voice -> from where to where somebody speaks.
//
// Speech begins where a probability reaches `enter` and goes on until none has reached `leave` for
// min_silence. What has less than min_speech of them was a cough. A span gets padding on both
// sides, but not into the one before. Spans come in order and never overlap.
//
//   SpanFinder finder(rules);
//   if (const auto span = finder.Push(probability)) { ... }   // as they come, min_silence later
//   if (const auto span = finder.Finish(samples)) { ... }
//   PINHOLE_ASSIGN(const auto spans, FindSpeech(sound, {}, why));   // or all at once
//
// SpanFinder takes no memory; FindSpeech keeps the spans it has found and a second of sound.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "signal/sound_source.h"

namespace pinhole::speech {

// Samples at 16 kHz, [begin, end).
struct SpeechSpan {
  std::int64_t begin = 0, end = 0;

  friend bool operator==(const SpeechSpan&, const SpeechSpan&) = default;
};

struct SpeechRules {
  float enter = 0.4F, leave = 0.2F;
  int min_speech_ms = 160;
  int min_silence_ms = 600;
  int padding_ms = 240;
};

class SpanFinder {
 public:
  explicit SpanFinder(const SpeechRules& rules);

  // The next 20 ms. A span, where one is known to have ended.
  std::optional<SpeechSpan> Push(float probability);
  // The end, after so many samples: the span that has not ended yet.
  std::optional<SpeechSpan> Finish(std::int64_t samples);
  // Somebody speaks, or did less than min_silence ago.
  [[nodiscard]] bool speaking() const { return speaking_; }

 private:
  std::optional<SpeechSpan> Close(std::int64_t most);

  SpeechRules rules_;
  std::int64_t step_ = 0;              // of the next probability
  std::int64_t first_ = 0, last_ = 0;  // steps of the speech that goes on
  std::int64_t voiced_ = 0;            // of them, those that reached `leave`
  std::int64_t taken_ = 0;             // samples that belong to spans before
  bool speaking_ = false;
};

// From where `sound` is, to its end. Errors: the source's.
base::Result<std::vector<SpeechSpan>> FindSpeech(signal::SoundSource& sound,
                                                 const SpeechRules& rules, base::Diagnosis& why);
std::vector<SpeechSpan> FindSpeech(std::span<const float> samples, const SpeechRules& rules = {});

}  // namespace pinhole::speech
