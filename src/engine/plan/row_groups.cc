// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/row_groups.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/plan/stripe_walk.h"

namespace pinhole::engine::plan {

namespace {

// Beyond these a group is not looked at, or an input not laid over.
constexpr std::size_t kMaxReads = 256;
constexpr std::size_t kMaxOutside = 8;
// The verifier looks at each row that is made and each tensor that is there.
constexpr std::uint64_t kMaxRowChecks = 4'000'000;
constexpr std::int32_t kMaxHeld = std::numeric_limits<std::uint16_t>::max();

bool IsOnePicture(const Tensor& tensor) {
  return tensor.shape.rank() == 4 && tensor.shape.dim(0) == 1;
}

// The walk of one group, with what is still to be read.
class GroupWalk {
 public:
  GroupWalk(const Graph& graph, std::span<const OpDemand> demands,
            std::span<const RowWindow> windows, std::span<const Lifetime> lifetimes,
            const Group& group)
      : graph_(graph),
        demands_(demands),
        windows_(windows),
        lifetimes_(lifetimes),
        group_(group),
        count_(group.last - group.first + 1) {}

  bool FindReads();
  bool Walk(Work& work);
  void SetFates(std::span<RowFate> fates) const;
  void LayOver(Group& group) const;

 private:
  struct Read {
    std::uint32_t source;  // what is read: the position of who makes it, or kOutside + an index
    std::uint32_t reader;  // position in the group
  };
  // A tensor that the group reads and does not make, and how the last output may lie to it.
  struct Outside {
    std::int32_t tensor = -1;
    std::int64_t shift = 0;  // the most that is safe, in bytes
    bool in_place = false;   // at the same byte, row by row
  };

  std::uint32_t SourceOf(std::uint32_t position, std::int32_t tensor);
  [[nodiscard]] std::int32_t FirstNeeded(std::uint32_t source, std::uint32_t except) const;
  [[nodiscard]] const Tensor& OutputOf(std::uint32_t position) const {
    return graph_.tensor(graph_.operators[group_.first + position].outputs[0]);
  }
  [[nodiscard]] bool MayLieOn(std::int32_t tensor) const;
  void EndTurn();
  void LastWrites(std::int32_t end);

  static constexpr std::uint32_t kNobody = 0xFFFFFFFFU;
  static constexpr std::uint32_t kOutside = kMaxGroupOperators;
  static constexpr std::size_t kSources = kMaxGroupOperators + kMaxOutside;

  const Graph& graph_;
  std::span<const OpDemand> demands_;
  std::span<const RowWindow> windows_;
  std::span<const Lifetime> lifetimes_;
  const Group& group_;
  std::uint32_t count_;
  std::array<Read, kMaxReads> reads_{};              // by source
  std::array<std::uint16_t, kSources + 1> begin_{};  // of each source's reads
  std::size_t read_count_ = 0;
  std::array<Outside, kMaxOutside> outside_{};
  std::uint32_t outside_count_ = 0;
  std::array<std::int32_t, kMaxGroupOperators> made_{}, held_{};
  std::array<bool, kMaxGroupOperators> fleeting_{};
};

// The last output takes the place of `tensor`, row by row: the kernel allows it for all its uses.
bool AllowsRowsInPlace(const Operator& op, const OpDemand& demand, std::int32_t tensor) {
  if (!(demand.rows == RowWindow::Same())) {
    return false;
  }
  bool reads = false;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == tensor) {
      if (i > 7 || (demand.in_place_inputs >> i & 1) == 0) {
        return false;
      }
      reads = true;
    }
  }
  return reads;
}

bool GroupWalk::MayLieOn(std::int32_t tensor) const {
  const auto index = static_cast<std::size_t>(tensor);
  return IsPacked(graph_.tensor(tensor)) && lifetimes_[index].lives() &&
         lifetimes_[index].last <= TimeOf(group_.last);
}

