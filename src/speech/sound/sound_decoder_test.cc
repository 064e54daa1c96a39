// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "speech/sound/sound_files_for_tests.h"

namespace pinhole::speech {
namespace {

using base::Error;
using testing::HasSubstr;

constexpr double kRate = 16000;

double Decibels(double ratio) { return 20 * std::log10(std::max(ratio, 1e-12)); }

// The part of `samples` without half a second at either end, where filters begin and end.
std::vector<float> Middle(const std::vector<float>& samples) {
  return {samples.begin() + 8000, samples.end() - 8000};
}

// Amplitude of the tone of `hertz` in `samples`, which are from the `first`th on; as a sine's.
std::complex<double> ToneIn(const std::vector<float>& samples, double hertz, std::size_t first) {
  std::complex<double> sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double at = 2 * std::numbers::pi * hertz * static_cast<double>(first + i) / kRate;
    sum += static_cast<double>(samples[i]) * std::polar(1.0, -at);
  }
  return sum * std::complex<double>(0, 2.0 / static_cast<double>(samples.size()));
}

double Rms(const std::vector<float>& samples) {
  double sum = 0;
  for (const float sample : samples) {
    sum += static_cast<double>(sample) * static_cast<double>(sample);
  }
  return std::sqrt(sum / static_cast<double>(samples.size()));
}

TEST(SoundDecoder, SixteenBitsAt16KilohertzAreExact) {
  Bytes data;
  for (int value = -32768; value <= 32767; ++value) {
    AppendLe(data, static_cast<std::uint64_t>(value), 2);
  }
  const Decoded all = DecodeAll(WavOf({}, data));
  ASSERT_TRUE(all.ok) << all.sentence;
  ASSERT_EQ(all.samples.size(), 65536U);
  for (int value = -32768; value <= 32767; ++value) {
    ASSERT_EQ(all.samples[static_cast<std::size_t>(value + 32768)],
              static_cast<float>(value) / 32768.0F);
  }
  EXPECT_EQ(all.info, (SoundInfo{4096, 16000, 1, "wav", "pcm_s16le"}));
  EXPECT_EQ(all.warning, "");
}

TEST(SoundDecoder, EveryWidthOfNumbersIsTheSameSound) {
  const std::vector<double> tone = Tone(440, 0.5, 16000, 16000);
  for (const auto& [bits, format, step] :
       {std::tuple{8, 1, 1.0 / 128}, {24, 1, 1e-6}, {32, 1, 1e-6}, {32, 3, 1e-7}}) {
    const Decoded all = DecodeAll(WavOf({16000, 1, bits, format}, tone));
    ASSERT_TRUE(all.ok) << all.sentence;
    ASSERT_EQ(all.samples.size(), tone.size());
    for (std::size_t i = 0; i < tone.size(); ++i) {
      ASSERT_NEAR(all.samples[i], tone[i], step) << bits << " bits, sample " << i;
    }
  }
}

// In time too: a tone's phase is that of the file.
TEST(SoundDecoder, TonesKeepTheirAmplitudeFrequencyAndPlace) {
  for (const int rate : {8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000}) {
    for (const double hertz : {100.0, 1000.0, 3400.0, 5000.0, 7200.0}) {
      if (hertz > 0.45 * rate) {
        continue;
      }
      const Decoded all = DecodeAll(
          WavOf({rate, 1, 32, 3}, Tone(hertz, 0.5, rate, static_cast<std::size_t>(2 * rate))));
      ASSERT_TRUE(all.ok) << all.sentence;
      EXPECT_NEAR(static_cast<double>(all.samples.size()), 2 * kRate, 2) << rate;
      const std::vector<float> middle = Middle(all.samples);
      const std::complex<double> found = ToneIn(middle, hertz, 8000);
      EXPECT_NEAR(Decibels(std::abs(found) / 0.5), 0, 0.1) << rate << " Hz: " << hertz;
      EXPECT_NEAR(std::arg(found), 0, 0.02) << rate << " Hz: " << hertz;
      // Nothing but the tone.
      std::vector<float> rest = middle;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        const double at = 2 * std::numbers::pi * hertz * static_cast<double>(8000 + i) / kRate;
        rest[i] -= static_cast<float>(std::abs(found) * std::sin(at + std::arg(found)));
      }
      EXPECT_LT(Decibels(Rms(rest) / Rms(middle)), -75) << rate << " Hz: " << hertz;
    }
  }
}

