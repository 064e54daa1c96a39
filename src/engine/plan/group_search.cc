// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/group_search.h"

#include <algorithm>
#include <limits>

#include "engine/plan/stripe_walk.h"

namespace pinhole::engine::plan {

Peak GroupSearch::PeakOf(const Groups& groups, std::span<const RowFate> fates) {
  arrangement_.Set(groups.all(), fates);
  Peak peak = arrangement_.FindPeak();
  if (count_chains_) {
    peak.units = std::max(peak.units, arrangement_.LongestChain());
  }
  return peak;
}

// Tries `group` among the groups there are; keeps it as the best where its peak is below `best`.
bool GroupSearch::Try(Group group, Peak& best) {
  if (!work_.Take(graph_.tensors.size() + graph_.operators.size())) {
    return false;
  }
  Groups trial = groups_;
  std::copy(fates_.begin(), fates_.end(), trial_fates_.begin());
  for (const Group& old : groups_.all()) {
    if (old.last < group.first || old.first > group.last) {
      continue;
    }
    for (std::uint32_t i = old.first; i <= old.last; ++i) {
      trial_fates_[static_cast<std::size_t>(graph_.operators[i].outputs[0])] = {};
    }
  }
  if (!WalkGroup(graph_, demands_, windows_, arrangement_.whole_lifetimes(), group, trial_fates_,
                 work_) ||
      !trial.Insert(group)) {
    return false;
  }
  const Peak peak = PeakOf(trial, trial_fates_);
  if (!(peak < best)) {
    return false;
  }
  best = peak;
  best_groups_ = trial;
  std::copy(trial_fates_.begin(), trial_fates_.end(), best_fates_.begin());
  return true;
}

// One group more, or another one, of at most `longest` operators, so that the peak is lower; false
// where there is none.
bool GroupSearch::Lower(std::uint32_t longest) {
  if (peak_.first == 0 || peak_.first > graph_.operators.size()) {
    return false;  // inputs alone, or outputs: no operator runs then
  }
  const std::uint32_t at = peak_.first - 1;
  if (!can_[at]) {
    return false;
  }
  std::uint32_t low = at;
  std::uint32_t high = at;
  while (low > 0 && can_[low - 1] && at - low < kMaxGroupOperators) {
    --low;
  }
  while (high + 1 < can_.size() && can_[high + 1] && high - at < kMaxGroupOperators) {
    ++high;
  }
  Peak best = peak_;
  bool found = false;
  // The shorter ones first: they hold fewer rings, and cost less to try.
  for (std::uint32_t length = 1; length <= longest && work_.left > 0; ++length) {
    const std::uint32_t begin = at + 1 >= low + length ? at + 1 - length : low;
    for (std::uint32_t first = begin; first <= at && first + length - 1 <= high; ++first) {
      Group group;
      group.first = first;
      group.last = first + length - 1;
      found = Try(group, best) || found;
    }
  }
  if (found) {
    peak_ = best;
    groups_ = best_groups_;
    std::copy(best_fates_.begin(), best_fates_.end(), fates_.begin());
  }
  return found;
}

// A search from the beginning.
void GroupSearch::Descend(std::uint32_t longest, bool count_chains) {
  groups_ = {};
  count_chains_ = count_chains;
  std::fill(fates_.begin(), fates_.end(), RowFate{});
  peak_ = PeakOf(groups_, fates_);
  while (Lower(longest)) {
  }
  while (Lower(kMaxGroupOperators)) {
  }
  count_chains_ = true;
  const Peak reached = PeakOf(groups_, fates_);
  if (reached.units < lowest_peak_.units) {
    lowest_peak_ = reached;
    lowest_groups_ = groups_;
    std::copy(fates_.begin(), fates_.end(), lowest_fates_.begin());
  }
}

void GroupSearch::EnlargeTurns() {
  for (std::size_t g = 0; g < groups_.all().size(); ++g) {
    for (;;) {
      Group group = groups_.all()[g];
      if (group.rows_per_turn >= StripeWalk::RowsOf(graph_, group.last)) {
        break;
      }
      group.rows_per_turn *= 2;
      Peak no_higher = peak_;
      no_higher.times = 0xFFFFFFFFU;
      if (!Try(group, no_higher)) {
        break;
      }
      groups_ = best_groups_;
      std::copy(best_fates_.begin(), best_fates_.end(), fates_.begin());
    }
  }
}

base::Status GroupSearch::Run(Effort effort, base::Arena::Scratch& scratch) {
  const std::size_t tensors = graph_.tensors.size();
  PINHOLE_ASSIGN(windows_, scratch.Make<RowWindow>(demands_.size()));
  PINHOLE_ASSIGN(can_, scratch.Make<bool>(demands_.size()));
  PINHOLE_ASSIGN(fates_, scratch.Make<RowFate>(tensors));
  PINHOLE_ASSIGN(trial_fates_, scratch.Make<RowFate>(tensors));
  PINHOLE_ASSIGN(best_fates_, scratch.Make<RowFate>(tensors));
  PINHOLE_ASSIGN(lowest_fates_, scratch.Make<RowFate>(tensors));
  for (std::size_t i = 0; i < demands_.size(); ++i) {
    windows_[i] = demands_[i].rows;
    can_[i] = CanBeInGroup(graph_, demands_, i);
  }
  lowest_peak_.units = std::numeric_limits<std::uint64_t>::max();
  if (effort == Effort::kThorough) {
    constexpr std::uint64_t kParts = 15;  // two for each length below, one for the turns
    work_.left = 0;
    for (std::uint32_t longest = 1; longest <= kMaxGroupOperators; longest *= 2) {
      for (const bool count_chains : {true, false}) {
        work_.left += kThoroughWork / kParts;
        Descend(longest, count_chains);
      }
    }
    work_.left += kThoroughWork / kParts;
  } else {
    work_.left = kQuickWork;
    Descend(kQuickLength, true);
    work_.left += kQuickWork / 4;
  }
  groups_ = lowest_groups_;
  peak_ = lowest_peak_;
  std::copy(lowest_fates_.begin(), lowest_fates_.end(), fates_.begin());
  EnlargeTurns();
  return {};
}

}  // namespace pinhole::engine::plan
