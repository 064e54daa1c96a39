// SPDX-License-Identifier: Apache-2.0
#include "outside/door/door.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "facts/person_codec.h"
#include "facts/person_records_for_tests.h"

namespace pinhole::outside::door {
namespace {

using facts::PersonFacts;
using facts::PersonProfile;
using Bytes = std::vector<std::byte>;

constexpr PersonProfile kAll[] = {PersonProfile::kPresence, PersonProfile::kPeople,
                                  PersonProfile::kCompatible};

Bytes Encoded(const PersonFacts& facts) {
  Bytes bytes(facts::kPersonFactsBytes);
  EXPECT_TRUE(facts::EncodePerson(facts, std::span<std::byte, facts::kPersonFactsBytes>(bytes)));
  return bytes;
}

PersonFacts Somebody() {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 1;
  facts.faces[0] = {230, 10, 20, 110, 140, 3, 200, 1};
  return facts;
}

// Another record that the profile does not tell from this one.
PersonFacts Alike(PersonFacts facts, PersonProfile profile, std::mt19937& random) {
  if (profile == PersonProfile::kCompatible) {
    return facts;
  }
  const PersonFacts reduced = facts::Reduce(facts, profile);
  if (profile == PersonProfile::kPresence) {
    for (PersonFacts other = facts;; other = facts::AnyRecord(random)) {
      if (other != facts && facts::Reduce(other, profile) == reduced) {
        return other;
      }
      if (facts.present == 0) {
        return facts;  // the only one
      }
    }
  }
  for (std::size_t i = 0; i < facts.count; ++i) {
    facts.faces[i].confidence = static_cast<std::uint8_t>(1 + random() % 255);
    facts.faces[i].id = 0;
    facts.faces[i].id_confidence = 0;
  }
  return random() % 2 != 0 ? reduced : facts;
}

// All that an inside says between two ticks, in as many pieces and with as many other records
// before the last as it likes.
void Say(Door& door, const PersonFacts& last, std::mt19937& random) {
  Bytes bytes;
  for (unsigned others = random() % 4; others > 0; --others) {
    const Bytes other = Encoded(facts::AnyRecord(random));
    bytes.insert(bytes.end(), other.begin(), other.end());
    if (random() % 2 != 0) {
      ASSERT_TRUE(door.Take(bytes));
      bytes.clear();
    }
  }
  const Bytes record = Encoded(last);
  bytes.insert(bytes.end(), record.begin(), record.end());
  ASSERT_TRUE(door.Take(bytes));
}

TEST(Door, TellsTheNewestRecordReducedAtATick) {
  for (const PersonProfile profile : kAll) {
    Door door(profile);
    ASSERT_TRUE(door.Take(Encoded(PersonFacts{})));
    ASSERT_TRUE(door.Take(Encoded(Somebody())));
    EXPECT_EQ(door.Tick(), facts::Reduce(Somebody(), profile));
  }
}

TEST(Door, GivesNoReadingBeforeTheFirstRecord) {
  Door door(PersonProfile::kPeople);
  EXPECT_EQ(door.Tick(), PersonFacts{});
  EXPECT_FALSE(door.closed());
  EXPECT_TRUE(door.Take({}));
  EXPECT_EQ(door.Tick(), PersonFacts{}) << "no bytes are no record";
}

TEST(Door, SilenceIsNoReadingWithinTwoTicks) {
  static_assert(kStaleTicks == 2);
  Door door(PersonProfile::kPeople);
  const PersonFacts somebody = facts::Reduce(Somebody(), PersonProfile::kPeople);
  ASSERT_TRUE(door.Take(Encoded(Somebody())));
  EXPECT_EQ(door.Tick(), somebody);
  EXPECT_EQ(door.Tick(), somebody) << "one tick without a record";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(door.Tick(), PersonFacts{});
  }
  ASSERT_TRUE(door.Take(Encoded(Somebody())));
  EXPECT_EQ(door.Tick(), somebody) << "silence closes nothing";
  EXPECT_EQ(door.Tick(), somebody);
  ASSERT_TRUE(door.Take(Encoded(Somebody())));
  EXPECT_EQ(door.Tick(), somebody);
  EXPECT_EQ(door.Tick(), somebody) << "every other tick is enough";
}

// The law of the door: what leaves is a function of what the profile tells of the newest record at
// each tick, and of nothing else that the inside does.
TEST(Door, SameProfileValuesAtTicksLeaveTheSameBytes) {
  std::mt19937 random(1);
  for (const PersonProfile profile : kAll) {
    Door one(profile);
    Door other(profile);
    int readings = 0;
    for (int tick = 0; tick < 2000; ++tick) {
      if (random() % 3 != 0) {
        const PersonFacts last = facts::AnyRecord(random);
        Say(one, last, random);
        Say(other, Alike(last, profile, random), random);
      }
      const PersonFacts out = one.Tick();
      ASSERT_EQ(Encoded(out), Encoded(other.Tick())) << tick;
      readings += out.reading;
    }
    EXPECT_GT(readings, 500);
    EXPECT_LT(readings, 1500);
  }
}

TEST(Door, AnySequenceLeavesOnlyRecordsOfTheProfile) {
  std::mt19937 random(2);
  for (const PersonProfile profile : kAll) {
    Door door(profile);
    int closings = 0;
    for (int step = 0; step < 20000; ++step) {
      Bytes bytes = Encoded(facts::AnyRecord(random));
      if (random() % 4 == 0) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      }
      if (random() % 50 == 0) {
        bytes.resize(random() % 80);
      }
      const bool was_closed = door.closed();
      const bool taken = door.Take(bytes).has_value();
      EXPECT_EQ(taken, !door.closed());
      const PersonFacts out = door.Tick();
      ASSERT_TRUE(facts::IsCanonical(out));
      ASSERT_EQ(facts::Reduce(out, profile), out);
      if (door.closed()) {
        closings += was_closed ? 0 : 1;
        ASSERT_EQ(out, PersonFacts{});
        if (random() % 4 == 0) {
          door.Reopen();
        }
      }
    }
    EXPECT_GT(closings, 100);
  }
}

