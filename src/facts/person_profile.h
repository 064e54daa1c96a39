// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much of a person record leaves: three profiles, from least to most. Each declares its fields
// with their ranges, how often a record may leave, and the bits a second that both make at most.
//
//   presence    whether somebody is there, every two seconds
//   people      how many, where on a grid of 8 by 8 cells, whether they face the camera, every
//               second; the default
//   compatible  all of the record, seven times a second, for programs made for the Person Sensor
//
// "No reading" is a value like any other: an inside can choose to have none. It is counted.
//
// A record reduced to a profile is again a canonical record (person_codec.h), so every outlet takes
// it. A face of `people` is a square of whole cells, `size` cells wide and high, that lies inside
// the picture at (column, row); its confidence is 255 and its id 0. Equal areas have one order.
// Bounds count fields one by one; rules between them make the true figure smaller.
//
// The decision and what was turned down: docs/decisions/0005-profiles.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "facts/budget.h"
#include "facts/person_facts.h"
#include "facts/person_fields.h"

namespace pinhole::facts {

enum class PersonProfile : std::uint8_t { kPresence, kPeople, kCompatible };

inline constexpr PersonProfile kDefaultProfile = PersonProfile::kPeople;

inline constexpr std::uint8_t kProfileCells = 8;  // across the picture and down

inline constexpr std::array<FieldBits, 2> kPresenceFields = {
    {{"reading", 0, 1}, {"present", 0, 1}}};

inline constexpr std::size_t kPeopleHeadFields = 3;
inline constexpr std::size_t kPeopleFaceFields = 4;
inline constexpr std::array<FieldBits, kPeopleHeadFields + kMaxFaces * kPeopleFaceFields>
    kPeopleFields = [] {
      std::array<FieldBits, kPeopleHeadFields + kMaxFaces * kPeopleFaceFields> fields = {
          {{"reading", 0, 1}, {"present", 0, 1}, {"count", 0, kMaxFaces}}};
      for (std::size_t at = kPeopleHeadFields; at < fields.size(); at += kPeopleFaceFields) {
        fields[at] = {"column", 0, kProfileCells - 1};
        fields[at + 1] = {"row", 0, kProfileCells - 1};
        fields[at + 2] = {"size", 1, kProfileCells};
        fields[at + 3] = {"facing", 0, 1};
      }
      return fields;
    }();

struct ProfileDeclaration {
  std::string_view name;
  std::span<const FieldBits> fields;
  std::uint32_t ticks_per_minute = 0;  // one record a tick
  std::uint32_t limit = 0;             // bits a second that the profile promises to stay within

  [[nodiscard]] constexpr std::uint32_t bits_per_record() const { return BitsPerRecord(fields); }
  [[nodiscard]] constexpr std::uint32_t bits_per_second() const {
    return BitsPerSecond(fields, ticks_per_minute);
  }
  // From one tick to the next, rounded up.
  [[nodiscard]] constexpr std::uint32_t tick_us() const {
    return (60'000'000 + ticks_per_minute - 1) / ticks_per_minute;
  }
};

// In the order of PersonProfile. The last limit is what the Person Sensor's packet can carry: 39
// bytes seven times a second.
inline constexpr std::array<ProfileDeclaration, 3> kPersonProfiles = {
    {{"presence", kPresenceFields, 30, 1},
     {"people", kPeopleFields, 60, 50},
     {"compatible", kPersonFields, kPersonRecordsPerMinute, 2184}}};

constexpr const ProfileDeclaration& Declaration(PersonProfile profile) {
  return kPersonProfiles[static_cast<std::size_t>(profile)];
}

static_assert(
    [] {
      for (const ProfileDeclaration& profile : kPersonProfiles) {
        if (profile.bits_per_second() > profile.limit) {
          return false;
        }
      }
      return true;
    }(),
    "a profile promises less than its fields can carry");
static_assert(Declaration(PersonProfile::kPresence).bits_per_second() == 1 &&
                  Declaration(PersonProfile::kPeople).bits_per_second() == 45 &&
                  Declaration(PersonProfile::kCompatible).bits_per_second() == 1519,
              "what can leave has changed: say so in docs/reference/facts.md and in the changelog");

// Whoever starts a sensor with this profile says it loudly.
inline constexpr std::string_view kCompatibleWarning =
    "profile compatible: up to 1519 bits a second can leave this sensor, enough to smuggle out a "
    "grey picture of 96 by 96 pixels every minute. Choose people (45 bits a second) unless a "
    "program made for the Person Sensor needs more.";

// By the names above, as a person types them.
std::optional<PersonProfile> ProfileNamed(std::string_view name);

// `facts` is canonical, and so is the result. Reducing twice is reducing once.
PersonFacts Reduce(const PersonFacts& facts, PersonProfile profile);

}  // namespace pinhole::facts
