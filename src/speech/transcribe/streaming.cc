// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/streaming.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "signal/sound_source.h"

namespace pinhole::speech {

using base::Diagnosis;
using base::Result;
using base::Status;

namespace {

constexpr std::int64_t kPerMs = signal::SoundSource::kRate / 1000;
// Sound before the first open word that is kept, so that its beginning is heard whole.
constexpr std::int64_t kLeadMs = 200;
// A hearing may place a settled word so much later than the one before did.
constexpr std::int64_t kSlackMs = 100;
constexpr std::int64_t kNearMs = 1000;
// Settled words that a hearing may repeat.
constexpr std::size_t kRepeated = 5;
// Characters of settled text that a hearing is given.
constexpr std::size_t kBefore = 200;

// Letters and digits of a word in lower case: what two hearings must agree on.
std::string Core(std::string_view word) {
  std::string core;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0) {
      core.push_back(static_cast<char>(std::tolower(byte)));
    }
  }
  return core;
}

bool Agree(const Word& a, const Word& b) { return Core(a.text) == Core(b.text); }

}  // namespace

StreamingText::StreamingText(Hear hear, const StreamingOptions& options)
    : hear_(std::move(hear)), options_(options) {}

std::int64_t StreamingText::begin_ms() const { return begin_ / kPerMs; }

std::int64_t StreamingText::taken_ms() const {
  return (begin_ + static_cast<std::int64_t>(pcm_.size())) / kPerMs;
}

Status StreamingText::Push(std::span<const float> pcm, Diagnosis& why) {
  const auto step = static_cast<std::size_t>(options_.step_ms * kPerMs);
  Status status;
  while (!pcm.empty()) {
    const auto piece = pcm.first(std::min(pcm.size(), step - unheard_));
    pcm_.insert(pcm_.end(), piece.begin(), piece.end());
    unheard_ += piece.size();
    pcm = pcm.subspan(piece.size());
    if (unheard_ >= step) {
      unheard_ = 0;
      if (const Status heard = HearAnew(why); !heard) {
        status = base::Unexpected(heard.error());
      }
    }
  }
  return status;
}

Status StreamingText::Finish(Diagnosis& why) {
  Status status;
  if (unheard_ > 0) {
    unheard_ = 0;
    if (const Status heard = HearAnew(why); !heard) {
      status = base::Unexpected(heard.error());
    }
  }
  Settle(std::exchange(open_, {}));
  Drop(taken_ms());
  return status;
}

std::vector<Word> StreamingText::TakeSettled() { return std::exchange(settled_, {}); }

std::vector<Word> StreamingText::Unsettled(std::vector<Word> heard) const {
  std::vector<Word> words;
  for (Word& word : heard) {
    word.start_ms += begin_ms();
    word.end_ms += begin_ms();
    if (word.end_ms > settled_ms_ + kSlackMs || word.start_ms >= settled_ms_) {
      words.push_back(std::move(word));
    }
  }
  // The last settled words may be heard once more behind their place.
  if (words.empty() || words.front().start_ms > settled_ms_ + kNearMs) {
    return words;
  }
  for (std::size_t n = std::min({kRepeated, words.size(), last_settled_.size()}); n > 0; --n) {
    if (std::equal(last_settled_.end() - static_cast<std::ptrdiff_t>(n), last_settled_.end(),
                   words.begin(), Agree) &&
        words.front().start_ms < settled_ms_) {
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n));
      break;
    }
  }
  return words;
}

void StreamingText::Settle(std::span<const Word> words) {
  for (const Word& word : words) {
    settled_.push_back(word);
    last_settled_.push_back(word);
    before_ += word.text;
    settled_ms_ = std::max(settled_ms_, word.end_ms);
  }
  if (last_settled_.size() > kRepeated) {
    last_settled_.erase(last_settled_.begin(),
                        last_settled_.end() - static_cast<std::ptrdiff_t>(kRepeated));
  }
  if (before_.size() > kBefore) {  // whole words of it
    before_.erase(0, std::min(before_.find(' ', before_.size() - kBefore), before_.size()));
  }
}

void StreamingText::Drop(std::int64_t ms) {
  const std::int64_t drop =
      std::clamp<std::int64_t>(ms * kPerMs - begin_, 0, static_cast<std::int64_t>(pcm_.size()));
  pcm_.erase(pcm_.begin(), pcm_.begin() + static_cast<std::ptrdiff_t>(drop));
  begin_ += drop;
}

Status StreamingText::HearAnew(Diagnosis& why) {
  auto heard = hear_(pcm_, before_, why);
  if (!heard) {
    return base::Unexpected(heard.error());
  }
  std::vector<Word> words = Unsettled(std::move(*heard));
  const std::int64_t now_ms = taken_ms();
  std::size_t settle = 0;
  if (!words.empty() && now_ms - words.back().end_ms >= options_.pause_ms) {
    settle = words.size();
  }
  while (settle < std::min(words.size(), open_.size()) && Agree(words[settle], open_[settle])) {
    ++settle;
  }
  // Too much is open: the older half goes as it is.
  if (now_ms - begin_ms() + options_.step_ms > options_.most_ms) {
    while (settle < words.size() && words[settle].end_ms < begin_ms() + options_.most_ms / 2) {
      ++settle;
    }
  }
  Settle(std::span<const Word>(words).first(settle));
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(settle));
  open_ = std::move(words);

  const std::int64_t keep_ms = std::max<std::int64_t>(options_.pause_ms, 2 * options_.step_ms);
  if (open_.empty()) {
    // A word may have begun that can't be heard yet.
    Drop(std::max(settled_ms_, now_ms - keep_ms));
  } else {
    Drop(std::min(std::max(settled_ms_, begin_ms()), open_.front().start_ms - kLeadMs));
  }
  // Where nothing settles because nothing is understood, the oldest sound goes.
  if (now_ms - begin_ms() + options_.step_ms > options_.most_ms) {
    Drop(now_ms - options_.most_ms / 2);
  }
  return {};
}

Hear HearBy(Transcriber& transcriber, const TranscribeOptions& options) {
  return [&transcriber, options](std::span<const float> pcm, const std::string& before,
                                 Diagnosis& why) -> Result<std::vector<Word>> {
    TranscribeOptions each = options;
    each.word_times = true;
    each.condition_on_previous = false;
    if (options.condition_on_previous && !before.empty()) {
      each.initial_prompt = before;
    }
    signal::SoundInMemory sound(pcm);
    PINHOLE_ASSIGN(const Transcript transcript, transcriber.Run(sound, each, {}, why));
    std::vector<Word> words;
    for (const Segment& segment : transcript.segments) {
      words.insert(words.end(), segment.words.begin(), segment.words.end());
    }
    return words;
  };
}

}  // namespace pinhole::speech
