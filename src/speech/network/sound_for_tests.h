// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: recordings as the network hears them, and how alike two lists of numbers are.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "signal/log_mel.h"

namespace pinhole::speech {

inline std::vector<std::byte> ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> chars(std::istreambuf_iterator<char>(in), {});
  std::vector<std::byte> bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

// A file of 16-bit samples of one channel behind a header of 44 bytes.
inline std::vector<float> WavSamples(const std::filesystem::path& path) {
  constexpr std::size_t kHeader = 44;
  const std::vector<std::byte> wav = ReadBytes(path);
  std::vector<float> pcm;
  for (std::size_t i = kHeader; i + 1 < wav.size(); i += 2) {
    std::int16_t sample;
    std::memcpy(&sample, wav.data() + i, 2);
    pcm.push_back(static_cast<float>(sample) / 32768);
  }
  return pcm;
}

// The first window of `frames` frames, with a window of silence behind the sound: [frames][mels].
inline std::vector<float> LogMelWindow(std::span<const float> pcm, std::span<const float> filters,
                                       std::size_t frames) {
  const std::size_t mels = filters.size() / signal::LogMel::kBins;
  const std::size_t silence = frames * signal::LogMel::kHop;
  signal::LogMel log_mel;
  if (!log_mel.SetUp(static_cast<int>(mels), filters)) {
    return {};
  }
  std::vector<float> mel((pcm.size() + silence) / signal::LogMel::kHop * mels);
  const auto done = log_mel.Push(pcm, mel);
  const std::size_t rest = done ? static_cast<std::size_t>(*done) * mels : mel.size();
  (void)log_mel.Finish(silence, std::span<float>(mel).subspan(rest));
  signal::LogMel::Normalize(mel, log_mel.max());
  mel.resize(frames * mels);
  return mel;
}

template <typename A, typename B>
double Correlation(std::span<const A> a, std::span<const B> b) {
  double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  const auto n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ma += a[i] / n;
    mb += b[i] / n;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace pinhole::speech