TEST(SoundDecoder, WhatCannotBeHeardDoesNotComeBackAsSomethingElse) {
  for (const int rate : {22050, 44100, 48000, 96000}) {
    for (double hertz = 8000; hertz < 0.49 * rate; hertz *= 1.13) {
      const Decoded all = DecodeAll(
          WavOf({rate, 1, 32, 3}, Tone(hertz, 0.7, rate, static_cast<std::size_t>(2 * rate))));
      ASSERT_TRUE(all.ok) << all.sentence;
      EXPECT_LT(Decibels(Rms(Middle(all.samples)) / (0.7 / std::numbers::sqrt2)), -75)
          << rate << " Hz: " << hertz;
    }
  }
}

TEST(SoundDecoder, ChannelsAreMixedWithWeightsThatAddUpToOne) {
  const std::vector<double> left = Tone(300, 0.8, 16000, 4000);
  const std::vector<double> right = Tone(700, 0.4, 16000, 4000);
  std::vector<double> stereo;
  for (std::size_t i = 0; i < left.size(); ++i) {
    stereo.insert(stereo.end(), {left[i], right[i]});
  }
  const Decoded mixed = DecodeAll(WavOf({16000, 2, 32, 3}, stereo));
  ASSERT_TRUE(mixed.ok) << mixed.sentence;
  ASSERT_EQ(mixed.samples.size(), left.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    ASSERT_NEAR(mixed.samples[i], (left[i] + right[i]) / 2, 1e-6);
  }
  for (int channels = 1; channels <= 64; ++channels) {
    const std::vector<double> same(static_cast<std::size_t>(200 * channels), 0.5);
    const Decoded all = DecodeAll(WavOf({16000, channels, 32, 3}, same));
    ASSERT_TRUE(all.ok) << channels << ": " << all.sentence;
    ASSERT_EQ(all.samples.size(), 200U);
    for (const float sample : all.samples) {
      ASSERT_NEAR(sample, 0.5, 1e-5) << channels;
    }
  }
  const Decoded many = DecodeAll(WavOf({16000, 65, 16, 1}, std::vector<double>(6500, 0.5)));
  EXPECT_FALSE(many.ok);
  EXPECT_THAT(many.sentence, HasSubstr("65 channels; between 1 and 64 are expected"));
}

TEST(SoundDecoder, OfSixSpeakersTheCentreCountsMost) {
  PINHOLE_NEEDS_FFMPEG();
  // One second of a tone in one channel after the other: L R C LFE Ls Rs.
  std::string chain = "-f lavfi -i \"aevalsrc=";
  for (int channel = 0; channel < 6; ++channel) {
    chain += std::string(channel == 0 ? "" : "|") + "0.5*sin(2*PI*500*t)*between(t\\," +
             std::to_string(channel) + "\\," + std::to_string(channel + 1) + ")";
  }
  const Decoded all = DecodeAll(ByFfmpeg(chain + ":c=5.1:s=16000:d=6\" -c:a pcm_f32le", "wav"));
  ASSERT_TRUE(all.ok) << all.sentence;
  ASSERT_EQ(all.samples.size(), 96000U);
  std::vector<double> weights;
  for (std::size_t channel = 0; channel < 6; ++channel) {
    const auto from = all.samples.begin() + static_cast<std::ptrdiff_t>(channel * 16000 + 4000);
    weights.push_back(std::abs(ToneIn({from, from + 8000}, 500, channel * 16000 + 4000)) / 0.5);
  }
  EXPECT_NEAR(weights[0] + weights[1] + weights[2] + weights[4] + weights[5], 1, 1e-3);
  EXPECT_NEAR(weights[0] / weights[2], std::numbers::sqrt2 / 2, 1e-3);
  EXPECT_NEAR(weights[0], weights[1], 1e-4);
  EXPECT_NEAR(weights[3], 0, 1e-4);
  EXPECT_NEAR(weights[4] / weights[2], 0.5, 1e-3);
}

