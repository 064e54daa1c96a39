// SPDX-License-Identifier: Apache-2.0
#include "speech/voice/voice_detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "base/heap_count.h"

namespace pinhole::speech {
namespace {

#include "speech/voice/voice_golden_for_tests.inc"

// make_voice.py has the same, number for number.
std::vector<float> GoldenSignal() {
  std::vector<float> samples;
  std::uint32_t state = 1;
  for (int i = 0; i < 48000; ++i) {
    state = state * 1664525U + 1013904223U;
    const int saw = (i * (110 + 13 * (i / 3200 % 5))) % 16000 - 8000;
    const int noise = (static_cast<int>(state >> 16) - 32768) >> 6;
    samples.push_back(static_cast<float>(noise + (i / 2400 % 3 != 2 ? saw : 0)) / 32768.0F);
  }
  return samples;
}

std::vector<float> Detect(const std::vector<float>& samples, std::size_t piece) {
  const auto detector = std::make_unique<VoiceDetector>();
  std::vector<float> all;
  for (std::size_t at = 0; at < samples.size(); at += piece) {
    const auto some = std::span(samples).subspan(at, std::min(piece, samples.size() - at));
    std::vector<float> out(VoiceDetector::MostOfPush(some.size()));
    all.insert(all.end(), out.begin(),
               out.begin() + static_cast<std::ptrdiff_t>(*detector->Push(some, out)));
  }
  std::vector<float> out(VoiceDetector::kMostOfFinish);
  all.insert(all.end(), out.begin(),
             out.begin() + static_cast<std::ptrdiff_t>(*detector->Finish(out)));
  return all;
}

// numpy's in batch, ours as a stream.
TEST(VoiceDetector, IsTheNetworkThatWasTrained) {
  const std::vector<float> found = Detect(GoldenSignal(), 1000);
  ASSERT_EQ(found.size(), std::size(kGolden));
  float most = 0;
  float least = 1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], kGolden[i], 2e-3) << i;
    most = std::max(most, kGolden[i]);
    least = std::min(least, kGolden[i]);
  }
  EXPECT_GT(most - least, 0.2);  // or it would show nothing
}

TEST(VoiceDetector, AnySplitGivesTheSameBits) {
  const std::vector<float> samples = GoldenSignal();
  const std::vector<float> whole = Detect(samples, samples.size());
  for (const std::size_t piece : {1, 77, 160, 320, 321, 8000}) {
    EXPECT_EQ(Detect(samples, piece), whole) << piece;
  }
}

TEST(VoiceDetector, EveryLengthGivesOneProbabilityAStep) {
  const std::vector<float> samples = GoldenSignal();
  for (std::size_t size = 0; size < 6000; size += size < 700 ? 1 : 97) {
    EXPECT_EQ(
        Detect({samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(size)}, 500).size(),
        size / VoiceDetector::kStep)
        << size;
  }
}

TEST(VoiceDetector, AnswersAQuarterOfASecondLate) {
  const auto detector = std::make_unique<VoiceDetector>();
  const std::vector<float> samples = GoldenSignal();
  std::vector<float> out(VoiceDetector::MostOfPush(100));
  std::int64_t answered = 0;
  for (std::size_t at = 0; at < samples.size(); at += 100) {
    answered +=
        static_cast<std::int64_t>(*detector->Push(std::span(samples).subspan(at, 100), out));
    const auto taken = static_cast<std::int64_t>(at + 100);
    EXPECT_GE(answered * VoiceDetector::kStep, taken - 4400);
    EXPECT_LE(answered * VoiceDetector::kStep, taken);
  }
}

TEST(VoiceDetector, ANewStreamKnowsNothingOfTheOneBefore) {
  const auto detector = std::make_unique<VoiceDetector>();
  const std::vector<float> samples = GoldenSignal();
  std::vector<float> first(VoiceDetector::MostOfPush(samples.size()));
  std::vector<float> second = first;
  const std::size_t count = *detector->Push(samples, first);
  detector->Reset();
  EXPECT_EQ(*detector->Push(samples, second), count);
  EXPECT_EQ(first, second);
}

TEST(VoiceDetector, AnythingIsAProbability) {
  std::mt19937 random(1);
  std::vector<float> samples(32000);
  for (float& sample : samples) {
    sample = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
  }
  samples[7] = std::numeric_limits<float>::quiet_NaN();
  samples[9] = std::numeric_limits<float>::infinity();
  for (const float p : Detect(samples, 999)) {
    ASSERT_TRUE(p >= 0 && p <= 1) << p;
  }
}

TEST(VoiceDetector, TakesNothingWhereTheAnswerHasNoRoom) {
  const auto detector = std::make_unique<VoiceDetector>();
  const std::vector<float> samples = GoldenSignal();
  std::vector<float> out(VoiceDetector::MostOfPush(samples.size()));
  EXPECT_FALSE(detector->Push(samples, std::span(out).first(out.size() - 1)));
  EXPECT_FALSE(detector->Finish(std::span(out).first(VoiceDetector::kMostOfFinish - 1)));
  EXPECT_EQ(Detect(samples, samples.size()).size(), samples.size() / VoiceDetector::kStep);
}

TEST(VoiceDetector, TakesNoMemory) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const std::vector<float> samples = GoldenSignal();
  std::vector<float> out(VoiceDetector::MostOfPush(samples.size()));
  const auto detector = std::make_unique<VoiceDetector>();
  const long before = base::heap_calls;
  const bool pushed = detector->Push(samples, out).has_value();
  const bool finished = detector->Finish(out).has_value();
  EXPECT_EQ(base::heap_calls, before);
  EXPECT_TRUE(pushed && finished);
}

}  // namespace
}  // namespace pinhole::speech
