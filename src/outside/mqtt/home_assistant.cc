// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/home_assistant.h"

#include <array>
#include <span>

namespace pinhole::outside::mqtt {

namespace {

using facts::PersonProfile;

struct Component {
  std::string_view key, platform, name;
  std::string_view more;   // members of its own, with a comma behind each
  std::string_view value;  // a template's expression, where there is a reading
  PersonProfile from;      // the least profile that can say it
};

constexpr std::array<Component, 5> kComponents = {{
    {"occupancy", "binary_sensor", "Occupancy", R"("device_class":"occupancy",)",
     "('ON' if value_json.present else 'OFF')", PersonProfile::kPresence},
    {"count", "sensor", "Faces", R"("state_class":"measurement",)", "value_json.faces | count",
     PersonProfile::kPeople},
    {"facing", "binary_sensor", "Facing", "",
     "('ON' if value_json.faces | selectattr('facing') | list else 'OFF')", PersonProfile::kPeople},
    {"confidence", "sensor", "Confidence",
     R"("unit_of_measurement":"%","state_class":"measurement","entity_category":"diagnostic",)",
     "((value_json.faces[0].confidence * 100) | round | int if value_json.faces else 0)",
     PersonProfile::kCompatible},
    {"recognised", "sensor", "Recognised", "",
     "(value_json.faces | selectattr('id', 'defined') | map(attribute='id') | list + [0]) | first",
     PersonProfile::kCompatible},
}};

std::string Member(std::string_view key, std::string_view text) {
  return JsonString(key) + ":" + JsonString(text);
}

std::string ComponentJson(const Component& component, const Device& device) {
  std::string json = JsonString(component.key) + ":{";
  json += Member("p", component.platform) + "," + Member("name", component.name) + ",";
  json += Member("unique_id", device.id + "_" + std::string(component.key)) + ",";
  json += component.more;
  json += "\"expire_after\":" + std::to_string(device.expire_after_s) + ",";
  // Home Assistant reads None as "unknown".
  json += Member("value_template",
                 "{{ " + std::string(component.value) + " if value_json.reading else None }}");
  return json + "}";
}

}  // namespace

Topics TopicsFor(const std::string& prefix, const std::string& discovery_prefix,
                 const std::string& device_id) {
  const std::string own = prefix + "/" + device_id;
  return {own + "/state", own + "/availability",
          discovery_prefix + "/device/" + device_id + "/config", discovery_prefix + "/status"};
}

std::string Announcement(const Device& device, const Topics& topics, std::string_view version) {
  const std::string profile(facts::Declaration(device.profile).name);
  std::string json = "{\"dev\":{\"ids\":[" + JsonString(device.id) + "],";
  json += Member("name", device.name) + "," + Member("mf", "Pinhole") + ",";
  json += Member("mdl", "Person sensor, profile " + profile) + "," + Member("sw", version) + "},";
  json += "\"o\":{" + Member("name", "Pinhole") + "," + Member("sw", version) + "},";
  json += Member("state_topic", topics.state) + ",\"qos\":1,";
  json += Member("availability_mode", "all") + ",";
  json += "\"availability\":[{" + Member("topic", topics.availability) + "},{";
  json += Member("topic", topics.state) + ",";
  json += Member("value_template", "{{ 'online' if value_json.reading else 'offline' }}") + "}],";
  json += "\"cmps\":{";
  bool first = true;
  for (const Component& component : kComponents) {
    if (component.from > device.profile) {
      continue;
    }
    json += first ? "" : ",";
    json += ComponentJson(component, device);
    first = false;
  }
  return json + "}}";
}

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

}  // namespace pinhole::outside::mqtt
