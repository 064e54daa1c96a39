// SPDX-License-Identifier: Apache-2.0
#include "decode/track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "decode/belief.h"

namespace pinhole::decode {
namespace {

using Frames = std::vector<bool>;

Observation Seen(float x = 0.4F, float score = 0.9F, bool facing = true) {
  return {score, {x, 0.3F, x + 0.2F, 0.5F}, facing};
}

TrackState Step(Tracker& tracker, const std::vector<Observation>& observations) {
  return tracker.Update(observations);
}

// Runs of at least `shortest` frames, beginning with nobody.
Frames RandomRuns(std::mt19937& random, int shortest) {
  Frames frames;
  std::uniform_int_distribution<int> length(shortest, shortest + 6);
  for (int run = 0; run < 30; ++run) {
    frames.insert(frames.end(), static_cast<std::size_t>(length(random)), run % 2 == 1);
  }
  return frames;
}

TrackOptions WithHalfWindow(int k) {
  TrackOptions options;
  options.belief.half_window = static_cast<std::uint8_t>(k);
  return options;
}

// What lasts k + 1 frames is believed k frames after it began, and only that delay is added.
TEST(Tracker, NoiseFreeFilmsComeOutDelayedByHalfTheWindow) {
  std::mt19937 random(1);
  for (int k = 0; k <= Belief::kMaxHalfWindow; ++k) {
    const Frames frames = RandomRuns(random, k + 1);
    Tracker tracker(WithHalfWindow(k));
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const TrackState state =
          Step(tracker, frames[i] ? std::vector{Seen()} : std::vector<Observation>{});
      const bool expected =
          i >= static_cast<std::size_t>(k) && frames[i - static_cast<std::size_t>(k)];
      EXPECT_EQ(state.present, expected) << "k " << k << ", frame " << i;
      EXPECT_EQ(state.count, expected ? 1U : 0U) << "k " << k << ", frame " << i;
    }
  }
}

// The lemon and the lime: one wrong frame among right ones changes nothing, wherever it falls.
TEST(Tracker, IsolatedMistakesAreNotBelieved) {
  for (const bool truth : {false, true}) {
    for (int mistake = 20; mistake < 27; ++mistake) {
      Tracker tracker{TrackOptions{}};
      for (int i = 0; i < 40; ++i) {
        const bool seen = truth != (i == mistake);
        const TrackState state =
            Step(tracker, seen ? std::vector{Seen()} : std::vector<Observation>{});
        if (i >= 10) {
          EXPECT_EQ(state.present, truth);
          EXPECT_EQ(state.count, truth ? 1U : 0U);
        }
      }
    }
  }
}

// Up to k wrong frames in any 2 k + 1, at random.
TEST(Tracker, SparseMistakesAreNotBelieved) {
  std::mt19937 random(2);
  for (int k = 1; k <= Belief::kMaxHalfWindow; ++k) {
    for (const bool truth : {false, true}) {
      Tracker tracker(WithHalfWindow(k));
      std::vector<int> mistakes;
      for (int i = 0; i < 500; ++i) {
        const auto recent = std::count_if(mistakes.begin(), mistakes.end(),
                                          [&](int at) { return at > i - (2 * k + 1); });
        const bool wrong = i > 20 && recent < k && random() % 3 == 0;
        if (wrong) {
          mistakes.push_back(i);
        }
        const TrackState state =
            Step(tracker, truth != wrong ? std::vector{Seen()} : std::vector<Observation>{});
        if (i > 10) {
          EXPECT_EQ(state.present, truth) << "k " << k << ", frame " << i;
        }
      }
    }
  }
}

TEST(Tracker, ScoresAroundTheThresholdDoNotFlicker) {
  std::mt19937 random(3);
  for (float level = 0.3F; level < 0.8F; level += 0.05F) {
    std::uniform_real_distribution<float> score(level - 0.099F, level + 0.099F);
    Tracker tracker{TrackOptions{}};
    int changes = 0;
    bool before = false;
    for (int i = 0; i < 500; ++i) {
      const TrackState state = Step(tracker, {Seen(0.4F, score(random))});
      EXPECT_EQ(state.present, state.count == 1);
      changes += state.present != before ? 1 : 0;
      before = state.present;
    }
    EXPECT_LE(changes, 1) << level;
  }
}

TEST(Tracker, AFaceThatCountsImpliesPresence) {
  std::mt19937 random(4);
  std::uniform_real_distribution<float> unit(0.0F, 1.0F);
  Tracker tracker{TrackOptions{}};
  int counted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<Observation> observations(random() % 5);
    for (Observation& observation : observations) {
      observation = Seen(unit(random) * 0.8F, unit(random));
    }
    const TrackState state = Step(tracker, observations);
    EXPECT_TRUE(state.present || state.count == 0);
    counted += static_cast<int>(state.count);
  }
  EXPECT_GT(counted, 100);
}

