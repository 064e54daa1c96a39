// SPDX-License-Identifier: Apache-2.0
#include "audit/judge.h"

#include <gtest/gtest.h>

#include <random>

namespace pinhole::audit {
namespace {

std::vector<bool> Message(std::size_t beats) {
  std::mt19937 random(7);
  std::vector<bool> bits(beats);
  for (std::size_t i = 0; i < beats; ++i) {
    bits[i] = (random() & 1) != 0;
  }
  return bits;
}

TEST(Judge, HearsWhatIsLoud) {
  const std::vector<bool> sent = Message(80);
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> measured;
    for (const bool bit : sent) {
      measured.push_back(sign * (bit ? 5.0 : 2.0));
    }
    const Judgement judgement = Judge(sent, measured);
    EXPECT_TRUE(judgement.open());
    EXPECT_EQ(judgement.wrong, 0U);
    EXPECT_EQ(judgement.guesses, 40U);
    EXPECT_DOUBLE_EQ(judgement.bits_a_beat, 1.0);
  }
}

TEST(Judge, HearsWhatNoiseHalfCovers) {
  const std::vector<bool> sent = Message(400);
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0.0, 1.0);
  std::vector<double> measured;
  for (const bool bit : sent) {
    measured.push_back((bit ? 1.0 : -1.0) + noise(random));  // 16 % wrong
  }
  const Judgement judgement = Judge(sent, measured);
  EXPECT_TRUE(judgement.open());
  EXPECT_GT(judgement.bits_a_beat, 0.1);
  EXPECT_LT(judgement.bits_a_beat, 0.7);
}

TEST(Judge, NoiseAloneSaysNothingInThousandsOfAudits) {
  std::mt19937 random(11);
  std::normal_distribution<double> noise(0.0, 1.0);
  int alarms = 0;
  for (int audit = 0; audit < 3000; ++audit) {
    std::vector<bool> sent(80);
    std::vector<double> measured(80);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      sent[i] = (random() & 1) != 0;
      measured[i] = noise(random);
    }
    alarms += Judge(sent, measured).open() ? 1 : 0;
  }
  EXPECT_LE(alarms, 1);  // 0.03 expected
}

TEST(Judge, TooFewBeatsAreChance) {
  EXPECT_FALSE(Judge(Message(19), std::vector<double>(19, 1.0)).open());
  EXPECT_FALSE(JudgeBits(Message(19), Message(19)).open());
}

TEST(Judge, AConstantIsNoMessage) {
  EXPECT_FALSE(Judge(Message(200), std::vector<double>(200, 3.0)).open());
}

TEST(Judge, BitsAreComparedAsTheyAre) {
  std::vector<bool> sent = Message(32);
  EXPECT_TRUE(JudgeBits(sent, sent).open());
  std::vector<bool> other = sent;
  for (std::size_t i = 0; i < other.size(); i += 2) {
    other[i] = !other[i];
  }
  EXPECT_FALSE(JudgeBits(sent, other).open());
}

TEST(Judge, TheCoinIsFair) {
  EXPECT_NEAR(ChanceOfAtMost(0, 10), 1.0 / 1024, 1e-12);
  EXPECT_NEAR(ChanceOfAtMost(5, 10), 0.623046875, 1e-12);
  EXPECT_DOUBLE_EQ(ChanceOfAtMost(10, 10), 1.0);
}

}  // namespace
}  // namespace pinhole::audit
