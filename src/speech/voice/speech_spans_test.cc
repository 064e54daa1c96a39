// SPDX-License-Identifier: Apache-2.0
#include "speech/voice/speech_spans.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "speech/voice/voice_detector.h"

namespace pinhole::speech {
namespace {

constexpr int kRate = 16000;

std::vector<SpeechSpan> SpansOf(const std::vector<float>& probabilities, const SpeechRules& rules) {
  SpanFinder finder(rules);
  std::vector<SpeechSpan> spans;
  for (const float p : probabilities) {
    if (const auto span = finder.Push(p)) {
      spans.push_back(*span);
    }
  }
  const auto samples = static_cast<std::int64_t>(probabilities.size()) * VoiceDetector::kStep;
  if (const auto span = finder.Finish(samples)) {
    spans.push_back(*span);
  }
  return spans;
}

std::vector<float> Runs(std::initializer_list<std::pair<int, float>> runs) {
  std::vector<float> all;
  for (const auto& [count, p] : runs) {
    all.insert(all.end(), static_cast<std::size_t>(count), p);
  }
  return all;
}

TEST(SpanFinder, FollowsItsRules) {
  const SpeechRules rules = {0.6F, 0.3F, 100, 200, 40};
  EXPECT_TRUE(SpansOf({}, rules).empty());
  EXPECT_TRUE(SpansOf(Runs({{100, 0.59F}}), rules).empty());  // never enters
  // Enters at 0.6, stays at 0.3: steps 50 to 69, and 40 ms of padding.
  EXPECT_EQ(SpansOf(Runs({{50, 0.1F}, {1, 0.6F}, {19, 0.3F}, {50, 0.1F}}), rules),
            (std::vector<SpeechSpan>{{50 * 320 - 640, 70 * 320 + 640}}));
  // Four steps are less than 100 ms, five are not.
  EXPECT_TRUE(SpansOf(Runs({{50, 0}, {4, 1}, {50, 0}}), rules).empty());
  EXPECT_EQ(SpansOf(Runs({{50, 0}, {5, 1}, {50, 0}}), rules).size(), 1U);
  // Nine steps of silence are bridged, ten are not.
  EXPECT_EQ(SpansOf(Runs({{50, 0}, {9, 1}, {9, 0}, {9, 1}, {50, 0}}), rules).size(), 1U);
  EXPECT_EQ(SpansOf(Runs({{50, 0}, {9, 1}, {10, 0}, {9, 1}, {50, 0}}), rules).size(), 2U);
  // Padding ends where the sound does.
  EXPECT_EQ(SpansOf(Runs({{20, 1}}), rules), (std::vector<SpeechSpan>{{0, 20 * 320}}));
}

TEST(SpanFinder, SpansAreInOrderApartAndInside) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> any(0, 1);
  for (int round = 0; round < 300; ++round) {
    const SpeechRules rules = {any(random), any(random), static_cast<int>(300 * any(random)),
                               static_cast<int>(500 * any(random)),
                               static_cast<int>(500 * any(random)) - 50};
    std::vector<float> probabilities;
    for (int i = 0; i < 500; ++i) {
      const float p = any(random);
      probabilities.insert(probabilities.end(), static_cast<std::size_t>(1 + 20 * any(random)), p);
    }
    const auto samples = static_cast<std::int64_t>(probabilities.size()) * VoiceDetector::kStep;
    std::int64_t last = 0;
    for (const SpeechSpan& span : SpansOf(probabilities, rules)) {
      ASSERT_GE(span.begin, last);
      ASSERT_GT(span.end, span.begin);
      ASSERT_LE(span.end, samples);
      last = span.end;
      bool reached = false;
      for (std::int64_t t = span.begin / VoiceDetector::kStep;
           t < (span.end + VoiceDetector::kStep - 1) / VoiceDetector::kStep; ++t) {
        reached |= probabilities[static_cast<std::size_t>(t)] >= rules.enter;
      }
      ASSERT_TRUE(reached);
    }
  }
}

class FailingSound : public signal::SoundSource {
 public:
  base::Status Restart(base::Diagnosis&) override { return {}; }
  base::Result<std::size_t> Read(std::span<float>, base::Diagnosis& why) override {
    return why.Fail(base::Error::kIo, "gone");
  }
};

TEST(FindSpeech, AFailedSourceIsAnError) {
  FailingSound sound;
  base::Diagnosis why;
  EXPECT_EQ(FindSpeech(sound, {}, why).error(), base::Error::kIo);
  EXPECT_EQ(why.text(), "gone");
}

// What makes Whisper say "Thank you." Ten seconds each.
TEST(FindSpeech, SilenceHumNoiseClicksAndTonesAreNotSpeech) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  double brown = 0;
  const auto at = [](double hertz, int i) {
    return std::sin(2 * std::numbers::pi * hertz * i / kRate);
  };
  const std::vector<std::pair<const char*, std::function<double(int)>>> kSounds = {
      {"silence", [](int) { return 0.0; }},
      {"almost silence", [&](int) { return normal(random) / 32768; }},
      {"white noise", [&](int) { return 0.05 * normal(random); }},
      {"loud white noise", [&](int) { return 0.3 * normal(random); }},
      {"brown noise", [&](int) { return brown = 0.995 * brown + 0.01 * normal(random); }},
      {"hum", [&](int i) { return 0.1 * at(50, i) + 0.05 * at(150, i) + 0.02 * at(350, i); }},
      {"a tone", [&](int i) { return 0.3 * at(440, i); }},
      {"beeps", [&](int i) { return i / 4000 % 2 == 0 ? 0.3 * at(1000, i) : 0.0; }},
      {"clicks", [&](int i) { return i % 5000 < 20 ? 0.8 * normal(random) : 0.0; }},
      {"a sweep", [&](int i) { return 0.3 * at(100 + i / 100.0, i); }},
      {"a tone that begins late", [&](int i) { return i < 80000 ? 0.0 : 0.3 * at(600, i); }},
      {"noise that begins late",
       [&](int i) { return (i < 80000 ? 0.0005 : 0.1) * normal(random); }},
  };
  for (const auto& [name, sample] : kSounds) {
    std::vector<float> samples;
    for (int i = 0; i < 10 * kRate; ++i) {
      samples.push_back(static_cast<float>(std::clamp(sample(i), -1.0, 1.0)));
    }
    EXPECT_TRUE(FindSpeech(samples).empty()) << name;
  }
}

