// SPDX-License-Identifier: Apache-2.0
#pragma once

// The declaration of a person record, byte by byte: the one list that the codec checks against, the
// budget adds up, and docs/reference/facts.md prints.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "facts/budget.h"
#include "facts/person_facts.h"

namespace pinhole::facts {

inline constexpr std::array<FieldBits, kPersonFactsBytes> kPersonFields = [] {
  constexpr std::array<FieldBits, 5> kHead = {{{"kind", 1, 1},
                                               {"version", 1, 1},
                                               {"reading", 0, 1},
                                               {"present", 0, 1},
                                               {"count", 0, kMaxFaces}}};
  constexpr std::array<FieldBits, sizeof(FaceFacts)> kFace = {{{"confidence", 0, 255},
                                                               {"left", 0, 255},
                                                               {"top", 0, 255},
                                                               {"right", 0, 255},
                                                               {"bottom", 0, 255},
                                                               {"id", 0, 8},
                                                               {"id_confidence", 0, 255},
                                                               {"facing", 0, 1}}};
  std::array<FieldBits, kPersonFactsBytes> fields{};
  std::size_t at = 0;
  for (const FieldBits& field : kHead) {
    fields[at++] = field;
  }
  for (std::size_t face = 0; face < kMaxFaces; ++face) {
    for (const FieldBits& field : kFace) {
      fields[at++] = field;
    }
  }
  return fields;
}();

// Records a sensor hands out at most: seven a second, as many as a small board can look at.
inline constexpr std::uint32_t kPersonRecordsPerMinute = 420;

inline constexpr std::uint32_t kPersonBitsPerRecord = BitsPerRecord(kPersonFields);
inline constexpr std::uint32_t kPersonBitsPerSecond =
    BitsPerSecond(kPersonFields, kPersonRecordsPerMinute);
static_assert(kPersonBitsPerRecord == 217 && kPersonBitsPerSecond == 1519,
              "what can leave has changed: say so in docs/reference/facts.md and in the changelog");

}  // namespace pinhole::facts
