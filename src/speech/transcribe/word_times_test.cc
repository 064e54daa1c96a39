// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/word_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "speech/network/encoder.h"
#include "speech/transcribe/small_model_for_tests.h"

namespace pinhole::speech {
namespace {

using Words = std::vector<std::string>;

// Every way there is, one after the other.
float CheapestCost(const std::vector<float>& costs, int rows, int columns) {
  const std::function<float(int, int)> to = [&](int row, int column) -> float {
    if (row < 0 || column < 0) {
      return row < 0 && column < 0 ? 0 : std::numeric_limits<float>::infinity();
    }
    return costs[static_cast<std::size_t>(row * columns + column)] +
           std::min({to(row - 1, column - 1), to(row - 1, column), to(row, column - 1)});
  };
  return to(rows - 1, columns - 1);
}

TEST(CheapestWay, CostsAsLittleAsAnyOther) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> cost(-1, 1);
  for (int round = 0; round < 200; ++round) {
    const int rows = 1 + static_cast<int>(random() % 5),
              columns = 1 + static_cast<int>(random() % 6);
    std::vector<float> costs(static_cast<std::size_t>(rows * columns));
    for (float& value : costs) {
      value = cost(random);
    }
    const std::vector<int> first = CheapestWay(costs, rows, columns);
    ASSERT_EQ(first.size(), static_cast<std::size_t>(rows));
    EXPECT_EQ(first[0], 0);
    // A row's columns go from its first to the one before the next row's first, or to that itself.
    const auto least = [&](auto&& self, int row) -> float {
      float best = std::numeric_limits<float>::infinity();
      const int begin = first[static_cast<std::size_t>(row)];
      float sum = 0;
      for (int column = begin; column < columns; ++column) {
        sum += costs[static_cast<std::size_t>(row * columns + column)];
        if (row + 1 == rows) {
          best = column + 1 == columns ? sum : best;
        } else if (const int next = first[static_cast<std::size_t>(row) + 1];
                   column == next || column + 1 == next) {
          best = std::min(best, sum + self(self, row + 1));
        }
      }
      return best;
    };
    EXPECT_NEAR(least(least, 0), CheapestCost(costs, rows, columns), 1e-5)
        << rows << " rows, " << columns << " columns, round " << round;
  }
}

Words Split(std::string_view text, std::string_view language = "en") {
  base::Diagnosis why;
  const Tokenizer bytes = std::move(Tokenizer::Make(SmallModel::Bytes(), why).value());
  const std::vector<std::int32_t> tokens = bytes.Encode(text);
  std::vector<TimedWord> words = SplitIntoWords(bytes, tokens, language);
  std::size_t count = 0;
  for (const TimedWord& word : words) {
    count += word.tokens;
  }
  EXPECT_EQ(count, tokens.size());
  JoinPunctuation(words);
  Words texts;
  for (const TimedWord& word : words) {
    if (!word.word.text.empty()) {
      texts.push_back(word.word.text);
    }
  }
  return texts;
}

TEST(SplitIntoWords, BeforeBlanksAndWithTheirPunctuation) {
  EXPECT_EQ(Split(" Ever tried. Ever failed."), (Words{" Ever", " tried.", " Ever", " failed."}));
  EXPECT_EQ(Split(" He said \"no\", twice!"), (Words{" He", " said", " \"no\",", " twice!"}));
  EXPECT_EQ(Split(" l'\xC3\xA9t\xC3\xA9 dernier"), (Words{" l", "'\xC3\xA9t\xC3\xA9", " dernier"}));
  EXPECT_TRUE(Split("").empty());
}

TEST(SplitIntoWords, AtEveryCharacterWhereThereAreNoBlanks) {
  EXPECT_EQ(Split("\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82", "zh"),
            (Words{"\xE4\xBD\xA0", "\xE5\xA5\xBD\xE3\x80\x82"}));
}

TEST(SplitIntoWords, BytesThatAreNoTextBecomeSome) {
  EXPECT_EQ(Split(" a\xFF\xE4\xBD"), (Words{" a\xEF\xBF\xBD\xEF\xBF\xBD"}));
}

TEST(AlignmentHeads, AreWithinTheModel) {
  const Dims tiny = {.vocabulary = 51864, .audio_layers = 4, .text_heads = 6, .text_layers = 4};
  EXPECT_EQ(AlignmentHeads(tiny).size(), 8U);
  const Dims turbo = {.vocabulary = 51866, .audio_layers = 32, .text_heads = 20, .text_layers = 4};
  for (const AlignmentHead& head : AlignmentHeads(turbo)) {
    EXPECT_LT(head.layer, 4);
    EXPECT_LT(head.head, 20);
  }
  EXPECT_EQ(AlignmentHeads(SmallModel::kDims).size(), 2U);  // one of two layers, both heads
}

// Random weights attend to nothing in particular; times make sense nevertheless.
TEST(WordTimer, WordsGoOnAndLieInTheSound) {
  const SmallModel model;
  Encoder encoder(model.network, 1);
  Decoder decoder(model.network, 1, 1);
  const Team team;
  std::mt19937 random(3);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> mel(100 * 80);
  for (float& x : mel) {
    x = value(random);
  }
  decoder.Listen(encoder.Encode(mel, team), team);
  WordTimer timer(model.network, model.tokenizer, model.special, decoder, team);
  const std::vector<std::int32_t> tokens = model.tokenizer.Encode(" to be or not to be.");
  const std::vector<std::int32_t> prompt = {model.special.start_of_transcript};
  for (const int positions : {1, 2, 30, 50}) {
    const std::vector<TimedWord> words = timer.Find(prompt, tokens, "en", positions);
    ASSERT_EQ(words.size(), 7U);  // and the full stop
    std::int64_t last = 0;
    for (const TimedWord& timed : words) {
      EXPECT_EQ(timed.word.start_ms, last);
      EXPECT_GE(timed.word.end_ms, timed.word.start_ms);
      EXPECT_LT(timed.word.end_ms, positions * 20);
      EXPECT_GE(timed.word.probability, 0);
      EXPECT_LE(timed.word.probability, 1);
      last = timed.word.end_ms;
    }
  }
  EXPECT_TRUE(timer.Find(prompt, {}, "en", 50).empty());
}

// The probabilities are those of the paper's network in double precision.
TEST(WordTimer, ProbabilitiesAreThoseOfTheNetwork) {
  const SmallModel model;
  const std::vector<float> mel(100 * 80, 0.3F);
  Encoder encoder(model.network, 1);
  Decoder decoder(model.network, 1, 1);
  const Team team;
  decoder.Listen(encoder.Encode(mel, team), team);
  WordTimer timer(model.network, model.tokenizer, model.special, decoder, team);
  const std::vector<std::int32_t> tokens = model.tokenizer.Encode("abcdefghijklmnopqrstuvwxyz");
  const std::vector<std::int32_t> prompt = {model.special.start_of_transcript};
  const std::vector<TimedWord> words = timer.Find(prompt, tokens, "zh", 50);
  ASSERT_EQ(words.size(), tokens.size());
  std::vector<int> all = {model.special.start_of_transcript, model.special.no_timestamps};
  all.insert(all.end(), tokens.begin(), tokens.end());
  const Table logits = model.weights.Decode(all, model.weights.Encode(mel));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    double sum = 0;
    for (int v = 0; v < model.special.end_of_text; ++v) {
      sum += std::exp(logits.at(static_cast<int>(i) + 1, v));
    }
    EXPECT_NEAR(words[i].word.probability,
                std::exp(logits.at(static_cast<int>(i) + 1, tokens[i])) / sum, 1e-4);
  }
}

