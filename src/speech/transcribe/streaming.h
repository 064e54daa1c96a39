// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound that is still being spoken -> words that settle.
//
// Every step the sound that is not settled yet is heard anew. Words on which two hearings in a row
// agree settle, and never change afterwards; the words behind them are open. Where somebody has
// stopped speaking, all that was heard settles. What is settled is not heard again, so that the
// work of a step does not grow.
//
//   StreamingText text(hear, {});
//   while (...) { PINHOLE_TRY(text.Push(samples, why)); Show(text.TakeSettled(), text.open()); }
//   PINHOLE_TRY(text.Finish(why));
//
// Source of the rule that two hearings must agree: "Turning Whisper into Real-Time Transcription
// System" (Macháček, Dabre and Bojar, 2023).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/transcribe/transcriber.h"
#include "speech/transcribe/transcript.h"

namespace pinhole::speech {

struct StreamingOptions {
  int step_ms = 1000;  // new sound before it is heard anew
  // Sound that is heard at once: at most the model's window. Where so much is open, the older half
  // settles as it was heard last.
  int most_ms = 20'000;
  int pause_ms = 1200;  // without a word: whoever spoke has stopped
};

// Words in sound that begins at 0 ms, given the text before it.
using Hear = std::function<base::Result<std::vector<Word>>(
    std::span<const float> pcm, const std::string& before, base::Diagnosis& why)>;

class StreamingText {
 public:
  StreamingText(Hear hear, const StreamingOptions& options);

  // Takes all of `pcm`, 16 kHz mono, and hears as often as there are steps in it. Errors: `hear`'s;
  // the sound is taken nevertheless.
  base::Status Push(std::span<const float> pcm, base::Diagnosis& why);
  // Nothing more comes: hears the rest, and everything settles.
  base::Status Finish(base::Diagnosis& why);

  // The words that settled since the last call, with times from the stream's beginning.
  std::vector<Word> TakeSettled();
  // Words that may still change, behind all settled ones.
  [[nodiscard]] const std::vector<Word>& open() const { return open_; }
  // Sound taken so far.
  [[nodiscard]] std::int64_t taken_ms() const;

 private:
  base::Status HearAnew(base::Diagnosis& why);
  // Words of a hearing that are not settled yet, with times of the stream.
  [[nodiscard]] std::vector<Word> Unsettled(std::vector<Word> heard) const;
  void Settle(std::span<const Word> words);
  // What lies before `ms` need not be heard again.
  void Drop(std::int64_t ms);
  [[nodiscard]] std::int64_t begin_ms() const;

  Hear hear_;
  StreamingOptions options_;
  std::vector<float> pcm_;   // from begin_ on
  std::int64_t begin_ = 0;   // samples before pcm_
  std::size_t unheard_ = 0;  // samples since the last hearing
  std::vector<Word> open_, settled_;
  std::vector<Word> last_settled_;  // some, to know them again
  std::int64_t settled_ms_ = 0;
  std::string before_;  // the settled text's end
};

// A Hear by `transcriber`, which must outlive it. Where options.condition_on_previous is set, the
// text before is its prompt.
Hear HearBy(Transcriber& transcriber, const TranscribeOptions& options);

}  // namespace pinhole::speech