// 16-bit PCM, its channels' mean.
std::vector<float> ReadClip(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto word = [&bytes](std::size_t at) {
    return static_cast<float>(static_cast<signed char>(bytes[at + 1]) * 256 +
                              static_cast<unsigned char>(bytes[at]));
  };
  const auto channels = static_cast<std::size_t>(bytes.at(22));
  std::vector<float> samples;
  for (std::size_t at = bytes.find("data") + 8; at + 2 * channels <= bytes.size();
       at += 2 * channels) {
    float sum = 0;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      sum += word(at + 2 * channel);
    }
    samples.push_back(sum / (32768.0F * static_cast<float>(channels)));
  }
  return samples;
}

double Seconds(const std::vector<SpeechSpan>& spans) {
  double sum = 0;
  for (const SpeechSpan& span : spans) {
    sum += static_cast<double>(span.end - span.begin) / kRate;
  }
  return sum;
}

struct Clip {
  const char* name;
  double least, most;  // seconds of speech
};

class RealSound : public testing::TestWithParam<Clip> {};

TEST_P(RealSound, IsFoundOrIsNot) {
  const auto path = base::TestData("audio") / GetParam().name;
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
  }
  const std::vector<float> samples = ReadClip(path);
  const std::vector<SpeechSpan> spans = FindSpeech(samples);
  const double seconds = Seconds(spans);
  EXPECT_GE(seconds, GetParam().least);
  EXPECT_LE(seconds, GetParam().most);
  RecordProperty("seconds", std::to_string(seconds));
  // The same a twentieth as loud: loudness is not what speech is told by. Pauses may fall
  // otherwise.
  std::vector<float> quiet = samples;
  std::ranges::for_each(quiet, [](float& sample) { sample *= 0.05F; });
  EXPECT_NEAR(Seconds(FindSpeech(quiet)), seconds, 0.5 + 0.15 * seconds);
}

INSTANTIATE_TEST_SUITE_P(Clips, RealSound,
                         testing::Values(Clip{"jfk.wav", 8, 11}, Clip{"two_cities_16k.wav", 37, 42},
                                         Clip{"beckett.wav", 6, 9}, Clip{"yes_1000ms.wav", 0.4, 1},
                                         Clip{"no_1000ms.wav", 0.4, 1},
                                         Clip{"marvin_617de221_0.wav", 0.4, 1},
                                         Clip{"short_wav_easy10s.wav", 2.4, 5},
                                         Clip{"noise_1000ms.wav", 0, 0},
                                         Clip{"silence_1000ms.wav", 0, 0}));

}  // namespace
}  // namespace pinhole::speech
