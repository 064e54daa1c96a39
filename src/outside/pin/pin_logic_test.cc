// SPDX-License-Identifier: Apache-2.0
#include "outside/pin/pin_logic.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pinhole::outside::pin {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

facts::PersonFacts Nothing() { return {}; }
facts::PersonFacts Reading(bool present) {
  facts::PersonFacts facts;
  facts.reading = 1;
  facts.present = present ? 1 : 0;
  return facts;
}
const facts::PersonFacts kSomebody = Reading(true), kNobody = Reading(false),
                         kNoReading = Nothing();

TEST(PinLogic, WithoutTimesFollowsEveryRecord) {
  PinLogic logic({});
  EXPECT_FALSE(logic.high());
  EXPECT_TRUE(logic.Step(kSomebody, 0ms));
  EXPECT_FALSE(logic.Step(kNobody, 0ms));
  EXPECT_TRUE(logic.Step(kSomebody, 0ms));
  EXPECT_FALSE(logic.Step(kNoReading, 0ms));
  EXPECT_FALSE(logic.high());
}

TEST(PinLogic, SomebodyHasToBeThereForRise) {
  PinLogic logic({.rise = 2s});
  EXPECT_FALSE(logic.Step(kSomebody, 0s));
  EXPECT_FALSE(logic.Step(kSomebody, 1s));
  EXPECT_FALSE(logic.Step(kNobody, 2s));  // begins anew
  EXPECT_FALSE(logic.Step(kSomebody, 3s));
  EXPECT_FALSE(logic.Step(kSomebody, 4999ms));
  EXPECT_TRUE(logic.Step(kSomebody, 5s));
}

TEST(PinLogic, AndGoneForFall) {
  PinLogic logic({.fall = 5s});
  EXPECT_TRUE(logic.Step(kSomebody, 0s));
  for (int second = 1; second < 6; ++second) {
    EXPECT_TRUE(logic.Step(kNobody, std::chrono::seconds(second))) << second;
  }
  EXPECT_FALSE(logic.Step(kNobody, 6s));
}

TEST(PinLogic, ATimeThatIsNoMultipleOfTheTickIsRoundedUp) {
  PinLogic logic({.rise = 1500ms});
  EXPECT_FALSE(logic.Step(kSomebody, 0s));
  EXPECT_FALSE(logic.Step(kSomebody, 1s));
  EXPECT_TRUE(logic.Step(kSomebody, 2s));
}

TEST(PinLogic, MinimumHoldsALevelButNotTheFirst) {
  PinLogic logic({.minimum = 10s});
  EXPECT_TRUE(logic.Step(kSomebody, 0s));
  EXPECT_TRUE(logic.Step(kNobody, 9999ms));
  EXPECT_FALSE(logic.Step(kNobody, 10s));
  EXPECT_FALSE(logic.Step(kSomebody, 11s));
  EXPECT_FALSE(logic.Step(kNobody, 20s));  // came and went within the minimum
  EXPECT_TRUE(logic.Step(kSomebody, 21s));
}

TEST(PinLogic, FallRunsWhileMinimumHolds) {
  PinLogic logic({.fall = 5s, .minimum = 10s});
  EXPECT_TRUE(logic.Step(kSomebody, 0s));
  EXPECT_TRUE(logic.Step(kNobody, 2s));
  EXPECT_TRUE(logic.Step(kNobody, 7s));
  EXPECT_FALSE(logic.Step(kNobody, 10s));
}

TEST(PinLogic, NoReadingLowIsAnEmptyRoom) {
  PinLogic logic({.fall = 3s, .no_reading = NoReading::kLow});
  EXPECT_TRUE(logic.Step(kSomebody, 0s));
  EXPECT_TRUE(logic.Step(kNoReading, 1s));
  EXPECT_TRUE(logic.Step(kNobody, 2s));
  EXPECT_FALSE(logic.Step(kNoReading, 4s));
}

TEST(PinLogic, NoReadingHighIsAPerson) {
  PinLogic logic({.rise = 2s, .no_reading = NoReading::kHigh});
  EXPECT_TRUE(logic.high());
  EXPECT_TRUE(logic.Step(kNoReading, 0s));
  EXPECT_FALSE(logic.Step(kNobody, 1s));
  EXPECT_FALSE(logic.Step(kNoReading, 2s));
  EXPECT_FALSE(logic.Step(kSomebody, 3s));
  EXPECT_TRUE(logic.Step(kNoReading, 4s));
}

