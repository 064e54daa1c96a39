// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/search.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace pinhole::engine::plan::traffic {

namespace {

constexpr std::size_t kMostResidents = 5;
constexpr std::size_t kSets = std::size_t{1} << kMostResidents;
constexpr std::size_t kLookedAtResidents = 16;  // of the tensors alive, the latest
constexpr std::uint32_t kLongestGroup = 40;
constexpr std::uint32_t kMostTurns = 256;
constexpr int kMisses =
    6;  // groups that don't fit, one after the other, before longer ones are given up
constexpr std::uint32_t kTurnsForOverlap = 4;

bool Contains(const std::vector<std::int32_t>& list, std::int32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

class Searcher {
 public:
  Searcher(const Network& network, const SearchLimits& limits)
      : network_(network),
        limits_(limits),
        count_(static_cast<std::uint32_t>(network.works.size())) {
    looks_each_ = limits.looks / std::max<std::uint32_t>(count_, 1);
  }

  Found Find() {
    FindTracked();
    states_.resize(count_ + 1);
    states_[0][0].reached = true;
    for (std::uint32_t i = 0; i <= count_; ++i) {
      Evict(i);
      if (i < count_) {
        LookFrom(i);
        looked_at_ += used_;
      }
    }
    return Trace();
  }

 private:
  struct State {
    bool reached = false;
    Cost cost;
    std::uint32_t from = 0;
    std::size_t from_set = 0;
    bool eviction = false;  // at the same boundary
    bool rows = false;
    std::uint32_t turn_rows = 1;
    Tiling tiling;
  };

  [[nodiscard]] const NetworkTensor& tensor(std::int32_t t) const {
    return network_.tensors[static_cast<std::size_t>(t)];
  }
  [[nodiscard]] std::vector<std::int32_t> SetAt(std::uint32_t boundary, std::size_t set) const {
    std::vector<std::int32_t> tensors;
    for (std::size_t k = 0; k < tracked_[boundary].size(); ++k) {
      if ((set >> k & 1U) != 0) {
        tensors.push_back(tracked_[boundary][k]);
      }
    }
    return tensors;
  }

  void FindTracked();
  void Evict(std::uint32_t boundary);
  void LookFrom(std::uint32_t first);
  // What follows from each state at group.first; true where some way fits.
  bool TryGroup(std::uint32_t first, std::uint32_t end);
  void TryTiles(std::uint32_t first);
  // Sets of residents at `end` that may follow `before`.
  template <typename Visit>
  void ForSetsAfter(std::uint32_t first, std::uint32_t end, const std::vector<std::int32_t>& before,
                    const Visit& visit) const;
  [[nodiscard]] bool Touches(std::uint32_t first, std::uint32_t end, std::int32_t t) const;
  [[nodiscard]] std::uint64_t UntouchedBytes(const Choice& choice) const;
  void Reach(const Choice& choice, std::size_t from_set, std::size_t to_set, const Cost& cost);
  [[nodiscard]] Cost GroupCost(const Group& group, const Choice& choice) const;
  [[nodiscard]] Found Trace() const;

  const Network& network_;
  const SearchLimits& limits_;
  std::uint32_t count_;
  std::uint64_t looks_each_ = 0;
  std::uint64_t used_ = 0;  // of looks_each_, by the present boundary
  std::uint64_t looked_at_ = 0;
  bool cut_short_ = false;
  std::vector<std::vector<std::int32_t>> tracked_;  // per boundary
  std::vector<std::array<State, kSets>> states_;
};

// Of the tensors alive at each boundary, those that are needed next and could lie in fast memory.
void Searcher::FindTracked() {
  std::vector<std::vector<std::int32_t>> uses(network_.tensors.size());  // ascending
  std::vector<std::vector<std::int32_t>> made(count_ + 1), dies(count_ + 1);
  std::set<std::int32_t> alive;
  for (std::uint32_t w = 0; w < count_; ++w) {
    for (const Operand& in : network_.works[w].inputs) {
      uses[static_cast<std::size_t>(in.tensor)].push_back(static_cast<std::int32_t>(w));
    }
  }
  for (std::size_t t = 0; t < network_.tensors.size(); ++t) {
    const NetworkTensor& one = network_.tensors[t];
    if (one.last_use >= 0 && AlignedFast(one.bytes) <= limits_.fast_bytes) {
      made[static_cast<std::size_t>(one.producer + 1)].push_back(static_cast<std::int32_t>(t));
      dies[static_cast<std::size_t>(one.last_use)].push_back(static_cast<std::int32_t>(t));
    }
  }
  tracked_.resize(count_ + 1);
  for (std::uint32_t b = 0; b <= count_; ++b) {
    alive.insert(made[b].begin(), made[b].end());
    if (b > 0) {
      for (const std::int32_t t : dies[b - 1]) {
        alive.erase(t);
      }
    }
    std::vector<std::pair<std::int32_t, std::int32_t>> next;
    for (auto t = alive.rbegin(); t != alive.rend() && next.size() < kLookedAtResidents; ++t) {
      const auto& all = uses[static_cast<std::size_t>(*t)];
      const auto use = std::lower_bound(all.begin(), all.end(), static_cast<std::int32_t>(b));
      next.emplace_back(use != all.end() ? *use : static_cast<std::int32_t>(count_), *t);
    }
    std::sort(next.begin(), next.end());
    next.resize(std::min({next.size(), limits_.most_residents, kMostResidents}));
    for (const auto& [use, t] : next) {
      tracked_[b].push_back(t);
    }
  }
}

// What is resident may be sent to slow memory; what lies there anyway costs nothing.
void Searcher::Evict(std::uint32_t boundary) {
  for (std::size_t set = kSets - 1; set > 0; --set) {
    const State from = states_[boundary][set];
    if (!from.reached) {
      continue;
    }
    for (std::size_t k = 0; k < tracked_[boundary].size(); ++k) {
      if ((set >> k & 1U) == 0) {
        continue;
      }
      const NetworkTensor& gone = tensor(tracked_[boundary][k]);
      const Cost cost = from.cost + Cost{gone.input ? 0 : std::uint64_t{gone.bytes}, 0};
      State& to = states_[boundary][set & ~(std::size_t{1} << k)];
      if (!to.reached || cost < to.cost) {
        to = State{};
        to.reached = true;
        to.cost = cost;
        to.from = boundary;
        to.from_set = set;
        to.eviction = true;
      }
    }
  }
}

bool Searcher::Touches(std::uint32_t first, std::uint32_t end, std::int32_t t) const {
  const auto is = [t](const Operand& operand) { return operand.tensor == t; };
  for (std::uint32_t w = first; w < end; ++w) {
    const Work& work = network_.works[w];
    if (std::any_of(work.inputs.begin(), work.inputs.end(), is) ||
        std::any_of(work.outputs.begin(), work.outputs.end(), is)) {
      return true;
    }
  }
  return false;
}

template <typename Visit>
void Searcher::ForSetsAfter(std::uint32_t first, std::uint32_t end,
                            const std::vector<std::int32_t>& before, const Visit& visit) const {
  const std::vector<std::int32_t>& tracked = tracked_[end];
  std::size_t must = 0;
  std::size_t may = 0;
  for (std::size_t k = 0; k < tracked.size(); ++k) {
    if (Contains(before, tracked[k])) {
      must |= std::size_t{1} << k;
    } else if (Touches(first, end, tracked[k])) {
      may |= std::size_t{1} << k;
    }
  }
  for (const std::int32_t t : before) {
    if (tensor(t).last_use >= static_cast<std::int32_t>(end) && !Contains(tracked, t)) {
      return;  // alive, but no longer looked after: it has to be evicted first
    }
  }
  for (std::size_t some = may;; some = (some - 1) & may) {
    visit(must | some);
    if (some == 0) {
      return;
    }
  }
}

std::uint64_t Searcher::UntouchedBytes(const Choice& choice) const {
  std::uint64_t bytes = 0;
  for (const std::int32_t t : choice.before) {
    bytes += Touches(choice.first, choice.end, t) ? 0 : AlignedFast(tensor(t).bytes);
  }
  return bytes;
}

void Searcher::Reach(const Choice& choice, std::size_t from_set, std::size_t to_set,
                     const Cost& cost) {
  State& to = states_[choice.end][to_set];
  const Cost sum = states_[choice.first][from_set].cost + cost;
  if (to.reached && !(sum < to.cost)) {
    return;
  }
  to = {true, sum, choice.first, from_set, false, choice.rows, choice.turn_rows, choice.tiling};
}

Cost Searcher::GroupCost(const Group& group, const Choice& choice) const {
  Cost cost;
  cost.steps = group.steps().size();
  for (std::uint32_t w = choice.first; w < choice.end; ++w) {
    cost.bytes += network_.works[w].constant_bytes();
  }
  for (const GroupTensor& one : group.tensors()) {
    const Stay stay =
        StayOf(network_, one.tensor, one.produced, choice.end, choice.before, choice.after);
    if (one.produced) {
      cost.bytes += stay == Stay::kStreams ? tensor(one.tensor).bytes : 0;
    } else if (stay != Stay::kResident) {
      const bool parts = stay == Stay::kStreams && one.streams && one.view->pieces == 1;
      cost.bytes += parts ? one.loaded : tensor(one.tensor).bytes;
    }
  }
  return cost;
}

bool Searcher::TryGroup(std::uint32_t first, std::uint32_t end) {
  Choice choice;
  choice.first = first;
  choice.end = end;
  choice.rows = true;
  choice.turn_rows = (network_.works[end - 1].rows() + kMostTurns - 1) / kMostTurns;
  const Group group(network_, first, end, choice.turn_rows);
  used_ += 8 + group.steps().size();
  if (!group.possible()) {
    return true;  // a longer one may be
  }
  bool fits = false;
  for (std::size_t set = 0; set < kSets; ++set) {
    if (!states_[first][set].reached) {
      continue;
    }
    choice.before = SetAt(first, set);
    const std::uint64_t untouched = UntouchedBytes(choice);
    ForSetsAfter(first, end, choice.before, [&](std::size_t after) {
      choice.after = SetAt(end, after);
      ++used_;
      if (untouched + GroupFastBytes(network_, group, choice) <= limits_.fast_bytes) {
        fits = true;
        Reach(choice, set, after, GroupCost(group, choice));
      }
    });
  }
  return fits;
}

void Searcher::TryTiles(std::uint32_t first) {
  Choice choice;
  choice.first = first;
  choice.end = first + 1;
  std::vector<Stay> inputs;
  std::vector<Stay> outputs;
  for (std::size_t set = 0; set < kSets; ++set) {
    // Without residents there is always a way.
    if (!states_[first][set].reached || (set > 0 && used_ > looks_each_)) {
      continue;
    }
    choice.before = SetAt(first, set);
    const std::uint64_t untouched = UntouchedBytes(choice);
    ForSetsAfter(first, choice.end, choice.before, [&](std::size_t after) {
      choice.after = SetAt(choice.end, after);
      StaysOf(network_, choice, inputs, outputs);
      const Tiler tiler(network_.works[first], inputs, outputs, limits_.line_bytes);
      if (untouched > limits_.fast_bytes) {
        return;
      }
      if (const auto best = tiler.Best(limits_.fast_bytes - untouched, used_)) {
        choice.tiling = best->tiling;
        Reach(choice, set, after, best->cost);
      }
    });
  }
}

void Searcher::LookFrom(std::uint32_t first) {
  used_ = 0;
  TryTiles(first);
  std::uint64_t constants = network_.works[first].constant_bytes();
  int misses = 0;
  for (std::uint32_t end = first + 2; end <= std::min(count_, first + kLongestGroup); ++end) {
    constants += network_.works[end - 1].constant_bytes();
    if (constants > limits_.fast_bytes || misses > kMisses) {
      return;
    }
    if (used_ > looks_each_) {
      cut_short_ = true;
      return;
    }
    misses = TryGroup(first, end) ? 0 : misses + 1;
  }
}

Found Searcher::Trace() const {
  Found found;
  found.cut_short = cut_short_;
  found.looked_at = looked_at_;
  std::uint32_t at = count_;
  std::size_t set = 0;
  std::vector<std::int32_t> evicted;
  while (at > 0 || set != 0) {
    const State& state = states_[at][set];
    if (state.eviction) {
      const std::size_t gone = state.from_set & ~set;
      const std::vector<std::int32_t> tensors = SetAt(at, gone);
      evicted.insert(evicted.end(), tensors.begin(), tensors.end());
    } else {
      Choice choice;
      choice.first = state.from;
      choice.end = at;
      choice.rows = state.rows;
      choice.turn_rows = state.turn_rows;
      choice.tiling = state.tiling;
      choice.before = SetAt(state.from, state.from_set);
      choice.after = SetAt(at, set);
      // What is sent away at this boundary goes before the interval that follows it.
      if (found.choices.empty()) {
        found.evicted = evicted;
      } else {
        found.choices.back().evicted = evicted;
      }
      evicted.clear();
      found.choices.push_back(choice);
    }
    at = state.from;
    set = state.from_set;
  }
  if (!found.choices.empty()) {
    found.choices.back().evicted = evicted;
  }
  std::reverse(found.choices.begin(), found.choices.end());
  return found;
}

}  // namespace

Found Search(const Network& network, const SearchLimits& limits) {
  return Searcher(network, limits).Find();
}

Stay StayOf(const Network& network, std::int32_t tensor, bool produced, std::uint32_t end,
            const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after) {
  if (produced) {
    if (Contains(after, tensor)) {
      return Stay::kResident;
    }
    const NetworkTensor& one = network.tensors[static_cast<std::size_t>(tensor)];
    return one.last_use >= static_cast<std::int32_t>(end) ? Stay::kStreams : Stay::kDropped;
  }
  if (Contains(before, tensor)) {
    return Stay::kResident;
  }
  return Contains(after, tensor) ? Stay::kCaptured : Stay::kStreams;
}

void StaysOf(const Network& network, const Choice& choice, std::vector<Stay>& inputs,
             std::vector<Stay>& outputs) {
  const Work& work = network.works[choice.first];
  inputs.clear();
  outputs.clear();
  for (const Operand& in : work.inputs) {
    inputs.push_back(StayOf(network, in.tensor, false, choice.end, choice.before, choice.after));
  }
  for (const Operand& out : work.outputs) {
    outputs.push_back(StayOf(network, out.tensor, true, choice.end, choice.before, choice.after));
  }
}

std::uint64_t GroupFastBytes(const Network& network, const Group& group, const Choice& choice) {
  std::uint64_t bytes = 0;
  for (std::uint32_t w = choice.first; w < choice.end; ++w) {
    bytes += AlignedFast(network.works[w].constant_bytes());
  }
  for (const GroupTensor& one : group.tensors()) {
    const Stay stay =
        StayOf(network, one.tensor, one.produced, choice.end, choice.before, choice.after);
    const bool whole = stay == Stay::kResident || stay == Stay::kCaptured || !one.streams;
    bytes += AlignedFast(whole ? std::uint64_t{one.view->rows} * one.view->row_bytes
                               : std::uint64_t{one.ring} * one.view->row_bytes);
  }
  return bytes;
}

std::uint32_t WidestTurn(const Network& network, const Choice& choice, std::uint64_t fast_bytes) {
  const std::uint32_t rows = network.works[choice.end - 1].rows();
  std::uint32_t turn = choice.turn_rows;
  for (std::uint32_t wider = 2 * turn; wider <= rows / kTurnsForOverlap; wider *= 2) {
    const Group group(network, choice.first, choice.end, wider);
    if (GroupFastBytes(network, group, choice) > fast_bytes) {
      break;
    }
    turn = wider;
  }
  return turn;
}

}  // namespace pinhole::engine::plan::traffic
