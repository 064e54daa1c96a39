// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a person sensor may say, and all it may say: whether anybody is there, how many faces, and
// roughly where and how sure. This record and no other crosses from inside to outside.
//
// It is trivially copyable, has no pointer and no text, and its size is pinned. Every field is one
// byte with a declared range (person_fields.h), from which both the codec's checks and the bit
// budget are computed. A record has one encoding: faces that are not there are all zero, the larger
// face comes first, and a claim that contradicts itself is refused, so that a compromised inside
// has no idle bits to write messages into.
//
// There is no time in it and no running number. Both would tell how long the sensor has been on and
// let separate logs be joined, and the receiver has a clock of its own; that a record is fresh is
// seen from its arriving. docs/reference/facts.md lists every byte.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pinhole::facts {

// Faces that a record can name; of more the largest are named.
inline constexpr std::size_t kMaxFaces = 4;

struct FaceFacts {
  std::uint8_t confidence = 0;  // 1 to 255: score * 255
  // The box on a grid that lays 0 to 255 over the picture's width and over its height.
  std::uint8_t left = 0, top = 0, right = 0, bottom = 0;
  std::uint8_t id = 0;  // 0: unknown; 1 to 8: enrolled on this sensor, an arbitrary number
  std::uint8_t id_confidence = 0;  // 0 where id is 0, else 1 to 255
  std::uint8_t facing = 0;         // 1: the head is turned to the camera

  friend bool operator==(const FaceFacts&, const FaceFacts&) = default;
};

// The order of faces in a record goes by this: by the grid, so that it can be checked outside.
constexpr int GridArea(const FaceFacts& face) {
  return (face.right - face.left) * (face.bottom - face.top);
}

struct PersonFacts {
  std::uint8_t kind = 1;     // 1: a person sensor's record
  std::uint8_t version = 1;  // of this layout
  // 0: no reading (the capture failed, or there was none yet): everything below is 0 and means
  // nothing. 1: the rest is what is believed now.
  std::uint8_t reading = 0;
  std::uint8_t present = 0;  // 1: somebody is there
  std::uint8_t count = 0;    // of faces named below; 0 is possible with somebody present
  std::array<FaceFacts, kMaxFaces> faces{};

  friend bool operator==(const PersonFacts&, const PersonFacts&) = default;
};

inline constexpr std::size_t kPersonFactsBytes = 37;

static_assert(sizeof(FaceFacts) == 8 && sizeof(PersonFacts) == kPersonFactsBytes);
static_assert(std::is_trivially_copyable_v<PersonFacts> &&
              std::has_unique_object_representations_v<PersonFacts>);

}  // namespace pinhole::facts