TEST(PinLogic, NoReadingKeepKeepsAndEndsAWait) {
  PinLogic logic({.rise = 2s, .fall = 2s, .no_reading = NoReading::kKeep});
  EXPECT_FALSE(logic.high());
  EXPECT_FALSE(logic.Step(kSomebody, 0s));
  EXPECT_FALSE(logic.Step(kNoReading, 1s));
  EXPECT_FALSE(logic.Step(kSomebody, 2s));
  EXPECT_TRUE(logic.Step(kSomebody, 4s));
  EXPECT_TRUE(logic.Step(kNoReading, 1000s));
  EXPECT_TRUE(logic.Step(kNobody, 1001s));
  EXPECT_FALSE(logic.Step(kNobody, 1003s));
  EXPECT_FALSE(logic.Step(kNoReading, 2000s));
}

TEST(PinLogic, TimeThatRunsBackwardsStandsStill) {
  PinLogic logic({.rise = 2s, .minimum = 2s});
  EXPECT_FALSE(logic.Step(kSomebody, 10s));
  EXPECT_FALSE(logic.Step(kSomebody, 0s));
  EXPECT_FALSE(logic.Step(kSomebody, 11s));
  EXPECT_TRUE(logic.Step(kSomebody, 12s));
  EXPECT_TRUE(logic.Step(kNobody, -50s));
  EXPECT_FALSE(logic.Step(kNobody, 14s));
}

// What the header says, judged from the whole history at every step.
struct Witness {
  PinLogic::Settings settings;
  struct Seen {
    milliseconds at;
    bool wanted, level_before;
  };
  std::vector<Seen> seen;
  std::vector<milliseconds> changes;
  bool level;

  explicit Witness(const PinLogic::Settings& s)
      : settings(s), level(s.no_reading == NoReading::kHigh) {}

  bool Expect(const facts::PersonFacts& facts, milliseconds now) {
    const bool wanted = facts.reading != 0 ? facts.present != 0
                        : settings.no_reading == NoReading::kKeep
                            ? level
                            : settings.no_reading == NoReading::kHigh;
    seen.push_back({now, wanted, level});
    // The oldest of the unbroken run of records, back from now, that asked for the other level.
    std::size_t first = seen.size();
    while (first > 0 && seen[first - 1].wanted != level && seen[first - 1].level_before == level) {
      --first;
    }
    const bool asked_long_enough =
        first < seen.size() && now - seen[first].at >= (level ? settings.fall : settings.rise);
    const bool may = changes.empty() || now - changes.back() >= settings.minimum;
    if (asked_long_enough && may) {
      level = !level;
      changes.push_back(now);
    }
    return level;
  }
};

TEST(PinLogic, LawsOverRandomRooms) {
  std::mt19937 random(1);
  int changes = 0;
  for (int room = 0; room < 600; ++room) {
    const auto time = [&] { return milliseconds(random() % 2 == 0 ? 0 : random() % 6000); };
    const PinLogic::Settings settings{time(), time(), time(), static_cast<NoReading>(random() % 3)};
    PinLogic logic(settings);
    Witness witness(settings);
    milliseconds now(random() % 1000);
    const unsigned restless = 1 + random() % 12;
    facts::PersonFacts facts = kNobody;
    for (int step = 0; step < 200; ++step) {
      now += milliseconds(random() % 1500);
      if (random() % restless == 0) {
        const facts::PersonFacts all[] = {kSomebody, kNobody, kNoReading};
        facts = all[random() % 3];
      }
      ASSERT_EQ(logic.Step(facts, now), witness.Expect(facts, now)) << room << ' ' << step;
    }
    for (std::size_t i = 1; i < witness.changes.size(); ++i) {
      ASSERT_GE(witness.changes[i] - witness.changes[i - 1], settings.minimum);
    }
    changes += static_cast<int>(witness.changes.size());
  }
  EXPECT_GT(changes, 5000);  // the rooms are no still lives
}

}  // namespace
}  // namespace pinhole::outside::pin
