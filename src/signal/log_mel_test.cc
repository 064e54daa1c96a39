// SPDX-License-Identifier: Apache-2.0
#include "signal/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "base/heap_count.h"
#include "base/test_data.h"
#include "signal/mel_filters.h"

namespace pinhole::signal {
namespace {

std::vector<float> Filters(int mels) {
  std::vector<float> filters(static_cast<std::size_t>(mels) * LogMel::kBins);
  EXPECT_TRUE(SlaneyMelFilters(mels, filters));
  return filters;
}

// Something like speech: noise and two glides whose loudness changes by a factor of a thousand.
std::vector<float> Sound(std::size_t samples, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0.0F, 0.02F);
  std::vector<float> sound(samples);
  double phase = 0.0, other = 0.0;
  for (std::size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / LogMel::kSampleRate;
    phase += 0.02 * (1.5 + std::sin(7.0 * t));
    other += 0.5 * (1.5 + std::sin(3.0 * t));
    const double loud = std::pow(10.0, 1.5 * (std::sin(11.0 * t) - 1.0));
    sound[i] = static_cast<float>(loud * (0.4 * std::sin(phase) + 0.2 * std::sin(other))) +
               noise(random) * static_cast<float>(loud + 0.01);
  }
  return sound;
}

struct Heard {
  std::vector<float> frames;
  float max = 0.0F;
};

// In one piece, or in pieces of up to `piece` samples.
Heard Hear(LogMel& log_mel, std::span<const float> sound, std::size_t zeros, std::size_t piece = 0,
           unsigned seed = 0) {
  std::mt19937 random(seed);
  const auto mels = static_cast<std::size_t>(log_mel.mels());
  log_mel.Reset();
  Heard heard;
  std::size_t at = 0;
  while (at < sound.size()) {
    const std::size_t count =
        piece == 0 ? sound.size() : std::min(sound.size() - at, random() % piece + 1);
    const auto frames = static_cast<std::size_t>(log_mel.FramesOfPush(count));
    const std::size_t before = heard.frames.size();
    heard.frames.resize(before + frames * mels);
    const auto got =
        log_mel.Push(sound.subspan(at, count), std::span(heard.frames).subspan(before));
    EXPECT_TRUE(got);
    EXPECT_EQ(static_cast<std::size_t>(*got), frames);
    at += count;
  }
  const std::size_t before = heard.frames.size();
  heard.frames.resize(before + static_cast<std::size_t>(log_mel.FramesOfFinish(zeros)) * mels);
  EXPECT_TRUE(log_mel.Finish(zeros, std::span(heard.frames).subspan(before)));
  heard.max = log_mel.max();
  return heard;
}

// The definition, in doubles: the padded signal as a whole, a direct transform, no shortcut.
std::vector<double> Reference(std::span<const float> sound, std::size_t zeros, int mels,
                              const std::vector<float>& filters) {
  std::vector<double> signal(sound.begin(), sound.end());
  signal.resize(signal.size() + zeros, 0.0);
  const auto n = static_cast<std::ptrdiff_t>(signal.size());
  std::vector<double> cosine(400), sine(400), window(400);
  for (std::size_t i = 0; i < 400; ++i) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(i) / 400.0;
    cosine[i] = std::cos(angle);
    sine[i] = std::sin(angle);
    window[i] = 0.5 - 0.5 * std::cos(angle);
  }
  std::vector<double> all;
  for (std::ptrdiff_t t = 0; t < n / 160; ++t) {
    double frame[400];
    for (std::ptrdiff_t i = 0; i < 400; ++i) {
      std::ptrdiff_t at = std::abs(160 * t - 200 + i);
      at = at >= n ? 2 * (n - 1) - at : at;
      frame[i] = signal[static_cast<std::size_t>(at)] * window[static_cast<std::size_t>(i)];
    }
    double power[201];
    for (std::size_t k = 0; k <= 200; ++k) {
      double re = 0.0, im = 0.0;
      for (std::size_t i = 0, turn = 0; i < 400; ++i, turn = (turn + k) % 400) {
        re += frame[i] * cosine[turn];
        im -= frame[i] * sine[turn];
      }
      power[k] = re * re + im * im;
    }
    for (int m = 0; m < mels; ++m) {
      double sum = 0.0;
      for (int k = 0; k <= 200; ++k) {
        sum += static_cast<double>(filters[static_cast<std::size_t>(m * 201 + k)]) * power[k];
      }
      all.push_back(std::log10(std::max(sum, 1e-10)));
    }
  }
  const double max = *std::max_element(all.begin(), all.end());
  for (double& value : all) {
    value = (std::max(value, max - 8.0) + 4.0) / 4.0;
  }
  return all;
}

double WorstDifference(const std::vector<float>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return worst;
}

void ExpectNearTheDefinition(std::span<const float> sound, std::size_t zeros, int mels) {
  const auto filters = Filters(mels);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(mels, filters));
  Heard heard = Hear(*log_mel, sound, zeros);
  LogMel::Normalize(heard.frames, heard.max);
  EXPECT_LE(WorstDifference(heard.frames, Reference(sound, zeros, mels, filters)), 1e-4)
      << sound.size() << " samples, " << zeros << " zeros, " << mels << " mels";
}

TEST(LogMel, EqualsTheDefinitionInDoubles) {
  for (const int mels : {80, 128}) {
    ExpectNearTheDefinition(Sound(16000, 1), 0, mels);
    ExpectNearTheDefinition(Sound(4321, 2), 4000, mels);
  }
}

// Every length around a frame's end, both ends mirrored; the first frame alone, too.
TEST(LogMel, EqualsTheDefinitionAtEveryLength) {
  for (std::size_t samples = 201; samples < 201 + 165; ++samples) {
    ExpectNearTheDefinition(Sound(samples, 3), samples % 3, 80);
  }
}

