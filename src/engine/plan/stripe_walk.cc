// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/stripe_walk.h"

#include <algorithm>

namespace pinhole::engine::plan {

StripeWalk::StripeWalk(const Graph& graph, const RowGroup& group)
    : graph_(graph), group_(group), count_(group.last - group.first + 1), next_(count_) {}

int StripeWalk::ProducerOf(const Graph& graph, const RowGroup& group, std::uint32_t op,
                           std::int32_t tensor) {
  // Backwards: most inputs come from the operator just before.
  for (std::uint32_t i = op; i-- > group.first;) {
    if (graph.operators[i].outputs[0] == tensor) {
      return static_cast<int>(i - group.first);
    }
  }
  return -1;
}

// Sets wanted_. False when there is nothing left to make.
bool StripeWalk::BeginTurn() {
  const std::uint32_t last = count_ - 1;
  const std::int32_t rows = RowsOf(graph_, group_.last);
  if (made_[last] == rows) {
    return false;
  }
  const std::int32_t target = std::min(rows - made_[last], group_.rows_per_turn) + made_[last];
  for (std::uint32_t i = 0; i < count_; ++i) {
    wanted_[i] = target == rows ? RowsOf(graph_, group_.first + i) : made_[i];
  }
  wanted_[last] = target;
  for (std::uint32_t i = count_; i-- > 0;) {
    if (wanted_[i] == made_[i]) {
      continue;
    }
    for (const std::int32_t input : graph_.operators[group_.first + i].inputs) {
      const int producer = ProducerOf(graph_, group_, group_.first + i, input);
      if (producer >= 0) {
        std::int32_t& wanted = wanted_[static_cast<std::size_t>(producer)];
        const std::int32_t there =
            RowsOf(graph_, group_.first + static_cast<std::uint32_t>(producer));
        wanted = std::max(wanted, group_.windows[i].End(wanted_[i] - 1, there));
      }
    }
  }
  next_ = 0;
  return true;
}

bool StripeWalk::Next(Step& step) {
  turn_began_ = false;
  for (;;) {
    for (; next_ < count_; ++next_) {
      if (made_[next_] < wanted_[next_]) {
        step = {group_.first + next_, made_[next_], wanted_[next_]};
        made_[next_] = wanted_[next_];
        ++next_;
        return true;
      }
    }
    if (!BeginTurn()) {
      return false;
    }
    turn_began_ = true;
  }
}

}  // namespace pinhole::engine::plan
