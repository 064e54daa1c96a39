// SPDX-License-Identifier: Apache-2.0
// The bundled model from its file to text, against what the framework that trained it says of the
// same recordings (models/speech/golden).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "speech/transcribe/transcriber.h"
#include "speech/weights/read_model.h"

namespace pinhole::speech {
namespace {

using Bytes = std::vector<std::byte>;

std::filesystem::path Folder() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::filesystem::path(source != nullptr ? source : ".") / "models/speech";
}

Bytes Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> chars(std::istreambuf_iterator<char>(in), {});
  Bytes bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

std::vector<float> Sound(const std::string& name) {
  const Bytes wav = Read(Folder() / "golden" / (name + ".wav"));
  std::vector<float> pcm;
  for (std::size_t i = 44; i + 1 < wav.size(); i += 2) {
    std::int16_t sample;
    std::memcpy(&sample, wav.data() + i, 2);
    pcm.push_back(static_cast<float>(sample) / 32768);
  }
  return pcm;
}

nlohmann::json Golden(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(Folder() / "golden" / (name + ".json")));
}

class Bundled : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    bytes_ = Read(Folder() / "speech.bin");
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
  const std::vector<float> pcm = Sound(GetParam());
  signal::LogMel log_mel;
  ASSERT_TRUE(log_mel.SetUp(file_.dims.mels, file_.filters.weights));
  const auto frames = static_cast<std::size_t>(2 * file_.dims.audio_context);
  const auto mels = static_cast<std::size_t>(file_.dims.mels);
  std::vector<float> mel((frames + pcm.size() / 160 + 2) * mels);
  const auto done = log_mel.Push(pcm, mel);
  ASSERT_TRUE(done);
  ASSERT_TRUE(log_mel.Finish(
      frames * 160, std::span<float>(mel).subspan(static_cast<std::size_t>(*done) * mels)));
  mel.resize(frames * mels);
  signal::LogMel::Normalize(mel, log_mel.max());
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

INSTANTIATE_TEST_SUITE_P(, Bundled, testing::Values("yes", "light", "digits", "noise"),
                         [](const auto& about) { return about.param; });

}  // namespace
}  // namespace pinhole::speech
