// SPDX-License-Identifier: Apache-2.0
#include "outside/http/history.h"

#include <algorithm>

namespace pinhole::outside::http {

char HistorySymbol(const facts::PersonFacts& facts) {
  if (facts.reading == 0) {
    return '-';
  }
  return facts.present == 0 ? '.' : static_cast<char>('0' + facts.count);
}

History::History(std::chrono::microseconds tick)
    : tick_(tick),
      ring_(std::clamp<std::size_t>(
                static_cast<std::size_t>(std::chrono::microseconds(kHistoryTime) / tick), 1,
                kMaxTicks),
            '-') {}

void History::Add(const facts::PersonFacts& facts, Clock::time_point now) {
  // A tick that comes half a tick late is late; later, one was missed.
  for (std::size_t missed = Missed(now, 0.5); missed > 0; --missed) {
    Push('-');
  }
  Push(HistorySymbol(facts));
  last_ = now;
}

std::string History::Text(Clock::time_point now) const {
  std::string text;
  for (std::size_t i = 0; i < filled_; ++i) {
    text += ring_[(next_ + ring_.size() - filled_ + i) % ring_.size()];
  }
  // What is due may still come, so a whole tick of patience.
  text.append(Missed(now, 0), '-');
  return text.size() > ring_.size() ? text.substr(text.size() - ring_.size()) : text;
}

std::size_t History::Missed(Clock::time_point now, double slack) const {
  if (!last_) {
    return 0;
  }
  const double ticks = std::chrono::duration<double>(now - *last_) / tick_ + slack;
  const double missed = std::min(ticks - 1, static_cast<double>(ring_.size()));
  return missed < 1 ? 0 : static_cast<std::size_t>(missed);
}

void History::Push(char symbol) {
  ring_[next_] = symbol;
  next_ = (next_ + 1) % ring_.size();
  filled_ = std::min(filled_ + 1, ring_.size());
}

}  // namespace pinhole::outside::http
