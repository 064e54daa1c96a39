// SPDX-License-Identifier: Apache-2.0
#include "speech/voice/speech_spans.h"

#include <algorithm>
#include <cstddef>
#include <memory>

#include "speech/voice/voice_detector.h"

namespace pinhole::speech {

namespace {

constexpr std::int64_t kStep = VoiceDetector::kStep;
constexpr std::int64_t kSamplesPerMs = signal::SoundSource::kRate / 1000;
constexpr std::size_t kPiece = 16000;

// As many steps as last at least that long.
std::int64_t Steps(int ms) {
  return (std::max<std::int64_t>(ms, 0) * kSamplesPerMs + kStep - 1) / kStep;
}

}  // namespace

SpanFinder::SpanFinder(const SpeechRules& rules) : rules_(rules) {
  rules_.leave = std::min(rules.leave, rules.enter);
  rules_.padding_ms = std::max(rules.padding_ms, 0);
}

std::optional<SpeechSpan> SpanFinder::Push(float probability) {
  const std::int64_t now = step_++;
  if (!speaking_ && probability >= rules_.enter) {
    speaking_ = true;
    first_ = now;
    voiced_ = 0;
  }
  if (!speaking_) {
    return std::nullopt;
  }
  if (probability >= rules_.leave) {
    last_ = now;
    ++voiced_;
    return std::nullopt;
  }
  const std::int64_t wanted =
      std::max({Steps(rules_.min_silence_ms), Steps(rules_.padding_ms), std::int64_t{1}});
  return now - last_ >= wanted ? Close(step_ * kStep) : std::nullopt;
}

std::optional<SpeechSpan> SpanFinder::Finish(std::int64_t samples) {
  return speaking_ ? Close(samples) : std::nullopt;
}

std::optional<SpeechSpan> SpanFinder::Close(std::int64_t most) {
  speaking_ = false;
  if (voiced_ < Steps(rules_.min_speech_ms)) {
    return std::nullopt;
  }
  const std::int64_t padding = rules_.padding_ms * kSamplesPerMs;
  const SpeechSpan span{std::max(first_ * kStep - padding, taken_),
                        std::min((last_ + 1) * kStep + padding, most)};
  taken_ = span.end;
  return span;
}

base::Result<std::vector<SpeechSpan>> FindSpeech(signal::SoundSource& sound,
                                                 const SpeechRules& rules, base::Diagnosis& why) {
  const auto detector = std::make_unique<VoiceDetector>();
  SpanFinder finder(rules);
  std::vector<SpeechSpan> spans;
  const auto keep = [&spans](const std::optional<SpeechSpan>& span) {
    if (span) {
      spans.push_back(*span);
    }
  };
  std::vector<float> piece(kPiece);
  std::vector<float> probabilities(
      std::max(VoiceDetector::MostOfPush(kPiece), VoiceDetector::kMostOfFinish));
  const auto take = [&](std::size_t count) {
    std::for_each_n(probabilities.begin(), count, [&](float p) { keep(finder.Push(p)); });
  };
  std::int64_t samples = 0;
  for (std::size_t got = kPiece; got == kPiece;) {
    PINHOLE_ASSIGN(got, sound.Read(piece, why));
    samples += static_cast<std::int64_t>(got);
    PINHOLE_ASSIGN(const std::size_t count,
                   detector->Push(std::span(piece).first(got), probabilities));
    take(count);
  }
  PINHOLE_ASSIGN(const std::size_t count, detector->Finish(probabilities));
  take(count);
  keep(finder.Finish(samples));
  return spans;
}

std::vector<SpeechSpan> FindSpeech(std::span<const float> samples, const SpeechRules& rules) {
  signal::SoundInMemory sound(samples);
  base::Diagnosis why;
  const base::Result<std::vector<SpeechSpan>> spans = FindSpeech(sound, rules, why);
  return spans ? *spans : std::vector<SpeechSpan>();  // memory does not fail
}

}  // namespace pinhole::speech
