// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/transcriber.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "signal/mel_filters.h"
#include "speech/transcribe/small_model_for_tests.h"

namespace pinhole::speech {
namespace {

constexpr int kRate = signal::LogMel::kSampleRate;

std::vector<float> Noise(double seconds, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> level(-0.5F, 0.5F);
  std::vector<float> pcm(static_cast<std::size_t>(seconds * kRate));
  for (float& sample : pcm) {
    sample = level(random);
  }
  return pcm;
}

class TranscriberTest : public testing::Test {
 protected:
  TranscriberTest() : filters_(80 * signal::LogMel::kBins) {
    EXPECT_TRUE(signal::SlaneyMelFilters(80, filters_));
  }

  Transcript Run(const std::vector<float>& pcm, const TranscribeOptions& options = {},
                 const Progress& progress = {}) {
    Transcriber transcriber(model_.network, model_.tokenizer, model_.special, filters_, {});
    base::Diagnosis why;
    signal::SoundInMemory sound(pcm);
    auto transcript = transcriber.Run(sound, options, progress, why);
    EXPECT_TRUE(transcript) << why.text();
    return transcript ? std::move(*transcript) : Transcript{};
  }

  SmallModel model_;
  std::vector<float> filters_;
};

TEST_F(TranscriberTest, NoSoundIsNoText) {
  EXPECT_TRUE(Run({}).segments.empty());
  EXPECT_TRUE(Run(std::vector<float>(159)).segments.empty());
}

// Random weights say nonsense; its times make sense nevertheless, and the end is reached.
TEST_F(TranscriberTest, SegmentsAreInOrderAndWithinTheSound) {
  for (const double seconds : {0.02, 0.5, 1.0, 1.01, 3.7}) {
    std::int64_t done = 0, all = 0;
    std::size_t told = 0;
    const Transcript transcript = Run(Noise(seconds), {.no_speech = 2},
                                      {.segment = [&](const Segment&) { ++told; },
                                       .heard =
                                           [&](std::int64_t done_ms, std::int64_t all_ms) {
                                             EXPECT_GT(done_ms, done);
                                             done = done_ms;
                                             all = all_ms;
                                             return true;
                                           }});
    EXPECT_EQ(done, all);
    EXPECT_EQ(all, static_cast<std::int64_t>(seconds * 100) * 10);
    EXPECT_EQ(told, transcript.segments.size());
    EXPECT_EQ(transcript.language, "en");
    std::int64_t last = 0;
    for (const Segment& segment : transcript.segments) {
      EXPECT_GE(segment.start_ms, last);
      EXPECT_GT(segment.end_ms, segment.start_ms);
      last = segment.start_ms;
    }
  }
}

TEST_F(TranscriberTest, TheSameSoundGivesTheSameText) {
  const std::vector<float> pcm = Noise(2.5);
  const Transcript once = Run(pcm), again = Run(pcm);
  ASSERT_EQ(once.segments.size(), again.segments.size());
  EXPECT_EQ(once.Text(), again.Text());
}

// Counts how often it is read from its beginning.
class Reread : public signal::SoundInMemory {
 public:
  using SoundInMemory::SoundInMemory;
  base::Status Restart(base::Diagnosis& why) override {
    ++restarts;
    return SoundInMemory::Restart(why);
  }
  int restarts = 0;
};

TEST_F(TranscriberTest, OnlySoundOfSeveralWindowsIsReadTwice) {
  Transcriber transcriber(model_.network, model_.tokenizer, model_.special, filters_, {});
  base::Diagnosis why;
  for (const auto& [seconds, restarts] : {std::pair{0.9, 0}, std::pair{2.0, 1}}) {
    const std::vector<float> pcm = Noise(seconds);
    Reread sound(pcm);
    ASSERT_TRUE(transcriber.Run(sound, {}, {}, why));
    EXPECT_EQ(sound.restarts, restarts) << seconds << " s";
  }
}

TEST_F(TranscriberTest, ACallerCanEndIt) {
  int calls = 0;
  (void)Run(Noise(5), {}, {.segment = {}, .heard = [&](std::int64_t, std::int64_t) {
                             ++calls;
                             return false;
                           }});
  EXPECT_EQ(calls, 1);
}

TEST_F(TranscriberTest, WhatAModelDoesNotKnowIsSaid) {
  Transcriber transcriber(model_.network, model_.tokenizer, model_.special, filters_, {});
  base::Diagnosis why;
  const std::vector<float> pcm = Noise(0.5);
  signal::SoundInMemory sound(pcm);
  EXPECT_FALSE(transcriber.Run(sound, {.language = "de"}, {}, why));
  EXPECT_NE(std::string(why.text()).find("'de'"), std::string::npos) << why.text();
  EXPECT_FALSE(transcriber.Run(sound, {.task = Task::kTranslate}, {}, why));
  EXPECT_NE(std::string(why.text()).find("translate"), std::string::npos) << why.text();
}

// The search against trying everything that the rules allow, for as long as that is possible.
TEST_F(TranscriberTest, AWiderBeamFindsNothingLessLikely) {
  Rules rules(model_.tokenizer, model_.special, {.timestamps = false});
  std::vector<float> mel(100 * 80, 0.3F);
  Encoder encoder(model_.network, 1);
  Decoder decoder(model_.network, 8, 1);
  const Team team;
  decoder.Listen(encoder.Encode(mel, team), team);
  WindowSearch search(model_.network, model_.special, rules, decoder, team);
  const Prompt prompt = {{model_.special.start_of_transcript, model_.special.no_timestamps}, 0};
  const WindowTokens greedy = search.Run(prompt, {.length_penalty = 0, .most_tokens = 6});
  const WindowTokens one = search.Run(prompt, {.beam = 1, .length_penalty = 0, .most_tokens = 6});
  EXPECT_EQ(one.tokens, greedy.tokens);
  const WindowTokens wide = search.Run(prompt, {.beam = 8, .length_penalty = 0, .most_tokens = 6});
  EXPECT_GE(wide.log_probability, greedy.log_probability - 1e-4F);
  EXPECT_FLOAT_EQ(wide.no_speech, greedy.no_speech);
}

// What a result says of its likelihood is what the paper's network gives its tokens.
TEST_F(TranscriberTest, LogProbabilitiesAreThoseOfTheNetwork) {
  const std::vector<float> mel(100 * 80, 0.3F);
  const Table encoded = model_.weights.Encode(mel);
  Rules rules(model_.tokenizer, model_.special, {.timestamps = false});
  Encoder encoder(model_.network, 1);
  Decoder decoder(model_.network, 5, 1);
  const Team team;
  decoder.Listen(encoder.Encode(mel, team), team);
  WindowSearch search(model_.network, model_.special, rules, decoder, team);
  const std::vector<std::int32_t> start = {model_.special.start_of_transcript,
                                           model_.special.no_timestamps};
  for (const SearchOptions& options :
       {SearchOptions{.most_tokens = 8}, SearchOptions{.beam = 5, .most_tokens = 8},
        SearchOptions{.temperature = 1, .best_of = 5, .most_tokens = 8, .seed = 4}}) {
    const WindowTokens found = search.Run({start, 0}, options);
    std::vector<int> tokens(start.begin(), start.end());
    tokens.insert(tokens.end(), found.tokens.begin(), found.tokens.end());
    const Table logits = model_.weights.Decode(tokens, encoded);
    double sum = 0;
    const bool ended = found.tokens.size() < 8;
    for (std::size_t i = 0; i < found.tokens.size() + (ended ? 1 : 0); ++i) {
      std::vector<float> row(static_cast<std::size_t>(logits.columns));
      for (int v = 0; v < logits.columns; ++v) {
        row[static_cast<std::size_t>(v)] =
            static_cast<float>(logits.at(static_cast<int>(start.size() + i) - 1, v));
      }
      rules.Apply(std::span<const std::int32_t>(found.tokens).first(i), row);
      double all = 0;
      for (const float logit : row) {
        all += std::exp(double{logit});
      }
      const std::int32_t token =
          i < found.tokens.size() ? found.tokens[i] : model_.special.end_of_text;
      sum += row[static_cast<std::size_t>(token)] - std::log(all);
    }
    EXPECT_NEAR(found.log_probability, sum, 1e-3);
  }
}

TEST(CompressionRatio, IsHighWhereTextRepeatsItself) {
  EXPECT_EQ(CompressionRatio(""), 0);
  EXPECT_LT(CompressionRatio("Ever tried. Ever failed. No matter."), 2.4F);
  std::string again;
  for (int i = 0; i < 30; ++i) {
    again += " Thank you.";
  }
  EXPECT_GT(CompressionRatio(again), 2.4F);
}

}  // namespace
}  // namespace pinhole::speech
