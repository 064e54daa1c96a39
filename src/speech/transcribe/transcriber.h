// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound -> text: Whisper's way through a recording of any length.
//
// A window of 30 s is heard; its segments end where the tokens' timestamps say; the next window
// begins behind the last segment that was complete. A window whose text repeats itself or is
// unlikely is heard again, with more chance each time; one in which probably nothing is said gives
// nothing.
//
//   Transcriber transcriber(network, tokenizer, special, filters, team);
//   PINHOLE_ASSIGN(Transcript text, transcriber.Run(sound, options, {}, why));
//
// Memory does not depend on the recording's length. One that is longer than a window is read twice,
// since the largest value of its spectrum has to be known first.
//
// Source: github.com/openai/whisper, whisper/transcribe.py.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "signal/log_mel.h"
#include "signal/sound_source.h"
#include "speech/network/decoder.h"
#include "speech/network/encoder.h"
#include "speech/transcribe/sliding_sound.h"
#include "speech/transcribe/transcript.h"
#include "speech/transcribe/window.h"
#include "speech/transcribe/word_times.h"
#include "speech/voice/speech_spans.h"
#include "speech/voice/voice_detector.h"

namespace pinhole::speech {

enum class Task : std::uint8_t { kTranscribe, kTranslate };

// How much of a window is heard where the recording ends before it does.
enum class Hearing : std::uint8_t {
  kWhole,  // silence up to the window's end, as Whisper was trained
  kFit,    // the sound and a second of silence: less work, and words may differ
};

struct TranscribeOptions {
  std::string language = {};  // a code ("de"); empty: the likeliest of the first window
  Task task = Task::kTranscribe;
  Hearing hearing = Hearing::kWhole;
  RuleOptions rules = {};
  // Tried in turn, until a window's text passes.
  std::vector<float> temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};
  int beam = 1;
  float patience = 1;
  int best_of = 5;
  float length_penalty = -1;
  float most_compression = 2.4F;        // more: the text repeats itself
  float least_log_probability = -1.0F;  // less, on average: it was guessed
  float no_speech = 0.6F;               // more, and guessed: nothing was said
  // Whether a window is silent by no_speech alone; OpenAI asks for a guess too, since its models
  // think too often that nothing is said.
  bool no_speech_suffices = false;
  bool condition_on_previous = true;
  std::string initial_prompt = {};  // text as if it had been said before
  bool word_times = false;
  // Only what a voice detector takes for speech is heard (speech/voice): over silence and noise
  // Whisper writes what is often said before silence.
  bool voice_only = false;
};

// What a caller wants to know while it goes on. Either may be empty.
struct Progress {
  std::function<void(const Segment&)> segment = {};
  // Milliseconds heard of all; false ends the work with what there is.
  std::function<bool(std::int64_t done_ms, std::int64_t all_ms)> heard = {};
};

// The bytes of a text over those of its zlib form; 0 for an empty one.
float CompressionRatio(std::string_view text);

class Transcriber {
 public:
  // All that is given must outlive it. `filters`: [mels][201].
  Transcriber(const Network& network, const Tokenizer& tokenizer, const SpecialTokens& special,
              std::span<const float> filters, const Team& team);

  // Reads the sound from where it stands, which is its beginning. Errors: kInvalidArgument (a
  // language that there is none of, or that the model does not know), kUnsupported (translation by
  // an English-only model), the sound's own.
  base::Result<Transcript> Run(signal::SoundSource& sound, const TranscribeOptions& options,
                               const Progress& progress, base::Diagnosis& why);

 private:
  struct Language {
    std::int32_t token = 0;
    float probability = 1;
  };
  struct Window {
    std::int64_t first = 0, count = 0;  // frames
  };
  struct Heard {
    WindowTokens window;
    std::string text;
    float compression_ratio = 0;
  };

  [[nodiscard]] std::int64_t WindowFrames() const {
    return std::int64_t{2} * network_.dims.audio_context;
  }
  // The largest value of the whole sound's spectrum, unless that is in one window; its length; and
  // where a voice is, if that is wanted.
  base::Status Measure(SlidingSound& sound, bool voice_only, base::Diagnosis& why);
  void FindVoice(std::span<const float> samples, bool at_end, std::int64_t length);
  // Of the frames from `first` on: where the next window begins, and how many it has; none where
  // nothing more is to be heard.
  [[nodiscard]] std::optional<Window> NextWindow(std::int64_t first, std::int64_t frames) const;
  // Encodes `count` frames of sound from `first` on.
  base::Status Listen(SlidingSound& sound, std::int64_t first, std::int64_t count, Hearing hearing,
                      base::Diagnosis& why);
  base::Result<Language> FindLanguage(const TranscribeOptions& options, WindowSearch& search,
                                      base::Diagnosis& why) const;
  [[nodiscard]] Prompt MakePrompt(const TranscribeOptions& options, std::int32_t language,
                                  std::span<const std::int32_t> previous) const;
  Heard Search(const Prompt& prompt, const TranscribeOptions& options, WindowSearch& search) const;
  [[nodiscard]] std::string TextOf(std::span<const std::int32_t> tokens) const;
  // The window's segments; returns how many frames to go on by.
  std::int64_t Split(const Heard& heard, std::int64_t first, std::int64_t count,
                     std::vector<Segment>& segments) const;
  struct Course;
  base::Result<std::int64_t> HearWindow(const Window& window, Course& course, base::Diagnosis& why);
  // Words for a window's segments; see PlaceWords.
  void TimeWords(WordTimer& timer, const TranscribeOptions& options, std::int32_t language,
                 const Window& window, std::span<Segment> segments, std::int64_t& last_ms) const;

  const Network& network_;
  const Tokenizer& tokenizer_;
  const SpecialTokens& special_;
  std::span<const float> filters_;
  Team team_;
  signal::LogMel log_mel_;
  std::vector<float> mel_;
  std::optional<float> loudest_;
  VoiceDetector voice_;
  std::optional<SpanFinder> finder_;
  std::vector<float> probabilities_;
  std::vector<SpeechSpan> speech_;  // in samples; where `finder_` is there
  Encoder encoder_;
};

}  // namespace pinhole::speech
