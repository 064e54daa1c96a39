// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/home_assistant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace pinhole::outside::mqtt {
namespace {

using facts::PersonProfile;
using nlohmann::json;

const Topics kTopics = TopicsFor("pinhole", "homeassistant", "hall");

json Announced(PersonProfile profile) {
  return json::parse(Announcement({"hall", "Hall", profile, 30}, kTopics, "0.1.0"));
}

std::set<std::string> Keys(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.insert(key);
  }
  return keys;
}

TEST(HomeAssistant, TopicsAreUnderTheirPrefixes) {
  EXPECT_EQ(kTopics.state, "pinhole/hall/state");
  EXPECT_EQ(kTopics.availability, "pinhole/hall/availability");
  EXPECT_EQ(kTopics.announcement, "homeassistant/device/hall/config");
  EXPECT_EQ(kTopics.home, "homeassistant/status");
}

// Every byte, once: what a home's registry is built from must not change unseen.
TEST(HomeAssistant, TheAnnouncementOfPresenceIsThis) {
  EXPECT_EQ(
      Announcement({"hall", "Hall", PersonProfile::kPresence, 30}, kTopics, "0.1.0"),
      R"({"dev":{"ids":["hall"],"name":"Hall","mf":"Pinhole","mdl":"Person sensor, profile presence",)"
      R"("sw":"0.1.0"},"o":{"name":"Pinhole","sw":"0.1.0"},"state_topic":"pinhole/hall/state","qos":1,)"
      R"("availability_mode":"all","availability":[{"topic":"pinhole/hall/availability"},)"
      R"({"topic":"pinhole/hall/state","value_template":)"
      R"("{{ 'online' if value_json.reading else 'offline' }}"}],"cmps":{"occupancy":)"
      R"({"p":"binary_sensor","name":"Occupancy","unique_id":"hall_occupancy",)"
      R"("device_class":"occupancy","expire_after":30,"value_template":)"
      R"("{{ ('ON' if value_json.present else 'OFF') if value_json.reading else None }}"}}})");
}

TEST(HomeAssistant, AProfileAnnouncesWhatItCanSay) {
  EXPECT_THAT(Keys(Announced(PersonProfile::kPresence)["cmps"]), testing::ElementsAre("occupancy"));
  EXPECT_THAT(Keys(Announced(PersonProfile::kPeople)["cmps"]),
              testing::ElementsAre("count", "facing", "occupancy"));
  EXPECT_THAT(Keys(Announced(PersonProfile::kCompatible)["cmps"]),
              testing::ElementsAre("confidence", "count", "facing", "occupancy", "recognised"));
}

TEST(HomeAssistant, EveryEntityHasWhatHomeAssistantAsksFor) {
  const json announced = Announced(PersonProfile::kCompatible);
  std::set<std::string> ids;
  for (const auto& [key, component] : announced["cmps"].items()) {
    EXPECT_THAT(component["p"], testing::AnyOf("sensor", "binary_sensor")) << key;
    EXPECT_EQ(component["unique_id"], "hall_" + key);
    EXPECT_EQ(component["expire_after"], 30) << key;
    EXPECT_FALSE(component["name"].get<std::string>().empty()) << key;
    // Without a reading every value is unknown, never "nobody".
    EXPECT_THAT(component["value_template"].get<std::string>(),
                testing::EndsWith(" if value_json.reading else None }}"))
        << key;
    ids.insert(component["unique_id"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_EQ(announced["cmps"]["count"]["p"], "sensor");
  EXPECT_EQ(announced["cmps"]["occupancy"]["p"], "binary_sensor");
}

TEST(HomeAssistant, ANameSurvivesJson) {
  const std::string name = "The \"hall\" \\ Küche \t";
  const std::string text =
      Announcement({"hall", name, PersonProfile::kPeople, 30}, kTopics, "0.1.0");
  EXPECT_EQ(json::parse(text)["dev"]["name"], name);
  EXPECT_EQ(JsonString(std::string("\x01\x1f", 2)), R"("\u0001\u001f")");
}

}  // namespace
}  // namespace pinhole::outside::mqtt
