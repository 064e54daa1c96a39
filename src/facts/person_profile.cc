// SPDX-License-Identifier: Apache-2.0
#include "facts/person_profile.h"

#include <algorithm>
#include <tuple>

namespace pinhole::facts {

namespace {

constexpr int kCell = 256 / kProfileCells;

// Where a square of `size` cells begins so that its middle is nearest to that of left..right and
// all of it inside the picture.
int FirstCell(int left, int right, int size) {
  const int twice_start = std::max(0, left + right + 1 - size * kCell + kCell);
  return std::min(twice_start / (2 * kCell), kProfileCells - size);
}

FaceFacts OnCells(const FaceFacts& face) {
  const int longer = std::max(face.right - face.left, face.bottom - face.top) + 1;
  const int size = std::max(1, (longer + kCell / 2) / kCell);
  const int left = FirstCell(face.left, face.right, size) * kCell;
  const int top = FirstCell(face.top, face.bottom, size) * kCell;
  const int last = size * kCell - 1;
  FaceFacts on_cells;
  on_cells.confidence = 255;
  on_cells.left = static_cast<std::uint8_t>(left);
  on_cells.top = static_cast<std::uint8_t>(top);
  on_cells.right = static_cast<std::uint8_t>(left + last);
  on_cells.bottom = static_cast<std::uint8_t>(top + last);
  on_cells.facing = face.facing;
  return on_cells;
}

// A total order, so that the order of equally large faces tells nothing.
bool Before(const FaceFacts& a, const FaceFacts& b) {
  return std::tuple(-GridArea(a), a.top, a.left, a.facing) <
         std::tuple(-GridArea(b), b.top, b.left, b.facing);
}

PersonFacts Presence(const PersonFacts& facts) {
  PersonFacts reduced;
  reduced.reading = facts.reading;
  reduced.present = facts.present;
  return reduced;
}

PersonFacts People(const PersonFacts& facts) {
  PersonFacts reduced = Presence(facts);
  reduced.count = facts.count;
  const auto faces = std::span(reduced.faces).first(facts.count);
  std::transform(facts.faces.begin(), facts.faces.begin() + facts.count, faces.begin(), OnCells);
  std::sort(faces.begin(), faces.end(), Before);
  return reduced;
}

}  // namespace

std::optional<PersonProfile> ProfileNamed(std::string_view name) {
  for (std::size_t i = 0; i < kPersonProfiles.size(); ++i) {
    if (kPersonProfiles[i].name == name) {
      return static_cast<PersonProfile>(i);
    }
  }
  return std::nullopt;
}

PersonFacts Reduce(const PersonFacts& facts, PersonProfile profile) {
  switch (profile) {
    case PersonProfile::kPresence: return Presence(facts);
    case PersonProfile::kPeople: return People(facts);
    case PersonProfile::kCompatible: return facts;
  }
  return PersonFacts{};
}

}  // namespace pinhole::facts
