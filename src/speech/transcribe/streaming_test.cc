// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/streaming.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pinhole::speech {
namespace {

constexpr std::size_t kPerMs = 16;

// Words that are spoken at known times; sound carries its own place, so that a hearing knows which
// part it is given. Words that are not over when the sound ends are heard wrongly.
class Speaker {
 public:
  explicit Speaker(std::vector<Word> words) : words_(std::move(words)) {}

  [[nodiscard]] std::vector<float> Sound(std::int64_t from_ms, std::int64_t to_ms) const {
    std::vector<float> pcm;
    for (std::int64_t i = from_ms * 16; i < to_ms * 16; ++i) {
      pcm.push_back(static_cast<float>(i));
    }
    return pcm;
  }

  Hear Listener() {
    return [this](std::span<const float> pcm, const std::string& before,
                  base::Diagnosis& why) -> base::Result<std::vector<Word>> {
      ++hearings;
      before_ = before;
      if (fails) {
        return why.Fail(base::Error::kUnsupported, "deaf");
      }
      longest = std::max(longest, pcm.size() / kPerMs);
      std::vector<Word> heard;
      if (pcm.empty()) {
        return heard;
      }
      const std::int64_t begin = static_cast<std::int64_t>(pcm.front()) / 16;
      const std::int64_t end = begin + static_cast<std::int64_t>(pcm.size() / kPerMs);
      for (const Word& word : words_) {
        if (word.start_ms >= begin && word.start_ms < end) {
          const bool whole = word.end_ms <= end;
          heard.push_back({word.start_ms - begin, std::min(word.end_ms, end) - begin,
                           whole ? word.text : " h" + std::to_string(hearings), 1});
        }
      }
      return heard;
    };
  }

  int hearings = 0;
  std::size_t longest = 0;
  bool fails = false;
  std::string before_;

 private:
  std::vector<Word> words_;
};

std::vector<Word> Spoken(int words, std::int64_t each_ms, std::int64_t pause_every = 0) {
  std::vector<Word> spoken;
  std::int64_t at = 100;
  for (int i = 0; i < words; ++i) {
    spoken.push_back({at, at + each_ms - 50, " w" + std::to_string(i), 1});
    at += each_ms + (pause_every > 0 && (i + 1) % pause_every == 0 ? 3000 : 0);
  }
  return spoken;
}

std::string TextOf(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) {
    text += word.text;
  }
  return text;
}

// Streams all of it in pieces of `piece_ms`; what settled, in order.
std::vector<Word> Stream(Speaker& speaker, std::int64_t all_ms, std::int64_t piece_ms,
                         const StreamingOptions& options = {}) {
  StreamingText text(speaker.Listener(), options);
  base::Diagnosis why;
  std::vector<Word> settled;
  const auto take = [&] {
    for (Word& word : text.TakeSettled()) {
      settled.push_back(std::move(word));
    }
  };
  for (std::int64_t at = 0; at < all_ms; at += piece_ms) {
    EXPECT_TRUE(text.Push(speaker.Sound(at, std::min(all_ms, at + piece_ms)), why)) << why.text();
    take();
    EXPECT_TRUE(settled.empty() || text.open().empty() ||
                text.open().front().end_ms > settled.back().start_ms);
  }
  EXPECT_TRUE(text.Finish(why));
  take();
  EXPECT_TRUE(text.open().empty());
  EXPECT_EQ(text.taken_ms(), all_ms);
  return settled;
}