// Where `tensor` comes from that the operator at `position` reads; kNobody where no walk needs to
// know.
std::uint32_t GroupWalk::SourceOf(std::uint32_t position, std::int32_t tensor) {
  const RowGroup walked{group_.first, group_.last, 1, {}};
  const int producer = StripeWalk::ProducerOf(graph_, walked, group_.first + position, tensor);
  if (producer >= 0) {
    return static_cast<std::uint32_t>(producer);
  }
  for (std::uint32_t k = 0; k < outside_count_; ++k) {
    if (outside_[k].tensor == tensor) {
      return kOutside + k;
    }
  }
  if (outside_count_ == kMaxOutside || !MayLieOn(tensor)) {
    return kNobody;
  }
  const bool in_place =
      AllowsRowsInPlace(graph_.operators[group_.last], demands_[group_.last], tensor) &&
      graph_.tensor(tensor).bytes == OutputOf(count_ - 1).bytes;
  outside_[outside_count_] = {tensor, std::numeric_limits<std::int32_t>::max(), in_place};
  return kOutside + outside_count_++;
}

bool GroupWalk::FindReads() {
  for (std::uint32_t i = 0; i < count_; ++i) {
    for (const std::int32_t input : graph_.operators[group_.first + i].inputs) {
      if (input < 0 || graph_.tensor(input).is_constant()) {
        continue;
      }
      const std::uint32_t source = SourceOf(i, input);
      if (source == kNobody) {
        continue;
      }
      if (read_count_ == kMaxReads) {
        return false;
      }
      reads_[read_count_++] = {source, i};
    }
  }
  std::sort(reads_.begin(), reads_.begin() + static_cast<std::ptrdiff_t>(read_count_),
            [](const Read& a, const Read& b) {
              return a.source != b.source ? a.source < b.source : a.reader < b.reader;
            });
  std::size_t next = 0;
  for (std::uint32_t source = 0; source <= kSources; ++source) {
    for (; next < read_count_ && reads_[next].source < source; ++next) {
    }
    begin_[source] = static_cast<std::uint16_t>(next);
  }
  fleeting_.fill(true);
  return true;
}

// The first row of a source that somebody has still to read; all its rows where nobody has.
std::int32_t GroupWalk::FirstNeeded(std::uint32_t source, std::uint32_t except) const {
  const Tensor& tensor =
      source < kOutside ? OutputOf(source) : graph_.tensor(outside_[source - kOutside].tensor);
  const std::int32_t rows = tensor.shape.dim(1);
  std::int32_t first = rows;
  for (std::size_t k = begin_[source]; k < begin_[source + 1]; ++k) {
    const std::uint32_t reader = reads_[k].reader;
    if (reader != except && made_[reader] < OutputOf(reader).shape.dim(1)) {
      first = std::min(first, windows_[group_.first + reader].Begin(made_[reader], rows));
    }
  }
  return first;
}

void GroupWalk::EndTurn() {
  for (std::uint32_t i = 0; i < count_; ++i) {
    fleeting_[i] = fleeting_[i] && FirstNeeded(i, kNobody) >= made_[i];
  }
}

// The last operator is about to write the rows before `end`.
void GroupWalk::LastWrites(std::int32_t end) {
  const std::int64_t written = std::int64_t{end} * RowBytes(OutputOf(count_ - 1));
  for (std::uint32_t k = 0; k < outside_count_; ++k) {
    Outside& under = outside_[k];
    const std::int64_t unread =
        std::int64_t{FirstNeeded(kOutside + k, kNobody)} * RowBytes(graph_.tensor(under.tensor));
    under.shift = std::min(under.shift, unread - written);
    under.in_place = under.in_place && FirstNeeded(kOutside + k, count_ - 1) >= end;
  }
}

