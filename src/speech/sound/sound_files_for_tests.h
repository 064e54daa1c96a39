// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound files that tests make themselves: WAV by hand, all else by the command `ffmpeg` where it is
// installed.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "speech/sound/sound_decoder.h"

namespace pinhole::speech {

namespace fs = std::filesystem;

using Bytes = std::vector<std::uint8_t>;

class TestFolder {
 public:
  TestFolder() {
    std::string name = (fs::temp_directory_path() / "pinhole-sound-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

inline Bytes ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void WriteBytes(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

struct WavShape {
  int rate = 16000, channels = 1, bits = 16;
  int format = 1;  // 1: whole numbers, 3: floats
};

inline void AppendLe(Bytes& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

// `data`: as it stands in the file.
inline Bytes WavOf(const WavShape& shape, const Bytes& data) {
  Bytes wav;
  const auto text = [&wav](std::string_view word) {
    wav.insert(wav.end(), word.begin(), word.end());
  };
  const int block = shape.channels * shape.bits / 8;
  text("RIFF");
  AppendLe(wav, 36 + data.size(), 4);
  text("WAVEfmt ");
  AppendLe(wav, 16, 4);
  AppendLe(wav, static_cast<std::uint64_t>(shape.format), 2);
  AppendLe(wav, static_cast<std::uint64_t>(shape.channels), 2);
  AppendLe(wav, static_cast<std::uint64_t>(shape.rate), 4);
  AppendLe(wav, static_cast<std::uint64_t>(shape.rate * block), 4);
  AppendLe(wav, static_cast<std::uint64_t>(block), 2);
  AppendLe(wav, static_cast<std::uint64_t>(shape.bits), 2);
  text("data");
  AppendLe(wav, data.size(), 4);
  wav.insert(wav.end(), data.begin(), data.end());
  return wav;
}

// `samples` in [-1, 1], channels in turn.
inline Bytes WavOf(const WavShape& shape, const std::vector<double>& samples) {
  Bytes data;
  for (const double sample : samples) {
    if (shape.format == 3) {
      const auto value = static_cast<float>(sample);
      std::uint32_t word = 0;
      std::memcpy(&word, &value, sizeof word);
      AppendLe(data, word, 4);
    } else {
      const double scale = std::ldexp(1.0, shape.bits - 1);
      const auto value =
          static_cast<std::int64_t>(std::clamp(std::round(sample * scale), -scale, scale - 1));
      AppendLe(data, static_cast<std::uint64_t>(shape.bits == 8 ? value + 128 : value),
               shape.bits / 8);
    }
  }
  return WavOf(shape, data);
}

inline std::vector<double> Tone(double hertz, double amplitude, int rate, std::size_t count) {
  std::vector<double> tone(count);
  for (std::size_t i = 0; i < count; ++i) {
    tone[i] = amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate);
  }
  return tone;
}

inline bool HasFfmpeg() {
  static const bool kHas = std::system("ffmpeg -version >/dev/null 2>&1") == 0;
  return kHas;
}
#define PINHOLE_NEEDS_FFMPEG()                             \
  if (!HasFfmpeg()) {                                      \
    GTEST_SKIP() << "the command ffmpeg is not installed"; \
  }

// What `ffmpeg ARGUMENTS FILE` writes, where FILE ends in `ending`. Reproducible.
inline Bytes ByFfmpeg(const std::string& arguments, const std::string& ending) {
  const TestFolder folder;
  const std::string path = folder / ("made." + ending);
  const std::string command = "ffmpeg -hide_banner -loglevel error -nostdin -y " + arguments +
                              " -bitexact -threads 1 " + path;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return ReadBytes(path);
}

class BytesInMemory : public SoundBytes {
 public:
  explicit BytesInMemory(const Bytes& bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  std::ptrdiff_t ReadAt(std::uint64_t position, std::span<std::uint8_t> to) override {
    const std::size_t from = std::min<std::uint64_t>(position, bytes_.size());
    const std::size_t count = std::min(to.size(), bytes_.size() - from);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), count, to.begin());
    return static_cast<std::ptrdiff_t>(count);
  }

 private:
  const Bytes& bytes_;
};

struct Decoded {
  base::Error error = base::Error::kInternal;  // where `ok` is false
  bool ok = false;
  std::string sentence, warning;
  SoundInfo info;
  std::vector<float> samples;
};

// `piece` samples at a time.
inline Decoded DecodeAll(SoundBytes& bytes, std::size_t piece = 4096) {
  Decoded all;
  base::Diagnosis why;
  const auto decoder = SoundDecoder::Open(bytes, why);
  if (!decoder) {
    all.error = decoder.error();
    all.sentence = why.text();
    return all;
  }
  all.info = (*decoder)->info();
  std::vector<float> some(piece);
  for (;;) {
    const auto count = (*decoder)->Read(some, why);
    if (!count) {
      all.error = count.error();
      all.sentence = why.text();
      return all;
    }
    all.samples.insert(all.samples.end(), some.begin(),
                       some.begin() + static_cast<std::ptrdiff_t>(*count));
    if (*count < piece) {
      break;
    }
  }
  all.ok = true;
  all.warning = (*decoder)->Warning();
  return all;
}

inline Decoded DecodeAll(const Bytes& file, std::size_t piece = 4096) {
  BytesInMemory bytes(file);
  return DecodeAll(bytes, piece);
}

}  // namespace pinhole::speech
