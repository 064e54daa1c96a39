// SPDX-License-Identifier: Apache-2.0
#pragma once

// Looks for the groups that make the arena small.
//
// Greedy: at a time when the most bytes live, every interval of operators around it that can run
// by rows is tried as a group, in the place of the groups it overlaps; the one that lowers the peak
// most is taken, and so on until nothing lowers it. What lowers the peak most at first need not do
// so in the end, so the search is made several times: it begins with groups of at most 1, 2, 4, ...
// operators, as long as these lower anything; and with groups that make the chains of shared places
// longer than the peak, or without. Of all results the lowest counts; kQuick makes one search. Then
// each group's turns are made as large as the peak allows: the fewer turns, the less it costs to
// change from operator to operator.
//
// The work is counted and bounded (kThoroughWork, kQuickWork: a step of a walk for each read, and
// the tensors and operators looked at), so that a model made to be slow is not: when it is used up,
// the groups found until then stand. The same graph gives the same groups everywhere.

#include <cstdint>
#include <span>

#include "engine/plan/arrangement.h"

namespace pinhole::engine::plan {

class GroupSearch {
 public:
  static constexpr std::uint64_t kThoroughWork = 12'000'000;  // some 50 ms on a PC
  static constexpr std::uint64_t kQuickWork = 200'000;        // below a millisecond there
  static constexpr std::uint32_t kQuickLength = 4;

  // `arrangement` is prepared and is worked with; afterwards it is as for some groups tried.
  GroupSearch(const Graph& graph, std::span<const OpDemand> demands, Arrangement& arrangement)
      : graph_(graph), demands_(demands), arrangement_(arrangement) {}

  // Error: kOutOfMemory.
  base::Status Run(Effort effort, base::Arena::Scratch& scratch);

  [[nodiscard]] std::span<const Group> groups() const { return groups_.all(); }
  [[nodiscard]] std::span<const RowFate> fates() const { return fates_; }

 private:
  void Descend(std::uint32_t longest, bool count_chains);
  Peak PeakOf(const Groups& groups, std::span<const RowFate> fates);
  bool Lower(std::uint32_t longest);
  bool Try(Group group, Peak& best);
  void EnlargeTurns();

  const Graph& graph_;
  std::span<const OpDemand> demands_;
  Arrangement& arrangement_;
  std::span<RowWindow> windows_;
  std::span<bool> can_;  // per operator
  // Of the groups as they are, with one group tried, with the best one tried, and of the search
  // that led lowest.
  std::span<RowFate> fates_, trial_fates_, best_fates_, lowest_fates_;
  Groups groups_, best_groups_, lowest_groups_;
  Peak peak_, lowest_peak_;
  bool count_chains_ = true;  // in peaks
  Work work_;
};

}  // namespace pinhole::engine::plan