TEST(StreamingText, EveryWordSettlesOnceAndInOrder) {
  for (const std::int64_t each_ms : {200, 330, 700}) {
    for (const std::int64_t piece_ms : {30, 100, 1000, 7000}) {
      const std::vector<Word> spoken = Spoken(100, each_ms);
      Speaker speaker(spoken);
      const std::vector<Word> settled = Stream(speaker, spoken.back().end_ms + 500, piece_ms);
      EXPECT_EQ(TextOf(settled), TextOf(spoken)) << each_ms << ", " << piece_ms;
      EXPECT_LE(speaker.longest, 20'000U);
    }
  }
}

TEST(StreamingText, TimesAreTheStreams) {
  const std::vector<Word> spoken = Spoken(60, 400, 7);
  Speaker speaker(spoken);
  const std::vector<Word> settled = Stream(speaker, spoken.back().end_ms + 2000, 160);
  ASSERT_EQ(settled.size(), spoken.size());
  for (std::size_t i = 0; i < settled.size(); ++i) {
    EXPECT_EQ(settled[i].start_ms, spoken[i].start_ms);
    EXPECT_EQ(settled[i].end_ms, spoken[i].end_ms);
  }
}

TEST(StreamingText, AWordSettlesSoonAfterItIsSpoken) {
  const std::vector<Word> spoken = Spoken(40, 400);
  Speaker speaker(spoken);
  StreamingText text(speaker.Listener(), {});
  base::Diagnosis why;
  std::size_t settled = 0;
  for (std::int64_t at = 0; at < 16'000; at += 100) {
    ASSERT_TRUE(text.Push(speaker.Sound(at, at + 100), why));
    for (const Word& word : text.TakeSettled()) {
      EXPECT_EQ(word.text, spoken[settled++].text);
    }
    // Two hearings after it was over, of a second each.
    const auto sure = static_cast<std::size_t>(std::max<std::int64_t>(0, (at - 3000) / 400));
    EXPECT_GE(settled, sure) << "at " << at;
  }
}

TEST(StreamingText, SilenceIsForgotten) {
  Speaker speaker(Spoken(3, 400));
  const std::vector<Word> settled = Stream(speaker, 120'000, 500);
  EXPECT_EQ(settled.size(), 3U);
  EXPECT_LE(speaker.longest, 6000U);
}

// Nothing is ever agreed on: what can't be settled by agreement settles by age, and memory is
// bounded.
TEST(StreamingText, DisagreementCostsNoMemory) {
  std::mt19937 random(4);
  std::size_t longest = 0;
  const Hear mad = [&](std::span<const float> pcm, const std::string&,
                       base::Diagnosis&) -> base::Result<std::vector<Word>> {
    longest = std::max(longest, pcm.size() / kPerMs);
    std::vector<Word> words;
    const auto all = static_cast<std::int64_t>(pcm.size() / kPerMs);
    for (std::int64_t at = 0; at + 300 <= all; at += 300) {
      words.push_back({at, at + 300, " " + std::to_string(random() % 10'000), 1});
    }
    return words;
  };
  StreamingText text(mad, {.most_ms = 10'000});
  base::Diagnosis why;
  std::vector<float> second(16'000);
  std::size_t settled = 0;
  for (int i = 0; i < 120; ++i) {
    ASSERT_TRUE(text.Push(second, why));
    settled += text.TakeSettled().size();
  }
  EXPECT_LE(longest, 10'000U);
  EXPECT_GT(settled, 200U);
}

TEST(StreamingText, AnErrorIsToldAndTheNextStepGoesOn) {
  const std::vector<Word> spoken = Spoken(20, 400);
  Speaker speaker(spoken);
  StreamingText text(speaker.Listener(), {});
  base::Diagnosis why;
  speaker.fails = true;
  EXPECT_FALSE(text.Push(speaker.Sound(0, 3000), why));
  EXPECT_EQ(std::string(why.text()), "deaf");
  speaker.fails = false;
  EXPECT_TRUE(text.Push(speaker.Sound(3000, 9000), why));
  EXPECT_TRUE(text.Finish(why));
  EXPECT_EQ(TextOf(text.TakeSettled()), TextOf(spoken));
}

TEST(StreamingText, AHearingIsToldWhatCameBefore) {
  const std::vector<Word> spoken = Spoken(200, 400);
  Speaker speaker(spoken);
  (void)Stream(speaker, spoken.back().end_ms + 500, 1000);
  EXPECT_LE(speaker.before_.size(), 200U);
  EXPECT_TRUE(speaker.before_.starts_with(" w"));
  EXPECT_NE(TextOf(spoken).find(speaker.before_), std::string::npos);
}

}  // namespace
}  // namespace pinhole::speech
