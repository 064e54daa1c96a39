// SPDX-License-Identifier: Apache-2.0
#include "outside/log/person_log.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace pinhole::outside::log {
namespace {

using facts::PersonFacts;

std::string Text(const PersonFacts& facts) {
  std::array<char, kMaxTextLine> out{};
  return std::string(TextLine(facts, out));
}

std::string Json(const PersonFacts& facts) {
  std::array<char, kMaxJsonLine> out{};
  return std::string(JsonLine(facts, out));
}

PersonFacts Nobody() {
  PersonFacts facts;
  facts.reading = 1;
  return facts;
}

PersonFacts With(std::uint8_t faces) {
  PersonFacts facts = Nobody();
  facts.present = 1;
  facts.count = faces;
  for (std::uint8_t i = 0; i < faces; ++i) {
    facts.faces[i] = {232, 51, 77, 115, 158, 0, 0, 0};
  }
  return facts;
}

TEST(PersonLog, SaysEachStateInWords) {
  EXPECT_EQ(Text(PersonFacts{}), "no reading");
  EXPECT_EQ(Text(Nobody()), "nobody");
  EXPECT_EQ(Text(With(0)), "somebody, no face");
  PersonFacts facts = With(1);
  facts.faces[0].facing = 1;
  EXPECT_EQ(Text(facts), "somebody, 1 face: 91 % sure, 20 to 45 % across, 30 to 62 % down, facing");
  facts = With(2);
  facts.faces[1].id = 8;
  facts.faces[1].id_confidence = 255;
  EXPECT_EQ(Text(facts),
            "somebody, 2 faces: 91 % sure, 20 to 45 % across, 30 to 62 % down; 91 % sure, 20 to 45 "
            "% across, 30 to 62 % down, number 8 at 100 %");
}

TEST(PersonLog, WhereNoDoubtIsSaidNoneIsShown) {
  PersonFacts facts = With(1);
  facts.faces[0].facing = 1;
  facts.faces[0].confidence = 255;
  EXPECT_EQ(Text(facts), "somebody, 1 face: 20 to 45 % across, 30 to 62 % down, facing");
}

TEST(PersonLog, JsonHasItsKeys) {
  EXPECT_EQ(Json(PersonFacts{}), R"({"reading":false,"present":false,"faces":[]})");
  PersonFacts facts = With(2);
  facts.faces[0].facing = 1;
  facts.faces[1].id = 3;
  facts.faces[1].id_confidence = 1;
  EXPECT_EQ(Json(facts), R"({"reading":true,"present":true,"faces":[)"
                         R"({"confidence":0.910,"box":[0.200,0.302,0.451,0.620],"facing":true},)"
                         R"({"confidence":0.910,"box":[0.200,0.302,0.451,0.620],"facing":false,)"
                         R"("id":3,"id_confidence":0.004}]})");
}

TEST(PersonLog, JsonGivesEveryByteBack) {
  for (int value = 1; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    PersonFacts facts = With(1);
    facts.faces[0] = {byte, byte, byte, byte, byte, 1, byte, 0};
    const auto read = nlohmann::json::parse(Json(facts));
    const auto& face = read["faces"][0];
    EXPECT_EQ(std::lround(face["confidence"].get<double>() * 255), value);
    EXPECT_EQ(std::lround(face["id_confidence"].get<double>() * 255), value);
    for (const double edge : face["box"]) {
      EXPECT_EQ(std::lround(edge * 255), value);
    }
  }
}

// The longest lines there are: nothing was cut off, and the buffers are not much larger.
TEST(PersonLog, LongestLinesFit) {
  PersonFacts facts = With(4);
  facts.faces.fill({255, 255, 255, 255, 255, 8, 255, 1});
  EXPECT_LE(Text(facts).size(), kMaxTextLine - 1);
  EXPECT_TRUE(Text(facts).ends_with("number 8 at 100 %"));
  for (facts::FaceFacts& face : facts.faces) {
    face.facing = 0;  // "false" is the longer word
  }
  EXPECT_LE(Json(facts).size(), kMaxJsonLine - 1);
  EXPECT_EQ(nlohmann::json::parse(Json(facts))["faces"].size(), 4U);
}

TEST(WhatChanged, NamesTheMostImportant) {
  const PersonFacts none{};
  EXPECT_EQ(WhatChanged(none, none), "");
  EXPECT_EQ(WhatChanged(none, Nobody()), "nobody is there");
  EXPECT_EQ(WhatChanged(none, With(2)), "somebody is there");
  EXPECT_EQ(WhatChanged(With(2), none), "no reading");
  EXPECT_EQ(WhatChanged(Nobody(), With(0)), "somebody came");
  EXPECT_EQ(WhatChanged(With(3), Nobody()), "nobody is there any more");
  EXPECT_EQ(WhatChanged(With(0), With(1)), "more faces");
  EXPECT_EQ(WhatChanged(With(4), With(1)), "fewer faces");
  PersonFacts facing = With(2), known = With(2);
  facing.faces[1].facing = 1;
  known.faces[0].id = 4;
  known.faces[0].id_confidence = 9;
  EXPECT_EQ(WhatChanged(With(2), facing), "a face turned to the camera");
  EXPECT_EQ(WhatChanged(facing, With(2)), "a face turned away");
  EXPECT_EQ(WhatChanged(With(2), known), "others are recognised");
}

TEST(WhatChanged, PlacesConfidencesAndOrderAreNoNews) {
  PersonFacts before = With(2);
  before.faces[0] = {200, 0, 0, 90, 90, 2, 99, 1};
  PersonFacts now = before;
  std::swap(now.faces[0], now.faces[1]);
  now.faces[0].confidence = 7;
  now.faces[0].left = 0;
  EXPECT_EQ(WhatChanged(before, now), "");
}

}  // namespace
}  // namespace pinhole::outside::log