TEST(Door, AMalformedRecordClosesItForGood) {
  const Bytes good = Encoded(Somebody());
  Bytes bad = good;
  bad[3] = std::byte{0};  // nobody is there, and has a face
  Door door(PersonProfile::kCompatible);
  ASSERT_TRUE(door.Take(good));
  EXPECT_EQ(door.Take(bad).error(), base::Error::kMalformed);
  EXPECT_TRUE(door.closed());
  EXPECT_EQ(door.Tick(), PersonFacts{}) << "what came before it is lost as well";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(door.Take(good).error(), base::Error::kNotReady);
    EXPECT_EQ(door.Tick(), PersonFacts{});
  }
  door.Reopen();
  EXPECT_FALSE(door.closed());
  EXPECT_EQ(door.Tick(), PersonFacts{}) << "nothing from before";
  ASSERT_TRUE(door.Take(good));
  EXPECT_EQ(door.Tick(), Somebody());
}

TEST(Door, ABadRecordAmongGoodOnesClosesIt) {
  const Bytes good = Encoded(Somebody());
  for (std::size_t place = 0; place < 3; ++place) {
    Bytes bytes;
    for (int i = 0; i < 3; ++i) {
      bytes.insert(bytes.end(), good.begin(), good.end());
    }
    bytes[place * good.size()] = std::byte{9};
    Door door(PersonProfile::kPeople);
    EXPECT_EQ(door.Take(bytes).error(), base::Error::kWrongKind) << place;
    EXPECT_EQ(door.Tick(), PersonFacts{});
  }
}

TEST(Door, PartOfARecordClosesIt) {
  const Bytes good = Encoded(Somebody());
  for (std::size_t size = 1; size < good.size(); ++size) {
    Bytes bytes = good;
    bytes.insert(bytes.end(), good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    Door door(PersonProfile::kPeople);
    EXPECT_EQ(door.Take(bytes).error(), base::Error::kTruncated) << size;
    EXPECT_TRUE(door.closed());
    EXPECT_EQ(door.Tick(), PersonFacts{});
  }
}

}  // namespace
}  // namespace pinhole::outside::door