TEST(SoundDecoder, AnySplitGivesTheSameSamples) {
  const Bytes wav = WavOf({44100, 2, 16, 1}, Tone(900, 0.5, 44100, 60000));
  const Decoded all = DecodeAll(wav, 1 << 20);
  ASSERT_TRUE(all.ok);
  for (const std::size_t piece : {1, 7, 160, 4096}) {
    EXPECT_EQ(DecodeAll(wav, piece).samples, all.samples) << piece;
  }
}

TEST(SoundDecoder, EveryCutGivesWhatIsThere) {
  const Bytes wav = WavOf({16000, 1, 16, 1}, Tone(900, 0.5, 16000, 1200));
  const Decoded whole = DecodeAll(wav);
  ASSERT_TRUE(whole.ok);
  std::size_t decoded = 0;
  for (std::size_t size = 0; size < wav.size(); ++size) {
    const Decoded cut =
        DecodeAll(Bytes(wav.begin(), wav.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_TRUE(cut.ok || !cut.sentence.empty()) << size;
    ASSERT_LE(cut.samples.size(), whole.samples.size());
    ASSERT_TRUE(std::equal(cut.samples.begin(), cut.samples.end(), whole.samples.begin())) << size;
    if (cut.ok && !cut.samples.empty()) {
      ++decoded;
      ASSERT_THAT(cut.warning, HasSubstr("its end is missing")) << size;
      ASSERT_GE(cut.samples.size(), (size - 44) / 2);
    }
  }
  EXPECT_GT(decoded, wav.size() - 100);
}

// A header as programs write it that don't know how much will come.
TEST(SoundDecoder, AWavOfUnknownLengthIsWhole) {
  for (const std::uint32_t unknown : {0U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    Bytes wav = WavOf({}, Tone(900, 0.5, 16000, 16000));
    for (int i = 0; i < 4; ++i) {
      wav[static_cast<std::size_t>(4 + i)] = static_cast<std::uint8_t>(unknown >> (8 * i));
      wav[static_cast<std::size_t>(40 + i)] = static_cast<std::uint8_t>(unknown >> (8 * i));
    }
    const Decoded all = DecodeAll(wav);
    ASSERT_TRUE(all.ok) << all.sentence;
    EXPECT_EQ(all.samples.size(), 16000U) << unknown;
    EXPECT_EQ(all.warning, "") << unknown;
  }
}

TEST(SoundDecoder, WhatIsNoSoundIsSaidToBeNone) {
  const Decoded empty = DecodeAll(Bytes());
  EXPECT_EQ(empty.error, Error::kTruncated);
  EXPECT_THAT(empty.sentence, HasSubstr("is empty"));
  const std::string text = "Dear diary, this is not a sound file, whatever its name says.\n";
  const Decoded diary = DecodeAll(Bytes(text.begin(), text.end()));
  EXPECT_FALSE(diary.ok);
  EXPECT_EQ(diary.error, Error::kWrongKind);
  EXPECT_THAT(diary.sentence, HasSubstr("is no sound file that is known here; expected WAV"));
  const Decoded slow = DecodeAll(WavOf({500, 1, 16, 1}, Tone(9, 0.5, 500, 1000)));
  EXPECT_EQ(slow.error, Error::kUnsupported);
  EXPECT_THAT(slow.sentence, HasSubstr("500 samples a second"));
  const Bytes none = WavOf({}, Bytes());
  EXPECT_TRUE(DecodeAll(none).samples.empty());
}

class FailingBytes : public SoundBytes {
 public:
  FailingBytes(const Bytes& bytes, std::uint64_t good) : bytes_(bytes), good_(good) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  std::ptrdiff_t ReadAt(std::uint64_t position, std::span<std::uint8_t> to) override {
    return position + to.size() > good_ ? -1 : bytes_.ReadAt(position, to);
  }

 private:
  BytesInMemory bytes_;
  std::uint64_t good_;
};

TEST(SoundDecoder, AFailedReadIsNoEnd) {
  const Bytes wav = WavOf({}, Tone(900, 0.5, 16000, 200000));
  for (const std::uint64_t good : {0, 100000, 300000}) {
    FailingBytes bytes(wav, good);
    const Decoded all = DecodeAll(bytes);
    EXPECT_FALSE(all.ok) << good;
    EXPECT_EQ(all.error, Error::kIo) << good;
  }
}

constexpr const char* kSine = "-f lavfi -i sine=frequency=1000:duration=3:sample_rate=44100 ";

struct Coded {
  const char* arguments;
  const char* ending;
  double most_late_ms;  // of formats that do not say how much their coder put in front
};

TEST(SoundDecoder, FormatsByFfmpegGiveTheSameTone) {
  PINHOLE_NEEDS_FFMPEG();
  const Coded kAll[] = {
      {"-c:a pcm_s24le", "wav", 1},  {"-c:a pcm_s16le -rf64 always", "wav", 1},
      {"-c:a pcm_mulaw", "wav", 1},  {"-c:a adpcm_ms", "wav", 1},
      {"-c:a flac", "flac", 1},      {"-c:a libmp3lame", "mp3", 1},
      {"-c:a libvorbis", "ogg", 1},  {"-c:a flac", "ogg", 1},
      {"-c:a libopus", "opus", 1},   {"-c:a aac", "m4a", 1},
      {"-c:a alac", "m4a", 1},       {"-c:a aac", "aac", 60},
      {"-c:a aac", "mkv", 60},       {"-c:a libopus", "webm", 10},
      {"-c:a pcm_s16be", "aiff", 1}, {"-c:a pcm_s16be", "au", 1},
      {"-c:a alac", "caf", 1},       {"-c:a mp2", "mpg", 60},
      {"-c:a aac", "ts", 60},        {"-c:a libmp3lame", "avi", 60},
      {"-c:a ac3", "ac3", 20},       {"-ac 2 -c:a aac -f mp4", "mp4", 1},
  };
  for (const Coded& coded : kAll) {
    SCOPED_TRACE(std::string(coded.arguments) + " " + coded.ending);
    const Decoded all = DecodeAll(ByFfmpeg(std::string(kSine) + coded.arguments, coded.ending));
    ASSERT_TRUE(all.ok) << all.sentence;
    EXPECT_NEAR(static_cast<double>(all.samples.size()), 3 * kRate, 16 * (coded.most_late_ms + 30));
    EXPECT_EQ(all.warning, "");
    EXPECT_GE(all.info.duration_ms, 2900);
    EXPECT_LE(all.info.duration_ms, 3100);
    const std::vector<float> middle = Middle(all.samples);
    EXPECT_GT(std::abs(ToneIn(middle, 1000, 8000)) / (Rms(middle) * std::numbers::sqrt2), 0.99);
    if (coded.most_late_ms <= 1) {
      EXPECT_NEAR(static_cast<double>(all.samples.size()), 3 * kRate, 500);
    }
  }
}

TEST(SoundDecoder, TheSoundOfAVideoKeepsTheFilmsClock) {
  PINHOLE_NEEDS_FFMPEG();
  // The picture begins at 0, the sound 1.5 s later.
  const Decoded all = DecodeAll(
      ByFfmpeg("-f lavfi -i color=size=64x64:duration=4 -itsoffset 1.5 "
               "-f lavfi -i sine=frequency=1000:duration=2 -map 0 -map 1 -c:v mpeg4 -c:a flac",
               "mkv"));
  ASSERT_TRUE(all.ok) << all.sentence;
  std::size_t first = 0;
  while (first < all.samples.size() && std::abs(all.samples[first]) < 0.01F) {
    ++first;
  }
  EXPECT_NEAR(static_cast<double>(first) / kRate, 1.5, 0.03);
  EXPECT_NEAR(static_cast<double>(all.samples.size()) / kRate, 3.5, 0.03);
}

TEST(SoundDecoder, AVideoWithoutSoundIsSaidToHaveNone) {
  PINHOLE_NEEDS_FFMPEG();
  for (const char* ending : {"mkv", "mp4", "avi", "ts"}) {
    const Decoded all =
        DecodeAll(ByFfmpeg("-f lavfi -i color=size=64x64:duration=1 -c:v mpeg4", ending));
    EXPECT_FALSE(all.ok);
    EXPECT_EQ(all.error, Error::kWrongKind) << ending;
    EXPECT_THAT(all.sentence, HasSubstr("has no sound track")) << ending;
  }
}

TEST(SoundDecoder, WhatIsNotOnTheListIsNotDecoded) {
  PINHOLE_NEEDS_FFMPEG();
  const Decoded wma = DecodeAll(ByFfmpeg(std::string(kSine) + "-c:a wmav2", "wma"));
  EXPECT_EQ(wma.error, Error::kUnsupported);
  EXPECT_THAT(wma.sentence, HasSubstr("the format 'asf', which is not decoded here"));
  const Decoded tta = DecodeAll(ByFfmpeg(std::string(kSine) + "-c:a tta", "mkv"));
  EXPECT_EQ(tta.error, Error::kUnsupported);
  EXPECT_THAT(tta.sentence, HasSubstr("of the codec 'tta', which is not decoded here"));
  const Decoded encrypted = DecodeAll(
      ByFfmpeg(std::string(kSine) + "-c:a aac -encryption_scheme cenc-aes-ctr -encryption_key "
                                    "76a6c65c5ea762046bd749a2e632ccbb -encryption_kid "
                                    "a7e61c373e219033c21091fa607bf3b8",
               "mp4"));
  EXPECT_FALSE(encrypted.ok);
  EXPECT_EQ(encrypted.error, Error::kUnsupported);
  EXPECT_THAT(encrypted.sentence, HasSubstr("is encrypted"));
}

TEST(SoundDecoder, ACutOrDamagedFileIsUsedAsFarAsItGoes) {
  PINHOLE_NEEDS_FFMPEG();
  for (const auto& [arguments, ending] : {std::pair{"-c:a flac", "flac"},
                                          {"-c:a libmp3lame", "mp3"},
                                          {"-c:a libvorbis", "ogg"},
                                          {"-c:a aac", "aac"},
                                          {"-c:a libopus", "mkv"},
                                          {"-c:a aac -movflags faststart", "m4a"}}) {
    SCOPED_TRACE(ending);
    const Bytes whole = ByFfmpeg(
        std::string("-f lavfi -i anoisesrc=duration=3:sample_rate=44100:seed=1:amplitude=0.3 ") +
            arguments,
        ending);
    const Decoded cut = DecodeAll(
        Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2)));
    ASSERT_TRUE(cut.ok) << cut.sentence;
    EXPECT_GT(cut.samples.size(), 16000U);
    EXPECT_LT(cut.samples.size(), 40000U);
    const std::string_view name = ending;
    if (name == "flac" || name == "mp3" || name == "mkv" || name == "m4a") {
      EXPECT_THAT(cut.warning, HasSubstr("its end is missing"));
    }
    Bytes damaged = whole;
    for (std::size_t i = whole.size() / 2; i < whole.size() / 2 + 200; ++i) {
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ (i * 37));
    }
    const Decoded rest = DecodeAll(damaged);
    ASSERT_TRUE(rest.ok) << rest.sentence;
    EXPECT_GT(rest.samples.size(), 20000U);
  }
}

}  // namespace
}  // namespace pinhole::speech
