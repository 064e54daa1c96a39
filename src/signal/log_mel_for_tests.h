// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: sound, how LogMel hears it, and what it should hear, by the definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numbers>
#include <random>
#include <span>
#include <vector>

#include "signal/log_mel.h"
#include "signal/mel_filters.h"

namespace pinhole::signal {

inline std::vector<float> Filters(int mels) {
  std::vector<float> filters(static_cast<std::size_t>(mels) * LogMel::kBins);
  EXPECT_TRUE(SlaneyMelFilters(mels, filters));
  return filters;
}

// Something like speech: noise and two glides whose loudness changes by a factor of a thousand.
inline std::vector<float> Sound(std::size_t samples, unsigned seed) {
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
inline Heard Hear(LogMel& log_mel, std::span<const float> sound, std::size_t zeros,
                  std::size_t piece = 0, unsigned seed = 0) {
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
inline std::vector<double> Reference(std::span<const float> sound, std::size_t zeros, int mels,
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

inline double WorstDifference(const std::vector<float>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return worst;
}

inline void ExpectNearTheDefinition(std::span<const float> sound, std::size_t zeros, int mels) {
  const auto filters = Filters(mels);
  const auto log_mel = std::make_unique<LogMel>();
  ASSERT_TRUE(log_mel->SetUp(mels, filters));
  Heard heard = Hear(*log_mel, sound, zeros);
  LogMel::Normalize(heard.frames, heard.max);
  EXPECT_LE(WorstDifference(heard.frames, Reference(sound, zeros, mels, filters)), 1e-4)
      << sound.size() << " samples, " << zeros << " zeros, " << mels << " mels";
}

}  // namespace pinhole::signal
