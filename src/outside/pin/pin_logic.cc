// SPDX-License-Identifier: Apache-2.0
#include "outside/pin/pin_logic.h"

#include <algorithm>

namespace pinhole::outside::pin {

bool PinLogic::Step(const facts::PersonFacts& facts, Duration now) {
  now_ = now_ ? std::max(*now_, now) : now;
  const bool wanted = Wanted(facts);
  if (wanted == high_) {
    other_since_.reset();
    return high_;
  }
  if (!other_since_) {
    other_since_ = now_;
  }
  const Duration wait = wanted ? settings_.rise : settings_.fall;
  if (*now_ - *other_since_ < wait || (changed_ && *now_ - *changed_ < settings_.minimum)) {
    return high_;
  }
  high_ = wanted;
  changed_ = now_;
  other_since_.reset();
  return high_;
}

bool PinLogic::Wanted(const facts::PersonFacts& facts) const {
  if (facts.reading != 0) {
    return facts.present != 0;
  }
  switch (settings_.no_reading) {
    case NoReading::kLow: return false;
    case NoReading::kHigh: return true;
    case NoReading::kKeep: break;
  }
  return high_;
}

}  // namespace pinhole::outside::pin