TEST(Tracker, FollowsFacesThatMoveAndKeepsThemApart) {
  Tracker tracker{TrackOptions{}};
  for (int i = 0; i < 50; ++i) {
    const float x = static_cast<float>(i) * 0.01F;
    Observation big = Seen(0.6F - x);
    big.box.bottom = 0.9F;
    const std::vector<Observation> observations =
        i % 2 == 0 ? std::vector{Seen(x), big} : std::vector{big, Seen(x)};
    const TrackState state = Step(tracker, observations);
    if (i >= 2 && i < 12) {  // before they cross
      ASSERT_EQ(state.count, 2U) << i;
      EXPECT_GT(state.faces[0].box.area(), state.faces[1].box.area()) << "largest first";
      EXPECT_NEAR(state.faces[1].box.left, x, 0.03F);
    }
  }
}

// A stray detection beside a face, even with a better score, neither takes its track nor counts.
TEST(Tracker, AStrayDetectionLeavesTheFaceOnItsTrack) {
  Tracker tracker{TrackOptions{}};
  for (int i = 0; i < 40; ++i) {
    std::vector<Observation> observations{Seen(0.4F, 0.8F)};
    if (i == 20) {
      observations.push_back(Seen(0.48F, 0.99F));
    }
    const TrackState state = Step(tracker, observations);
    EXPECT_EQ(state.count, i >= 2 ? 1U : 0U) << i;
  }
}

TEST(Tracker, AMissingFrameKeepsTheBoxAndAMajorityDecidesFacing) {
  Tracker tracker{TrackOptions{}};
  TrackState state;
  for (int i = 0; i < 10; ++i) {
    state = Step(tracker, {Seen(0.4F, 0.9F, i != 7)});
    EXPECT_EQ(state.count == 1 && state.faces[0].facing, i >= 2);
  }
  const Box before = state.faces[0].box;
  state = Step(tracker, {});
  ASSERT_EQ(state.count, 1U);
  EXPECT_EQ(state.faces[0].box.left, before.left);
  for (int i = 0; i < 3; ++i) {
    state = Step(tracker, {Seen(0.4F, 0.9F, false)});
  }
  EXPECT_FALSE(state.faces[0].facing);
}

TEST(Tracker, MoreFacesThanTracksAreNotFollowed) {
  Tracker tracker{TrackOptions{}};
  std::vector<Observation> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(Seen(static_cast<float>(i), 0.7F + 0.01F * static_cast<float>(i)));
  }
  TrackState state;
  for (int i = 0; i < 5; ++i) {
    state = Step(tracker, crowd);
  }
  EXPECT_EQ(state.count, kMaxTracks);
  for (std::size_t i = 0; i < state.count; ++i) {
    EXPECT_GE(state.faces[i].box.left, 12.0F) << "the best scores are followed";
  }
}

TEST(Tracker, ResetForgetsAndNanIsNobody) {
  Tracker tracker{TrackOptions{}};
  for (int i = 0; i < 5; ++i) {
    Step(tracker, {Seen()});
  }
  tracker.Reset();
  EXPECT_FALSE(Step(tracker, {Seen()}).present);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(Step(tracker, {Seen(0.4F, std::numeric_limits<float>::quiet_NaN())}).present);
  }
}

TEST(Belief, MedianAndHysteresis) {
  Belief belief({1, 0.6F, 0.4F});
  EXPECT_FALSE(belief.Update(0.9F));
  EXPECT_TRUE(belief.Update(0.6F));
  EXPECT_EQ(belief.median(), 0.6F);
  EXPECT_TRUE(belief.Update(0.4F));
  EXPECT_TRUE(belief.Update(0.1F)) << "the median is at 0.4, which holds";
  EXPECT_FALSE(belief.Update(0.39F));
  EXPECT_FALSE(belief.forgotten());
  belief.Update(0.0F);
  belief.Update(-1.0F);
  belief.Update(0.0F);
  EXPECT_TRUE(belief.forgotten());
}

}  // namespace
}  // namespace pinhole::decode
