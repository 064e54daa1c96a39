// SPDX-License-Identifier: Apache-2.0
#pragma once

// Person records drawn at random, for tests.

#include <cstdint>
#include <random>

#include "facts/person_facts.h"

namespace pinhole::facts {

// Any record that keeps the rules; boxes are square.
inline PersonFacts AnyRecord(std::mt19937& random) {
  const auto below = [&random](unsigned n) { return static_cast<std::uint8_t>(random() % n); };
  PersonFacts facts;
  facts.reading = below(2);
  facts.present = facts.reading != 0 ? below(2) : 0;
  facts.count = facts.present != 0 ? below(5) : 0;
  int size = 256;
  for (std::size_t i = 0; i < facts.count; ++i) {
    size = static_cast<int>(random() % static_cast<unsigned>(size)) + 1;  // not growing
    FaceFacts& face = facts.faces[i];
    face.confidence = static_cast<std::uint8_t>(1 + below(255));
    face.left = below(static_cast<unsigned>(257 - size));
    face.top = below(static_cast<unsigned>(257 - size));
    face.right = static_cast<std::uint8_t>(face.left + size - 1);
    face.bottom = static_cast<std::uint8_t>(face.top + size - 1);
    face.id = below(9);
    face.id_confidence = face.id != 0 ? static_cast<std::uint8_t>(1 + below(255)) : 0;
    face.facing = below(2);
  }
  return facts;
}

}  // namespace pinhole::facts
