// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/arrangement.h"

#include <algorithm>

namespace pinhole::engine::plan {

bool Groups::Insert(const Group& group) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (groups_[i].last < group.first || groups_[i].first > group.last) {
      groups_[kept++] = groups_[i];
    }
  }
  count_ = kept;
  if (count_ == kMost) {
    return false;
  }
  std::size_t at = count_++;
  for (; at > 0 && groups_[at - 1].first > group.first; --at) {
    groups_[at] = groups_[at - 1];
  }
  groups_[at] = group;
  return true;
}

base::Status Arrangement::Prepare(std::span<const std::int32_t> taps,
                                  base::Arena::Scratch& scratch) {
  const std::size_t tensors = graph_.tensors.size();
  PINHOLE_ASSIGN(base_, scratch.Make<Lifetime>(tensors));
  PINHOLE_ASSIGN(lifetimes_, scratch.Make<Lifetime>(tensors));
  PINHOLE_ASSIGN(sharing_.place, scratch.Make<std::uint32_t>(tensors));
  PINHOLE_ASSIGN(sharing_.previous, scratch.Make<std::int32_t>(tensors));
  PINHOLE_ASSIGN(sharing_.shift, scratch.Make<std::int32_t>(tensors));
  PINHOLE_ASSIGN(next_assigned_, scratch.Make<std::uint32_t>(resources_.size()));
  PINHOLE_ASSIGN(live_, scratch.Make<std::int64_t>(std::size_t{EndTime(graph_)} + 2));
  PINHOLE_ASSIGN(lowest_, scratch.Make<std::int32_t>(tensors));
  FindLifetimes(graph_, taps, base_);
  return {};
}

// What the group touches lives as long as it, but for what each turn uses up.
void Arrangement::Stretch(const Group& group) {
  const auto touch = [&](std::int32_t tensor) {
    const auto index = static_cast<std::size_t>(tensor);
    if (tensor >= 0 && lifetimes_[index].lives() && !fates_[index].fleeting) {
      lifetimes_[index].Touch(TimeOf(group.first));
      lifetimes_[index].Touch(TimeOf(group.last));
    }
  };
  for (std::uint32_t i = group.first; i <= group.last; ++i) {
    std::for_each(graph_.operators[i].inputs.begin(), graph_.operators[i].inputs.end(), touch);
    std::for_each(graph_.operators[i].outputs.begin(), graph_.operators[i].outputs.end(), touch);
  }
}

void Arrangement::Set(std::span<const Group> groups, std::span<const RowFate> fates) {
  fates_ = fates;
  std::copy(base_.begin(), base_.end(), lifetimes_.begin());
  for (const Group& group : groups) {
    Stretch(group);
  }
  ShareInPlace(graph_, demands_, lifetimes_, resources_, groups, fates, next_assigned_, sharing_);
}

Peak Arrangement::FindPeak() {
  std::fill(live_.begin(), live_.end(), 0);
  const auto add = [&](std::uint32_t first, std::uint32_t last, std::int64_t amount) {
    live_[first] += amount;
    live_[std::size_t{last} + 1] -= amount;
  };
  for (std::size_t t = 0; t < graph_.tensors.size(); ++t) {
    if (!IsPlaced(t)) {
      continue;
    }
    const Lifetime& life = lifetimes_[t];
    add(life.first, life.last, units(t));
    if (sharing_.previous[t] >= 0) {  // what both hold counts once
      const auto from = static_cast<std::size_t>(sharing_.previous[t]);
      const std::int64_t begin = std::max(sharing_.shift[t], sharing_.shift[from]);
      const std::int64_t end = std::min(std::int64_t{sharing_.shift[t]} + units(t),
                                        std::int64_t{sharing_.shift[from]} + units(from));
      add(life.first, lifetimes_[from].last, -std::max<std::int64_t>(end - begin, 0));
    }
  }
  for (std::size_t i = 0; i < demands_.size(); ++i) {
    add(TimeOf(i), TimeOf(i), Units(demands_[i].scratch_bytes));
  }
  Peak peak;
  std::int64_t now = 0;
  for (std::uint32_t time = 0; time <= EndTime(graph_); ++time) {
    now += live_[time];
    const auto units = static_cast<std::uint64_t>(now);
    if (time == 0 || units > peak.units) {
      peak = {units, 1, time};
    } else if (units == peak.units) {
      ++peak.times;
    }
  }
  return peak;
}

// From a chain's lowest byte to its highest.
std::uint64_t Arrangement::LongestChain() {
  std::fill(lowest_.begin(), lowest_.end(), 0);
  for (std::size_t t = 0; t < lowest_.size(); ++t) {
    if (IsPlaced(t)) {
      std::int32_t& lowest = lowest_[sharing_.place[t]];
      lowest = std::min(lowest, sharing_.shift[t]);
    }
  }
  std::int64_t longest = 0;
  for (std::size_t t = 0; t < lowest_.size(); ++t) {
    if (IsPlaced(t)) {
      longest = std::max(longest, std::int64_t{sharing_.shift[t]} + units(t) -
                                      lowest_[sharing_.place[t]]);
    }
  }
  return static_cast<std::uint64_t>(longest);
}

}  // namespace pinhole::engine::plan
