// SPDX-License-Identifier: Apache-2.0
// The bundled model from its file to text, against what the framework that trained it says of the
// same recordings (models/speech/golden).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "speech/network/sound_for_tests.h"
#include "speech/transcribe/transcriber.h"
#include "speech/weights/read_model.h"

namespace pinhole::speech {
namespace {

using Bytes = std::vector<std::byte>;

std::filesystem::path Folder() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::filesystem::path(source != nullptr ? source : ".") / "models/speech";
}

std::vector<float> Sound(const std::string& name) {
  return WavSamples(Folder() / "golden" / (name + ".wav"));
}

nlohmann::json Golden(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(Folder() / "golden" / (name + ".json")));
}

class Bundled : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    bytes_ = ReadBytes(Folder() / "speech.bin");
    auto file = ReadModelFile(bytes_, {}, why_);
    ASSERT_TRUE(file) << why_.text();
    file_ = std::move(*file);
  }
  Network Make(matrix::Precision precision) {
    auto network = MakeNetwork(file_, matrix::BestTarget(), {.weights = precision}, nullptr, why_);
    EXPECT_TRUE(network) << why_.text();
    return std::move(*network);
  }
  std::string TextOf(const Network& network, const TranscribeOptions& options) {
    const auto tokenizer = Tokenizer::Make(file_.vocabulary, why_);
    EXPECT_TRUE(tokenizer) << why_.text();
    const auto special =
        SpecialTokens::Of(file_.dims.vocabulary, tokenizer->size(), file_.dims.audio_context, why_);
    EXPECT_TRUE(special) << why_.text();
    Transcriber transcriber(network, *tokenizer, *special, file_.filters.weights, {});
    const std::vector<float> pcm = Sound(GetParam());
    signal::SoundInMemory sound(pcm);
    const auto transcript = transcriber.Run(sound, options, {}, why_);
    EXPECT_TRUE(transcript) << why_.text();
    return transcript->Text();
  }

  base::Diagnosis why_;
  Bytes bytes_;
  ModelFile file_;
};

TEST_P(Bundled, LogitsAreThoseOfTheTraining) {
  const nlohmann::json golden = Golden(GetParam());
  const Network network = Make(matrix::Precision::kF32);
  const std::vector<float> mel =
      LogMelWindow(Sound(GetParam()), file_.filters.weights,
                   static_cast<std::size_t>(2 * file_.dims.audio_context));
  Encoder encoder(network, 1);
  Decoder decoder(network, 1, 1);
  decoder.Listen(encoder.Encode(mel, {}), {});
  std::vector<TokenAt> tokens;
  for (const int token : golden["logits_inputs"]) {
    tokens.push_back({token, static_cast<int>(tokens.size())});
  }
  const auto vocabulary = static_cast<std::size_t>(file_.dims.vocabulary);
  std::vector<float> logits(tokens.size() * vocabulary);
  decoder.Step(tokens, logits, {});
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    for (std::size_t i = 0; i < vocabulary; ++i) {
      ASSERT_NEAR(logits[row * vocabulary + i], golden["logits"][row][i].get<float>(), 5e-3)
          << "after token " << row << ", of token " << i;
    }
  }
}

TEST_P(Bundled, WhatWasSaidIsHeard) {
  const std::string expected = Golden(GetParam())["text"];
  for (const matrix::Precision precision : {matrix::Precision::kF32, matrix::Precision::kInt8}) {
    const Network network = Make(precision);
    for (const Hearing hearing : {Hearing::kWhole, Hearing::kFit}) {
      for (const bool timestamps : {false, true}) {
        // This model was trained to tell silence from speech, and may be believed.
        EXPECT_EQ(TextOf(network, {.hearing = hearing,
                                   .rules = {.timestamps = timestamps},
                                   .no_speech_suffices = true}),
                  expected)
            << "precision " << int(precision) << (hearing == Hearing::kFit ? ", fit" : ", whole")
            << (timestamps ? ", with times" : "");
      }
    }
  }
}

class Found : public Bundled {};

// Somebody speaks once in half a minute of noise: that is heard, at its time, and nothing else.
TEST_P(Found, InNoiseByItsVoice) {
  const Network network = Make(matrix::Precision::kInt8);
  const auto tokenizer = Tokenizer::Make(file_.vocabulary, why_);
  const auto special =
      SpecialTokens::Of(file_.dims.vocabulary, tokenizer->size(), file_.dims.audio_context, why_);
  ASSERT_TRUE(special);
  Transcriber transcriber(network, *tokenizer, *special, file_.filters.weights, {});
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0, 0.002F);
  std::vector<float> pcm(std::size_t{32} * 16000);
  std::generate(pcm.begin(), pcm.end(), [&] { return noise(random); });
  const TranscribeOptions options = {
      .hearing = Hearing::kFit, .no_speech_suffices = true, .voice_only = true};
  std::int64_t done_ms = 0;
  const Progress progress = {.heard = [&](std::int64_t done, std::int64_t /*all*/) {
    done_ms = done;
    return true;
  }};
  {
    signal::SoundInMemory sound(pcm);
    const auto transcript = transcriber.Run(sound, options, progress, why_);
    ASSERT_TRUE(transcript) << why_.text();
    EXPECT_TRUE(transcript->segments.empty()) << transcript->Text();
    EXPECT_EQ(done_ms, 32'000);
  }
  const std::vector<float> said = Sound(GetParam());
  constexpr std::size_t kAt = std::size_t{19} * 16000;
  for (std::size_t i = 0; i < said.size(); ++i) {
    pcm[kAt + i] += said[i];
  }
  signal::SoundInMemory sound(pcm);
  const auto transcript = transcriber.Run(sound, options, progress, why_);
  ASSERT_TRUE(transcript) << why_.text();
  EXPECT_EQ(transcript->Text(), Golden(GetParam())["text"]);
  ASSERT_FALSE(transcript->segments.empty());
  EXPECT_GE(transcript->segments.front().start_ms, 18'500);
  EXPECT_LE(transcript->segments.back().end_ms, 23'000);
  EXPECT_EQ(done_ms, 32'000);
}

INSTANTIATE_TEST_SUITE_P(, Found, testing::Values("light", "digits"),
                         [](const auto& about) { return about.param; });

INSTANTIATE_TEST_SUITE_P(, Bundled, testing::Values("yes", "light", "digits", "noise"),
                         [](const auto& about) { return about.param; });

}  // namespace
}  // namespace pinhole::speech
