// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the inside wrote becomes what may leave: bytes in, at each tick one reduced record out.
//
//   Door door(facts::PersonProfile::kPeople);
//   door.Take(bytes);                     // whenever the pipe has some
//   outlet.Send(door.Tick());             // every Declaration(profile).tick_us(), by our own clock
//
// The inside is not trusted. It chooses what it writes, and when; so
//   - bytes are records with one encoding (facts/person_codec.h), and anything else closes the door
//     for good: from then on every tick gives "no reading", until Reopen;
//   - a tick sees the newest record only, reduced to the profile: how many came before it since the
//     last tick, what they said and at which moment leaves no trace;
//   - a tick without a new record gives the one before again, the second such tick in a row and all
//     that follow give "no reading" (kStaleTicks). An inside that is silent for two ticks in a row
//     now and then flickers: it needs a profile with a longer tick.
// So a tick gives one of the profile's records and nothing else, and the profile's budget holds as
// long as the caller does not tick faster and tells the world neither closed() nor what Take said.
//
// No heap, no clock, no input or output; all state is in the object. One thread.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "facts/person_facts.h"
#include "facts/person_profile.h"

namespace pinhole::outside::door {

inline constexpr std::uint32_t kStaleTicks = 2;

class Door {
 public:
  explicit Door(facts::PersonProfile profile) : profile_(profile) {}

  // `bytes` are whole records, one after the other; none is fine. A bad one takes with it all that
  // was taken before. Errors: those of DecodePerson, kTruncated where the last record is not whole
  // (all of these close the door); kNotReady: it is closed already.
  [[nodiscard]] base::Status Take(std::span<const std::byte> bytes);

  // One record of the profile, canonical. To be called at the profile's pace.
  [[nodiscard]] facts::PersonFacts Tick();

  [[nodiscard]] bool closed() const { return closed_; }

  // For a new inside: forgets everything that the old one said.
  void Reopen() { *this = Door(profile_); }

 private:
  facts::PersonProfile profile_;
  bool closed_ = false;
  facts::PersonFacts newest_;       // reduced; no reading once it is stale
  bool fresh_ = false;              // newest_ came after the last tick
  std::uint32_t silent_ticks_ = 0;  // ticks in a row without a record, at most kStaleTicks
};

}  // namespace pinhole::outside::door
