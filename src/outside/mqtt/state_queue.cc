// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/state_queue.h"

#include <algorithm>
#include <utility>

namespace pinhole::outside::mqtt {

void StateQueue::Push(std::string state) {
  states_.push_back({std::move(state), 0});
  DropOverflow();
}

const std::string* StateQueue::NextToSend() const {
  return sent_ < std::min(states_.size(), kWindow) ? &states_[sent_].text : nullptr;
}

void StateQueue::Sent(int id) {
  states_[sent_].id = id;
  ++sent_;
}

bool StateQueue::Acknowledged(int id) {
  const auto end = states_.begin() + static_cast<std::ptrdiff_t>(sent_);
  const auto found =
      std::find_if(states_.begin(), end, [id](const State& state) { return state.id == id; });
  if (found == end) {
    return false;
  }
  states_.erase(found);
  --sent_;
  return true;
}

void StateQueue::ConnectionLost() {
  sent_ = 0;
  DropOverflow();
}

std::uint64_t StateQueue::TakeDropped() { return std::exchange(dropped_, 0); }

void StateQueue::DropOverflow() {
  while (states_.size() - sent_ > most_) {
    states_.erase(states_.begin() + static_cast<std::ptrdiff_t>(sent_));
    ++dropped_;
  }
}

}  // namespace pinhole::outside::mqtt
