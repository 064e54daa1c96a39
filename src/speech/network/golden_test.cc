// SPDX-License-Identifier: Apache-2.0
// A network of the true sizes, with weights drawn from a seed by the script beside the test data,
// against what whisper.cpp makes of it and against the paper's network in double precision.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "speech/network/decoder.h"
#include "speech/network/encoder.h"
#include "speech/network/sound_for_tests.h"
#include "speech/network/whisper_for_tests.h"
#include "speech/weights/read_model.h"

namespace pinhole::speech {
namespace {

using Bytes = std::vector<std::byte>;

// The script's model; empty where it can't be made, which `why` says.
Bytes RandomModel(const std::string& arguments, std::string& why) {
  const auto script = base::TestData("../tools/make_random_whisper.py");
  if (PINHOLE_SANITIZED) {
    why = "a network of the true sizes takes too long under sanitizers";
  } else if (!std::filesystem::exists(script)) {
    why = script.string() + " is missing (set PINHOLE_DATA)";
  } else if (std::system("/usr/bin/python3 -c 'import numpy' >/dev/null 2>&1") != 0) {
    why = "python3-numpy is missing";
  } else {
    std::string path = testing::TempDir() + "pinhole-whisper-XXXXXX";
    const int file = mkstemp(path.data());
    EXPECT_GE(file, 0);
    close(file);
    const std::size_t space = arguments.find(' ');
    const std::string command =
        "/usr/bin/python3 '" + script.string() + "' " + arguments.substr(0, space) + " '" + path +
        "'" + (space == std::string::npos ? "" : arguments.substr(space)) + " >/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    Bytes bytes = ReadBytes(path);
    std::filesystem::remove(path);
    return bytes;
  }
  return {};
}

// whisper.cpp's q8_0 of a ggml file in f16: blocks of 32 weights, a scale in f16 and 32 bytes each.
class Quantiser {
 public:
  explicit Quantiser(const Bytes& from) : from_(from) {}

  Bytes Run() {
    Copy(4 + 10 * 4);
    (void)Int();
    Put(7 + 2 * 1000);
    const std::int32_t mels = Int(), bins = Int();
    Put(mels);
    Put(bins);
    Copy(std::size_t{4} * static_cast<std::size_t>(mels) * static_cast<std::size_t>(bins));
    const std::int32_t tokens = Int();
    Put(tokens);
    for (std::int32_t i = 0; i < tokens; ++i) {
      const std::int32_t length = Int();
      Put(length);
      Copy(static_cast<std::size_t>(length));
    }
    while (at_ < from_.size()) {
      Tensor();
    }
    return to_;
  }

