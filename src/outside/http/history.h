// SPDX-License-Identifier: Apache-2.0
#pragma once

// The last ten minutes, one character a tick, so that a page that is loaded anew has something to
// show. Records in, text out:
//
//   -  no reading, or no tick came      .  nobody
//   0  somebody, but no face            1 to 4  so many faces
//
// Ticks that did not come are filled in by the clock, so that the text's length is time. Memory: at
// most kMaxTicks bytes, taken once. No clock of its own: the caller says when.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "facts/person_facts.h"

namespace pinhole::outside::http {

using Clock = std::chrono::steady_clock;

inline constexpr std::chrono::minutes kHistoryTime{10};
inline constexpr std::size_t kMaxTicks = 6000;

char HistorySymbol(const facts::PersonFacts& facts);

class History {
 public:
  // `tick` is at least a microsecond.
  explicit History(std::chrono::microseconds tick);

  // `now` does not run backwards from call to call.
  void Add(const facts::PersonFacts& facts, Clock::time_point now);

  // Oldest first, at most size() characters; empty before the first record.
  [[nodiscard]] std::string Text(Clock::time_point now) const;

  // Ticks that are remembered.
  [[nodiscard]] std::size_t size() const { return ring_.size(); }

 private:
  // Whole ticks that should have come between the last one and `now`, at most size().
  [[nodiscard]] std::size_t Missed(Clock::time_point now, double slack) const;
  void Push(char symbol);

  std::chrono::microseconds tick_;
  std::string ring_;
  std::size_t next_ = 0, filled_ = 0;
  std::optional<Clock::time_point> last_;
};

}  // namespace pinhole::outside::http
