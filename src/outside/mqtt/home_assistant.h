// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is published where, and the document from which Home Assistant makes a device by itself.
//
// Device discovery (Home Assistant 2024.11 or newer): one document announces the device and, under
// "cmps", its entities. All of them read the one state topic through templates. Which there are
// depends on the profile:
//
//   presence    occupancy
//   people      occupancy, count (faces), facing (somebody faces the camera)
//   compatible  these, confidence (of the largest face, in per cent), recognised (the number of the
//               largest face that was recognised; 0 where none was)
//
// An entity is available while the availability topic says "online" and the record's "reading" is
// true, and at most expire_after seconds after the last state. Without a reading its value is
// unknown, so that "no reading" is never seen as "nobody". Pure: strings in, strings out.
// Source: home-assistant.io, "MQTT", sections "Device discovery payload" and "Using availability
// topics".

#include <cstdint>
#include <string>
#include <string_view>

#include "facts/person_profile.h"

namespace pinhole::outside::mqtt {

inline constexpr std::string_view kOnline = "online";
inline constexpr std::string_view kOffline = "offline";

struct Topics {
  std::string state, availability;
  std::string announcement;  // of the device to Home Assistant
  std::string home;          // where Home Assistant says that it has come up
};

Topics TopicsFor(const std::string& prefix, const std::string& discovery_prefix,
                 const std::string& device_id);

struct Device {
  std::string id, name;
  facts::PersonProfile profile = facts::kDefaultProfile;
  std::uint32_t expire_after_s = 30;
};

// JSON in one line. `version` is the program's.
std::string Announcement(const Device& device, const Topics& topics, std::string_view version);

// `text`, valid UTF-8, as a JSON string with its quotes.
std::string JsonString(std::string_view text);

}  // namespace pinhole::outside::mqtt
