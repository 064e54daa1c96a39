// SPDX-License-Identifier: Apache-2.0
#pragma once

// Person records to bytes and back; one record has one encoding.
//
// 37 bytes in the order of the fields, every field one byte, nothing between them (so there is no
// byte order to choose). Decode is the door's guard: it runs outside, on bytes that a compromised
// inside may have written, and takes nothing that Encode would not have made of a sound record.

#include <cstddef>
#include <span>

#include "base/result.h"
#include "facts/person_facts.h"

namespace pinhole::facts {

// Whether a record keeps all the rules: each field in its declared range; without a reading nobody
// is present; where nobody is present no face is named; for every face named confidence > 0, left
// <= right, top <= bottom, id and id_confidence both 0 or neither; a larger face (by its box on the
// grid) before a smaller one; faces not named all zero.
bool IsCanonical(const PersonFacts& facts);

// Error: kInvalidArgument (not canonical; nothing was written).
base::Status EncodePerson(const PersonFacts& facts, std::span<std::byte, kPersonFactsBytes> out);

// Errors: kTruncated, kTooLarge (not 37 bytes), kWrongKind (the record of another sensor),
// kUnsupported (another version), kMalformed (a field out of its range, or a rule broken).
base::Result<PersonFacts> DecodePerson(std::span<const std::byte> bytes);

}  // namespace pinhole::facts
