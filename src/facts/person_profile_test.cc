// SPDX-License-Identifier: Apache-2.0
#include "facts/person_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "facts/person_codec.h"
#include "facts/person_records_for_tests.h"

namespace pinhole::facts {
namespace {

constexpr PersonProfile kAll[] = {PersonProfile::kPresence, PersonProfile::kPeople,
                                  PersonProfile::kCompatible};

PersonFacts OneFace(const FaceFacts& face) {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 1;
  facts.faces[0] = face;
  return facts;
}

// Any record whose boxes have any shape.
PersonFacts AnyShape(std::mt19937& random) {
  PersonFacts facts = AnyRecord(random);
  const auto faces = std::span(facts.faces).first(facts.count);
  for (FaceFacts& face : faces) {
    const auto byte = [&random] { return static_cast<std::uint8_t>(random()); };
    std::tie(face.left, face.right) = std::minmax({byte(), byte()});
    std::tie(face.top, face.bottom) = std::minmax({byte(), byte()});
  }
  std::sort(faces.begin(), faces.end(), [](const FaceFacts& a, const FaceFacts& b) {
    return GridArea(a) > GridArea(b);
  });
  return facts;
}

// The values of a profile's declared fields in a reduced record.
std::vector<int> Values(const PersonFacts& facts, PersonProfile profile) {
  std::vector<int> values = {facts.reading, facts.present};
  if (profile == PersonProfile::kPeople) {
    values.push_back(facts.count);
    for (std::size_t i = 0; i < facts.count; ++i) {
      const FaceFacts& face = facts.faces[i];
      for (const int value :
           {face.left / 32, face.top / 32, (face.right - face.left + 1) / 32, int{face.facing}}) {
        values.push_back(value);
      }
    }
  }
  return values;
}

// A record from nothing but these values: so no more of them leaves than they can say.
PersonFacts FromValues(const std::vector<int>& values) {
  const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
  PersonFacts facts;
  facts.reading = byte(values[0]);
  facts.present = byte(values[1]);
  facts.count = byte(values.size() > 2 ? values[2] : 0);
  for (std::size_t i = 0; i < facts.count; ++i) {
    const int* const of = &values[3 + 4 * i];
    facts.faces[i] = {255,
                      byte(32 * of[0]),
                      byte(32 * of[1]),
                      byte(32 * (of[0] + of[2]) - 1),
                      byte(32 * (of[1] + of[2]) - 1),
                      0,
                      0,
                      byte(of[3])};
  }
  return facts;
}

TEST(Profile, WhatLeavesIsAFunctionOfTheDeclaredFields) {
  std::mt19937 random(1);
  for (const PersonProfile profile : {PersonProfile::kPresence, PersonProfile::kPeople}) {
    const auto fields = Declaration(profile).fields;
    for (int i = 0; i < 20000; ++i) {
      const PersonFacts reduced = Reduce(AnyShape(random), profile);
      const std::vector<int> values = Values(reduced, profile);
      ASSERT_LE(values.size(), fields.size());
      for (std::size_t k = 0; k < values.size(); ++k) {
        ASSERT_GE(values[k], fields[k].low) << fields[k].name;
        ASSERT_LE(values[k], fields[k].high) << fields[k].name;
      }
      ASSERT_EQ(FromValues(values), reduced);
    }
  }
}

TEST(Profile, ReducedRecordsAreCanonicalAndStay) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const PersonFacts facts = AnyShape(random);
    ASSERT_TRUE(IsCanonical(facts));
    for (const PersonProfile profile : kAll) {
      const PersonFacts reduced = Reduce(facts, profile);
      ASSERT_TRUE(IsCanonical(reduced));
      ASSERT_EQ(Reduce(reduced, profile), reduced);
    }
    ASSERT_EQ(Reduce(facts, PersonProfile::kCompatible), facts);
    ASSERT_EQ(Reduce(Reduce(facts, PersonProfile::kPeople), PersonProfile::kPresence),
              Reduce(facts, PersonProfile::kPresence))
        << "a smaller profile tells less";
  }
}

// Everything that can be told of one face, by trying every box on half cells.
TEST(Profile, DistinctOutputsStayWithinTheBits) {
  std::set<std::vector<int>> presence;
  std::set<std::vector<int>> people;
  std::mt19937 random(3);
  const auto see = [&](const PersonFacts& facts) {
    presence.insert(Values(Reduce(facts, PersonProfile::kPresence), PersonProfile::kPresence));
    people.insert(Values(Reduce(facts, PersonProfile::kPeople), PersonProfile::kPeople));
  };
  for (int left = 0; left < 256; left += 16) {
    for (int right = left + 15; right < 256; right += 16) {
      for (int top = 0; top < 256; top += 16) {
        for (int bottom = top + 15; bottom < 256; bottom += 16) {
          const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
          see(OneFace({byte(1 + static_cast<int>(random() % 255)), byte(left), byte(top),
                       byte(right), byte(bottom), 0, 0, byte(static_cast<int>(random() % 2))}));
        }
      }
    }
  }
  // Squares of n cells have (9 - n)^2 places: 204 together. Each faces the camera or does not.
  EXPECT_EQ(people.size(), 2 * 204U);
  for (int i = 0; i < 1000; ++i) {
    see(AnyRecord(random));
  }
  EXPECT_EQ(presence.size(), 3U) << "no reading, nobody, somebody";
  EXPECT_LE(presence.size(), 1U << Declaration(PersonProfile::kPresence).bits_per_record());
}

