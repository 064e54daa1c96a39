// SPDX-License-Identifier: Apache-2.0
#include "signal/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "signal/log_mel_for_tests.h"

namespace pinhole::signal {
namespace {

TEST(LogMel, EqualsTheDefinitionInDoubles) {
  for (const int mels : {80, 128}) {
    ExpectNearTheDefinition(Sound(16000, 1), 0, mels);
    ExpectNearTheDefinition(Sound(4321, 2), 4000, mels);
  }
}

// Beside a tone the quiet bins are the transform's own errors, and the clamp hides them.
TEST(LogMel, EqualsTheDefinitionOnATone) {
  std::vector<float> tone(8000);
  for (std::size_t i = 0; i < tone.size(); ++i) {
    tone[i] = static_cast<float>(0.9 * std::sin(0.39269908 * static_cast<double>(i)));
  }
  ExpectNearTheDefinition(tone, 0, 80);
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

}  // namespace
}  // namespace pinhole::signal
