// SPDX-License-Identifier: Apache-2.0
#include "facts/person_codec.h"

#include <array>

#include "facts/person_fields.h"

namespace pinhole::facts {

namespace {

using Bytes = std::array<std::uint8_t, kPersonFactsBytes>;

Bytes ToBytes(const PersonFacts& facts) {
  Bytes bytes{};
  std::size_t at = 0;
  const auto put = [&](std::uint8_t value) { bytes[at++] = value; };
  for (const std::uint8_t value :
       {facts.kind, facts.version, facts.reading, facts.present, facts.count}) {
    put(value);
  }
  for (const FaceFacts& face : facts.faces) {
    for (const std::uint8_t value : {face.confidence, face.left, face.top, face.right, face.bottom,
                                     face.id, face.id_confidence, face.facing}) {
      put(value);
    }
  }
  return bytes;
}

PersonFacts FromBytes(const Bytes& bytes) {
  std::size_t at = 0;
  const auto take = [&] { return bytes[at++]; };
  PersonFacts facts;
  for (std::uint8_t* field :
       {&facts.kind, &facts.version, &facts.reading, &facts.present, &facts.count}) {
    *field = take();
  }
  for (FaceFacts& face : facts.faces) {
    for (std::uint8_t* field : {&face.confidence, &face.left, &face.top, &face.right, &face.bottom,
                                &face.id, &face.id_confidence, &face.facing}) {
      *field = take();
    }
  }
  return facts;
}

bool InRange(const Bytes& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] < kPersonFields[i].low || bytes[i] > kPersonFields[i].high) {
      return false;
    }
  }
  return true;
}

bool IsSound(const FaceFacts& face) {
  return face.confidence > 0 && face.left <= face.right && face.top <= face.bottom &&
         (face.id == 0) == (face.id_confidence == 0);
}

bool KeepsRules(const PersonFacts& facts) {
  if ((facts.reading == 0 && facts.present != 0) || (facts.present == 0 && facts.count != 0)) {
    return false;
  }
  for (std::size_t i = 0; i < facts.faces.size(); ++i) {
    const FaceFacts& face = facts.faces[i];
    if (i >= facts.count ? face != FaceFacts{} : !IsSound(face)) {
      return false;
    }
    if (i > 0 && i < facts.count && GridArea(facts.faces[i - 1]) < GridArea(face)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool IsCanonical(const PersonFacts& facts) { return InRange(ToBytes(facts)) && KeepsRules(facts); }

base::Status EncodePerson(const PersonFacts& facts, std::span<std::byte, kPersonFactsBytes> out) {
  if (!IsCanonical(facts)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const Bytes bytes = ToBytes(facts);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[i] = static_cast<std::byte>(bytes[i]);
  }
  return {};
}

base::Result<PersonFacts> DecodePerson(std::span<const std::byte> bytes) {
  if (bytes.size() != kPersonFactsBytes) {
    return base::Unexpected(bytes.size() < kPersonFactsBytes ? base::Error::kTruncated
                                                             : base::Error::kTooLarge);
  }
  Bytes values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::to_integer<std::uint8_t>(bytes[i]);
  }
  const PersonFacts facts = FromBytes(values);
  constexpr PersonFacts kOurs;
  if (facts.kind != kOurs.kind) {
    return base::Unexpected(base::Error::kWrongKind);
  }
  if (facts.version != kOurs.version) {
    return base::Unexpected(base::Error::kUnsupported);
  }
  if (!InRange(values) || !KeepsRules(facts)) {
    return base::Unexpected(base::Error::kMalformed);
  }
  return facts;
}

}  // namespace pinhole::facts