TEST(LogMel, StreamingEqualsBatchToTheBit) {
  const auto filters = Filters(80);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto sound = Sound(1 + seed * 1371, seed);
    const std::size_t zeros = seed % 4 * 411;
    const Heard batch = Hear(*log_mel, sound, zeros);
    EXPECT_EQ(batch.frames.size(), (sound.size() + zeros) / 160 * 80);
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{37}, std::size_t{161}, std::size_t{5000}}) {
      const Heard streamed = Hear(*log_mel, sound, zeros, piece, seed);
      ASSERT_EQ(streamed.frames.size(), batch.frames.size());
      EXPECT_TRUE(std::ranges::equal(streamed.frames, batch.frames,
                                     [](float a, float b) {
                                       return std::bit_cast<std::uint32_t>(a) ==
                                              std::bit_cast<std::uint32_t>(b);
                                     }))
          << sound.size() << " in pieces of up to " << piece;
      EXPECT_EQ(streamed.max, batch.max);
    }
  }
}

// Zeros that were given, and zeros that Finish was told of, are the same silence.
TEST(LogMel, SilenceThatIsSaidEqualsSilenceThatIsHeard) {
  const auto filters = Filters(80);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  for (const std::size_t samples : {0U, 100U, 900U, 5000U}) {
    auto sound = Sound(samples, 5);
    const Heard said = Hear(*log_mel, sound, 48000);
    sound.resize(samples + 48000);
    const Heard heard = Hear(*log_mel, sound, 0);
    EXPECT_EQ(said.frames, heard.frames) << samples;
    EXPECT_EQ(said.max, heard.max) << samples;
  }
}

TEST(LogMel, SilenceIsTheSmallestValue) {
  const auto filters = Filters(80);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  Heard heard = Hear(*log_mel, std::vector<float>(3200), 0);
  EXPECT_FLOAT_EQ(heard.max, -10.0F);
  LogMel::Normalize(heard.frames, heard.max);
  for (const float value : heard.frames) {
    EXPECT_NEAR(value, -1.5F, 1e-6F);
  }
}

TEST(LogMel, FewSamplesGiveTheirFramesOrNone) {
  const auto filters = Filters(80);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  for (std::size_t samples = 0; samples <= 201; ++samples) {
    const Heard heard = Hear(*log_mel, Sound(samples, 9), 0);
    EXPECT_EQ(heard.frames.size(), samples / 160 * 80);
    for (const float value : heard.frames) {
      EXPECT_TRUE(value >= -10.001F && value < 10.0F) << samples;
    }
  }
}

TEST(LogMel, SamplesThatAreNoSoundCountAsZero) {
  const auto filters = Filters(80);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  auto sound = Sound(3000, 4), clean = sound;
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(), 1e30F};
  for (std::size_t i = 0; i < 4; ++i) {
    sound[500 * i + 333] = bad[i];
    clean[500 * i + 333] = 0.0F;
  }
  EXPECT_EQ(Hear(*log_mel, sound, 0).frames, Hear(*log_mel, clean, 0).frames);
}

TEST(LogMel, RefusesWhatItWasNotSetUpFor) {
  const auto log_mel = std::make_unique<LogMel>();
  std::vector<float> sound(1000), out(80);
  EXPECT_EQ(log_mel->Push(sound, out).error(), base::Error::kNotReady);
  EXPECT_EQ(log_mel->Finish(0, out).error(), base::Error::kNotReady);
  auto filters = Filters(80);
  EXPECT_FALSE(log_mel->SetUp(79, filters));
  EXPECT_FALSE(log_mel->SetUp(0, {}));
  filters[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(log_mel->SetUp(80, filters));
  filters[17] = 0.0F;
  ASSERT_TRUE(log_mel->SetUp(80, filters));
  // Five frames are complete, one fits; nothing is taken, and the next call may bring more room.
  EXPECT_EQ(log_mel->FramesOfPush(1000), 6);
  EXPECT_EQ(log_mel->Push(sound, out).error(), base::Error::kInvalidArgument);
  out.resize(6 * 80);
  EXPECT_EQ(log_mel->Push(sound, out).value(), 6);
  EXPECT_EQ(log_mel->Finish(480, std::span(out).first(80)).error(), base::Error::kInvalidArgument);
}

TEST(LogMel, AllocatesNothing) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const auto filters = Filters(80);
  const auto sound = Sound(20000, 1);
  std::vector<float> out(80 * 400);
  const auto log_mel = std::make_unique<LogMel>();
  const long before = base::heap_calls;
  const bool fine =
      log_mel->SetUp(80, filters) && log_mel->Push(sound, out) && log_mel->Finish(16000, out);
  const long after = base::heap_calls;
  EXPECT_TRUE(fine);
  EXPECT_EQ(after, before);
}

TEST(LogMel, EqualsTheDefinitionOnSpeech) {
  const auto path = base::TestData("audio/jfk.wav");
  if (!exists(path)) {
    GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t data = bytes.find("data") + 8;  // 16-bit mono at 16 kHz
  std::vector<float> sound;
  for (std::size_t at = data; at + 1 < bytes.size(); at += 2) {
    const int sample =
        static_cast<std::uint8_t>(bytes[at]) | static_cast<std::uint8_t>(bytes[at + 1]) << 8;
    sound.push_back(static_cast<float>(static_cast<std::int16_t>(sample)) / 32768.0F);
  }
  ASSERT_GT(sound.size(), 170000U);
  ExpectNearTheDefinition(sound, 1000, 80);
}

}  // namespace
}  // namespace pinhole::signal