Segment Made(std::int64_t start_ms, std::int64_t end_ms, std::size_t tokens) {
  Segment segment;
  segment.start_ms = start_ms;
  segment.end_ms = end_ms;
  segment.tokens.assign(tokens, 1);
  segment.tokens.push_back(1000);  // a timestamp
  return segment;
}

TEST(PlaceWords, EachSegmentGetsItsOwn) {
  std::vector<TimedWord> words;
  for (int i = 0; i < 5; ++i) {
    words.push_back({{i * 200, i * 200 + 200, " w" + std::to_string(i), 1}, 2});
  }
  std::vector<Segment> segments = {Made(1000, 1400, 4), Made(1400, 2000, 6)};
  std::int64_t last_ms = 900;
  PlaceWords(words, 1000, 500, segments, last_ms);
  ASSERT_EQ(segments[0].words.size(), 2U);
  ASSERT_EQ(segments[1].words.size(), 3U);
  EXPECT_EQ(segments[1].words[0].start_ms, 1400);
  EXPECT_EQ(segments[1].end_ms, 2000);
  EXPECT_EQ(last_ms, 2000);
}

TEST(PlaceWords, APauseIsNoPartOfAWord) {
  std::vector<TimedWord> words;
  for (int i = 0; i < 4; ++i) {
    words.push_back({{i * 200, i * 200 + 200, " w", 1}, 1});
  }
  // The next sentence's first word seems to begin where the last one ended, four seconds before.
  words.push_back({{800, 800, ".", 1}, 1});
  words.push_back({{800, 5000, " Next", 1}, 1});
  std::vector<Segment> segments = {Made(0, 800, 5), Made(4700, 5000, 1)};
  std::int64_t last_ms = 0;
  PlaceWords(words, 0, 500, segments, last_ms);
  ASSERT_EQ(segments[1].words.size(), 1U);
  EXPECT_EQ(segments[1].words[0].start_ms, 4600);
  EXPECT_EQ(segments[1].words[0].end_ms, 5000);
}

}  // namespace
}  // namespace pinhole::speech