TEST(Profile, PutsABoxOnItsNearestCells) {
  const auto on_cells = [](const FaceFacts& face) {
    return Reduce(OneFace(face), PersonProfile::kPeople).faces[0];
  };
  EXPECT_EQ(on_cells({9, 70, 40, 90, 60, 3, 4, 1}), (FaceFacts{255, 64, 32, 95, 63, 0, 0, 1}));
  EXPECT_EQ(on_cells({9, 10, 10, 56, 40, 0, 0, 0}), (FaceFacts{255, 32, 0, 63, 31, 0, 0, 0}))
      << "a cell and 15 32nds is one";
  EXPECT_EQ(on_cells({9, 10, 10, 57, 40, 0, 0, 0}), (FaceFacts{255, 0, 0, 63, 63, 0, 0, 0}))
      << "a cell and a half is two";
  EXPECT_EQ(on_cells({9, 0, 0, 255, 255, 0, 0, 0}), (FaceFacts{255, 0, 0, 255, 255, 0, 0, 0}));
  EXPECT_EQ(on_cells({9, 255, 255, 255, 255, 0, 0, 0}),
            (FaceFacts{255, 224, 224, 255, 255, 0, 0, 0}));
  EXPECT_EQ(on_cells({9, 240, 0, 255, 127, 0, 0, 0}), (FaceFacts{255, 128, 0, 255, 127, 0, 0, 0}))
      << "a square that would stick out is pushed in";
}

// Places of nearly one area could be listed either way round inside, and would say one bit more.
TEST(Profile, TheOrderOfEqualFacesTellsNothing) {
  PersonFacts facts = OneFace({200, 0, 0, 64, 63, 0, 0, 1});
  facts.count = 2;
  facts.faces[1] = {100, 128, 0, 191, 63, 0, 0, 0};
  PersonFacts turned = facts;
  turned.faces = {FaceFacts{100, 128, 0, 192, 63, 0, 0, 0}, FaceFacts{200, 0, 0, 63, 63, 0, 0, 1}};
  ASSERT_TRUE(IsCanonical(facts) && IsCanonical(turned));
  EXPECT_EQ(Reduce(facts, PersonProfile::kPeople), Reduce(turned, PersonProfile::kPeople));
}

TEST(Profile, DropsWhoItIsAndHowSure) {
  const PersonFacts known = OneFace({77, 10, 20, 110, 140, 3, 200, 1});
  const PersonFacts unknown = OneFace({255, 10, 20, 110, 140, 0, 0, 1});
  EXPECT_EQ(Reduce(known, PersonProfile::kPeople), Reduce(unknown, PersonProfile::kPeople));
}

TEST(Profile, IsFoundByItsName) {
  for (const PersonProfile profile : kAll) {
    EXPECT_EQ(ProfileNamed(Declaration(profile).name), profile);
  }
  EXPECT_EQ(ProfileNamed("everything"), std::nullopt);
  EXPECT_EQ(Declaration(kDefaultProfile).name, "people");
}

TEST(Profile, TicksNoFasterThanDeclared) {
  EXPECT_EQ(Declaration(PersonProfile::kPresence).tick_us(), 2'000'000U);
  EXPECT_EQ(Declaration(PersonProfile::kPeople).tick_us(), 1'000'000U);
  EXPECT_EQ(Declaration(PersonProfile::kCompatible).tick_us(), 142'858U) << "rounded up";
}

TEST(Profile, TheWarningSaysTheTrueNumbers) {
  const std::string warning(kCompatibleWarning);
  for (const PersonProfile profile : {PersonProfile::kPeople, PersonProfile::kCompatible}) {
    const auto bits = std::to_string(Declaration(profile).bits_per_second()) + " bits a second";
    EXPECT_NE(warning.find(bits), std::string::npos) << bits;
  }
  EXPECT_GE(Declaration(PersonProfile::kCompatible).bits_per_second() * 60, 96U * 96 * 8);
}

// The page for people says what the declarations say.
TEST(Profile, ReferenceListsEveryFieldAndSum) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  if (source == nullptr) {
    GTEST_SKIP() << "PINHOLE_SOURCE, the repository's root, is not set";
  }
  std::ifstream file(std::string(source) + "/docs/reference/facts.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const auto has = [&page](const std::string& line) {
    EXPECT_NE(page.find(line), std::string::npos) << "missing: " << line;
  };
  for (const ProfileDeclaration& profile : kPersonProfiles) {
    const std::string name(profile.name);
    const std::uint32_t tick_ms = (profile.tick_us() + 999) / 1000;
    has("| " + name + " | " + std::to_string(profile.bits_per_record()) + " | " +
        std::to_string(tick_ms) + " | " + std::to_string(profile.bits_per_second()) + " | " +
        std::to_string(profile.limit) + " |");
    if (name == "compatible") {
      continue;  // the record's own table, which person_codec_test.cc holds
    }
    for (std::size_t i = 0; i < profile.fields.size(); ++i) {
      const FieldBits& field = profile.fields[i];
      has("| " + name + " | " + (i < kPeopleHeadFields ? "" : "each face: ") +
          std::string(field.name) + " | " + std::to_string(field.low) + " to " +
          std::to_string(field.high) + " | " + std::to_string(field.bits()) + " |");
    }
  }
}

}  // namespace
}  // namespace pinhole::facts
