// SPDX-License-Identifier: Apache-2.0
#pragma once

// From facts and the time at which they came to a pin's level: no pin, no clock.
//
//   PinLogic logic({.rise = 2s, .fall = 30s, .minimum = 5s, .no_reading = NoReading::kLow});
//   bool high = logic.Step(facts, now);      // at every tick
//
// A record with a reading asks for high where somebody is present, else for low. One without asks
// for what NoReading says: low (as an empty room does), high (as a person does), or for the level
// that the pin has (kKeep). The level changes at a Step where
//   - every record since a time at least `rise` (towards high) or `fall` (towards low) ago asked
//     for the other level: one record that does not ends the wait, and
//   - the level has not changed for at least `minimum`. The first change waits for no minimum.
// Nothing is known between two ticks, so nothing changes there: a time that is no multiple of the
// tick is rounded up to the next. A timer would change the pin sooner, on a belief that the next
// record may already have taken back.
//
// Time that runs backwards counts as time that stands still.

#include <chrono>
#include <cstdint>
#include <optional>

#include "facts/person_facts.h"

namespace pinhole::outside::pin {

enum class NoReading : std::uint8_t { kLow, kHigh, kKeep };

class PinLogic {
 public:
  using Duration = std::chrono::milliseconds;

  struct Settings {
    Duration rise{0}, fall{0}, minimum{0};  // 0 or more
    NoReading no_reading = NoReading::kLow;
  };

  explicit PinLogic(const Settings& settings)
      : settings_(settings), high_(settings.no_reading == NoReading::kHigh) {}

  // `facts` is canonical (facts/person_codec.h); `now` is of a clock that does not jump. The level
  // from now on.
  bool Step(const facts::PersonFacts& facts, Duration now);

  // Before the first Step: the level for no reading, low where that is kKeep.
  [[nodiscard]] bool high() const { return high_; }

 private:
  [[nodiscard]] bool Wanted(const facts::PersonFacts& facts) const;

  Settings settings_;
  bool high_;
  std::optional<Duration> now_;          // of the last Step
  std::optional<Duration> other_since_;  // since then every record asked for the other level
  std::optional<Duration> changed_;      // when the level last changed
};

}  // namespace pinhole::outside::pin