 private:
  std::int32_t Int() {
    std::int32_t value;
    std::memcpy(&value, from_.data() + at_, 4);
    at_ += 4;
    return value;
  }
  void Put(std::int32_t value) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&value);
    to_.insert(to_.end(), bytes, bytes + 4);
  }
  void Copy(std::size_t count) {
    const auto begin = from_.begin() + static_cast<std::ptrdiff_t>(at_);
    to_.insert(to_.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    at_ += count;
  }

  void Tensor() {
    const std::int32_t dims = Int(), name_length = Int(), type = Int();
    std::vector<std::int32_t> sizes;
    std::size_t count = 1;
    for (std::int32_t i = 0; i < dims; ++i) {
      sizes.push_back(Int());
      count *= static_cast<std::size_t>(sizes.back());
    }
    const std::string name(reinterpret_cast<const char*>(from_.data() + at_),
                           static_cast<std::size_t>(name_length));
    const bool quantise = dims == 2 && type == 1 && !name.ends_with("positional_embedding");
    for (const std::int32_t value : {dims, name_length, quantise ? 8 : type}) {
      Put(value);
    }
    for (const std::int32_t size : sizes) {
      Put(size);
    }
    Copy(static_cast<std::size_t>(name_length));
    if (!quantise) {
      Copy(count * (type == 0 ? 4 : 2));
      return;
    }
    for (std::size_t i = 0; i < count; i += 32) {
      BlockOf32();
    }
  }
  void BlockOf32() {
    float values[32], largest = 0;
    for (float& value : values) {
      _Float16 half;
      std::memcpy(&half, from_.data() + at_, 2);
      at_ += 2;
      value = static_cast<float>(half);
      largest = std::max(largest, std::fabs(value));
    }
    const float scale = largest / 127;
    const auto half = static_cast<_Float16>(scale);
    const auto* const bytes = reinterpret_cast<const std::byte*>(&half);
    to_.insert(to_.end(), bytes, bytes + 2);
    for (const float value : values) {
      to_.push_back(static_cast<std::byte>(
          static_cast<std::int8_t>(scale > 0 ? std::round(value / scale) : 0)));
    }
  }

  const Bytes& from_;
  std::size_t at_ = 0;
  Bytes to_;
};

std::vector<float> SpeechFrames(const ModelFile& file) {
  return LogMelWindow(WavSamples(base::TestData("audio/jfk.wav")), file.filters.weights, 3000);
}

// Logits after the prompt of a transcription in English without timestamps.
std::vector<float> Logits(const Bytes& bytes, matrix::Precision precision) {
  base::Diagnosis why;
  const auto file = ReadModelFile(bytes, {}, why);
  EXPECT_TRUE(file) << why.text();
  const auto network =
      MakeNetwork(*file, matrix::BestTarget(), {.weights = precision}, nullptr, why);
  EXPECT_TRUE(network) << why.text();
  Encoder encoder(*network, 1);
  Decoder decoder(*network, 1, 1);
  decoder.Listen(encoder.Encode(SpeechFrames(*file), {}), {});
  const TokenAt prompt[] = {
      {50258, 0, 0, false}, {50259, 1, 0, false}, {50359, 2, 0, false}, {50363, 3, 0, true}};
  std::vector<float> logits(static_cast<std::size_t>(file->dims.vocabulary));
  decoder.Step(prompt, logits, {});
  return logits;
}

void ExpectGolden(const Bytes& model, const std::string& golden,
                  std::initializer_list<std::pair<matrix::Precision, double>> bands) {
  const auto path = base::TestData("golden/whisper/" + golden);
  const Bytes bytes = ReadBytes(path);
  std::vector<float> expected(bytes.size() / 4);
  std::memcpy(expected.data(), bytes.data(), bytes.size());
  for (const auto& [precision, least] : bands) {
    if (precision == matrix::Precision::kBf16 && !matrix::BestTarget().bf16) {
      continue;
    }
    const std::vector<float> logits = Logits(model, precision);
    ASSERT_EQ(logits.size(), expected.size()) << path;
    const auto likeliest = [](const std::vector<float>& of) {
      return std::max_element(of.begin(), of.end()) - of.begin();
    };
    EXPECT_EQ(likeliest(logits), likeliest(expected)) << golden;
    const double correlation =
        Correlation(std::span<const float>(logits), std::span<const float>(expected));
    EXPECT_GT(correlation, least) << golden << ", precision " << int(precision);
    testing::Test::RecordProperty("correlation_" + std::to_string(int(precision)),
                                  std::to_string(correlation));
  }
}

TEST(WhisperGoldens, F32) {
  std::string why;
  const Bytes model = RandomModel("tiny --ftype f32", why);
  if (model.empty()) {
    GTEST_SKIP() << why;
  }
  ExpectGolden(model, "tiny-random-f32.logits.f32",
               {{matrix::Precision::kF32, 0.999},
                {matrix::Precision::kBf16, 0.999},
                {matrix::Precision::kInt8, 0.99}});
}

TEST(WhisperGoldens, F16AndQ8) {
  std::string why;
  const Bytes model = RandomModel("tiny", why);
  if (model.empty()) {
    GTEST_SKIP() << why;
  }
  ExpectGolden(model, "tiny-random-f16.logits.f32",
               {{matrix::Precision::kF32, 0.999}, {matrix::Precision::kInt8, 0.99}});
  ExpectGolden(Quantiser(model).Run(), "tiny-random-q8_0.logits.f32",
               {{matrix::Precision::kF32, 0.99}, {matrix::Precision::kInt8, 0.99}});
}

TEST(WhisperGoldens, OtherSeedsAreThePapersNetwork) {
  for (const std::string arguments : {"tiny --seed 7", "tiny.en --seed 8"}) {
    std::string why;
    const Bytes model = RandomModel(arguments, why);
    if (model.empty()) {
      GTEST_SKIP() << why;
    }
    base::Diagnosis diagnosis;
    const auto file = ReadModelFile(model, {}, diagnosis);
    ASSERT_TRUE(file) << diagnosis.text();
    const auto network = MakeNetwork(*file, matrix::BestTarget(),
                                     {.weights = matrix::Precision::kF32}, nullptr, diagnosis);
    ASSERT_TRUE(network) << diagnosis.text();
    // Few positions: the definition takes its time.
    std::vector<float> mel = SpeechFrames(*file);
    mel.resize(std::size_t{24} * static_cast<std::size_t>(file->dims.mels));
    const PaperWhisper paper(*file);
    const Table encoded = paper.Encode(mel);
    const std::vector<int> tokens = {50257, 1000, 31};
    const Table expected = paper.Decode(tokens, encoded);
    Encoder encoder(*network, 1);
    Decoder decoder(*network, 1, 1);
    decoder.Listen(encoder.Encode(mel, {}), {});
    std::vector<float> logits(expected.values.size());
    decoder.Step(std::vector<TokenAt>{{50257, 0}, {1000, 1}, {31, 2}}, logits, {});
    for (std::size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(logits[i], expected.values[i], 1e-3) << arguments;
    }
  }
}

}  // namespace
}  // namespace pinhole::speech