bool GroupWalk::Walk(Work& work) {
  const RowGroup walked{group_.first, group_.last, group_.rows_per_turn,
                        windows_.subspan(group_.first, count_)};
  StripeWalk walk(graph_, walked);
  bool first = true;
  for (StripeWalk::Step step; walk.Next(step);) {
    if (walk.turn_began() && !first) {
      if (!work.Take(count_ + read_count_)) {
        return false;
      }
      EndTurn();
    }
    first = false;
    const std::uint32_t position = step.op - group_.first;
    if (!work.Take(2U + static_cast<std::uint32_t>(begin_[position + 1] - begin_[position]))) {
      return false;
    }
    const std::int32_t needed = std::min(step.begin, FirstNeeded(position, kNobody));
    held_[position] = std::max(held_[position], step.end - needed);
    if (position == count_ - 1) {
      LastWrites(step.end);
    }
    made_[position] = step.end;
  }
  EndTurn();
  return true;
}

void GroupWalk::SetFates(std::span<RowFate> fates) const {
  for (std::uint32_t i = 0; i < count_; ++i) {
    const auto output = static_cast<std::size_t>(graph_.operators[group_.first + i].outputs[0]);
    const bool inside = lifetimes_[output].last <= TimeOf(group_.last);
    fates[output] = {};
    if (inside && held_[i] < OutputOf(i).shape.dim(1)) {
      fates[output] = {static_cast<std::uint16_t>(held_[i]), fleeting_[i]};
    }
  }
}

// Takes the input that the last output can share the most bytes with.
void GroupWalk::LayOver(Group& group) const {
  group.over = -1;
  group.shift = 0;
  const Operator& last = graph_.operators[group.last];
  const std::int64_t bytes = graph_.tensor(last.outputs[0]).bytes;
  if (lifetimes_[static_cast<std::size_t>(last.outputs[0])].last <= TimeOf(group.last)) {
    return;  // made for nobody
  }
  std::int64_t most = 0;
  for (std::size_t k = 0; k < outside_count_; ++k) {
    const Outside& under = outside_[k];
    // Rounded down, to an aligned place.
    constexpr auto kStep = static_cast<std::int64_t>(kAlignment);
    const std::int64_t shift =
        under.in_place || under.shift >= 0 ? 0 : -((-under.shift + kStep - 1) / kStep * kStep);
    const std::int64_t shared =
        std::min<std::int64_t>(graph_.tensor(under.tensor).bytes, bytes + shift);
    if (shared > most) {
      most = shared;
      group.over = under.tensor;
      group.shift = static_cast<std::int32_t>(shift);
    }
  }
}

}  // namespace

bool CanBeInGroup(const Graph& graph, std::span<const OpDemand> demands, std::size_t op) {
  const Operator& line = graph.operators[op];
  if (!demands[op].rows.by_rows() || line.outputs.size() != 1) {
    return false;
  }
  const Tensor& out = graph.tensor(line.outputs[0]);
  if (!IsPacked(out) || !IsOnePicture(out) || out.shape.dim(1) > kMaxHeld) {
    return false;
  }
  for (const std::int32_t input : line.inputs) {
    if (input >= 0 && !graph.tensor(input).is_constant() && !IsOnePicture(graph.tensor(input))) {
      return false;
    }
  }
  return true;
}

bool WalkGroup(const Graph& graph, std::span<const OpDemand> demands,
               std::span<const RowWindow> windows, std::span<const Lifetime> lifetimes,
               Group& group, std::span<RowFate> fates, Work& work) {
  if (group.last - group.first >= kMaxGroupOperators) {
    return false;
  }
  std::uint64_t rows = 0;
  for (std::uint32_t i = group.first; i <= group.last; ++i) {
    rows += static_cast<std::uint64_t>(StripeWalk::RowsOf(graph, i));
  }
  if (rows * graph.tensors.size() > kMaxRowChecks) {
    return false;
  }
  GroupWalk walk(graph, demands, windows, lifetimes, group);
  if (!walk.FindReads() || !walk.Walk(work)) {
    return false;
  }
  walk.SetFates(fates);
  walk.LayOver(group);
  return true;
}

}  // namespace pinhole::engine::plan
