// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/sharing.h"

namespace pinhole::engine::plan {

namespace {

// The mask has a bit for each of the first eight inputs.
constexpr std::size_t kMaskBits = 8;

// In units of kAlignment: 1 GiB. A single shift is below 2 GiB, so a sum fits.
constexpr std::int32_t kMaxShift = 1 << 26;

// Every use of `tensor` among the inputs must be allowed: an operator that reads the same tensor
// twice reads it by both ways.
bool AllUsesAllowed(const Operator& op, std::int32_t tensor, std::uint8_t mask) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == tensor && (i >= kMaskBits || (mask >> i & 1) == 0)) {
      return false;
    }
  }
  return true;
}

std::uint32_t SizeGap(const Tensor& a, const Tensor& b) {
  return a.bytes > b.bytes ? a.bytes - b.bytes : b.bytes - a.bytes;
}

// Row r of both lies at the same byte in every turn, and no turn leaves rows for the next.
bool AreTheSameRing(const Graph& graph, std::int32_t a, std::int32_t b,
                    std::span<const RowFate> fates) {
  const RowFate& one = fates[static_cast<std::size_t>(a)];
  const RowFate& other = fates[static_cast<std::size_t>(b)];
  return one.fleeting && other.fleeting && one.held == other.held &&
         graph.tensor(a).bytes == graph.tensor(b).bytes &&
         graph.tensor(a).shape.dim(1) == graph.tensor(b).shape.dim(1);
}

// Gives output 0 of operators the places of their inputs.
class InPlace {
 public:
  InPlace(const Graph& graph, std::span<const Lifetime> lifetimes, std::span<const RowFate> fates,
          const Sharing& sharing)
      : graph_(graph), lifetimes_(lifetimes), fates_(fates), sharing_(sharing) {}

  void Share(std::size_t op, const OpDemand& demand, const Group* group) const;

 private:
  [[nodiscard]] std::int32_t PickInput(const Operator& op, std::uint32_t time,
                                       const OpDemand& demand, bool in_group) const;
  [[nodiscard]] bool CanGive(std::int32_t input, std::uint32_t time) const {
    const auto index = static_cast<std::size_t>(input);
    return lifetimes_[index].lives() && lifetimes_[index].last == time &&
           !IsInResource(sharing_.place[index]);
  }
  void Take(std::size_t output, std::int32_t input, std::int32_t shift) const {
    const auto from = static_cast<std::size_t>(input);
    const std::int32_t sum = sharing_.shift[from] + shift;
    if (sum < -kMaxShift) {
      return;  // a chain that wanders on and on
    }
    sharing_.place[output] = sharing_.place[from];
    sharing_.previous[output] = input;
    sharing_.shift[output] = sum;
  }

  const Graph& graph_;
  std::span<const Lifetime> lifetimes_;
  std::span<const RowFate> fates_;
  const Sharing& sharing_;
};

// The input whose place output 0 takes: of those allowed the nearest in size; -1 for none.
std::int32_t InPlace::PickInput(const Operator& op, std::uint32_t time, const OpDemand& demand,
                                bool in_group) const {
  std::int32_t best = -1;
  for (std::size_t i = 0; i < op.inputs.size() && i < kMaskBits; ++i) {
    const std::int32_t input = op.inputs[i];
    if (input < 0 || input == op.outputs[0] || !CanGive(input, time) ||
        !AllUsesAllowed(op, input, demand.in_place_inputs)) {
      continue;
    }
    if (in_group && !AreTheSameRing(graph_, input, op.outputs[0], fates_)) {
      continue;
    }
    const Tensor& output = graph_.tensor(op.outputs[0]);
    if (best < 0 || SizeGap(graph_.tensor(input), output) < SizeGap(graph_.tensor(best), output)) {
      best = input;
    }
  }
  return best;
}

void InPlace::Share(std::size_t index, const OpDemand& demand, const Group* group) const {
  const Operator& op = graph_.operators[index];
  if (op.outputs.empty()) {
    return;
  }
  const auto output = static_cast<std::size_t>(op.outputs[0]);
  if (!lifetimes_[output].lives() || IsInResource(sharing_.place[output])) {
    return;
  }
  if (group != nullptr && index == group->last && group->over >= 0) {
    if (CanGive(group->over, TimeOf(index))) {
      Take(output, group->over, group->shift / static_cast<std::int32_t>(kAlignment));
    }
    return;
  }
  const bool by_window = group == nullptr || demand.rows == RowWindow::Same();
  if (demand.in_place_inputs == 0 || !by_window || lifetimes_[output].first != TimeOf(index)) {
    return;
  }
  const std::int32_t input = PickInput(op, TimeOf(index), demand, group != nullptr);
  if (input >= 0) {
    Take(output, input, 0);
  }
}

// From the last operator to the first, so that the next assignment to each resource is known.
void LeaveInResources(const Graph& graph, std::span<const Lifetime> lifetimes,
                      std::span<const Resource> resources, std::span<std::uint32_t> next_assigned,
                      std::span<std::uint32_t> place) {
  std::fill(next_assigned.begin(), next_assigned.end(), EndTime(graph));
  for (std::size_t i = graph.operators.size(); i-- > 0;) {
    const Operator& op = graph.operators[i];
    const std::uint16_t resource = op.options<VariableOptions>().resource;
    if (op.kind == OpKind::kAssignVariable) {
      next_assigned[resource] = TimeOf(i);
    } else if (op.kind == OpKind::kReadVariable && !op.outputs.empty()) {
      const auto output = static_cast<std::size_t>(op.outputs[0]);
      // Nothing is assigned after the run, but what the caller reads then stays apart all the same:
      // it must not be a way into the state.
      if (lifetimes[output].lives() && lifetimes[output].first == TimeOf(i) &&
          lifetimes[output].last < next_assigned[resource] &&
          graph.tensors[output].bytes <= resources[resource].bytes) {
        place[output] = InResource(resource);
      }
    }
  }
}

}  // namespace

void ShareInPlace(const Graph& graph, std::span<const OpDemand> demands,
                  std::span<const Lifetime> lifetimes, std::span<const Resource> resources,
                  std::span<const Group> groups, std::span<const RowFate> fates,
                  std::span<std::uint32_t> next_assigned, const Sharing& sharing) {
  for (std::size_t t = 0; t < sharing.place.size(); ++t) {
    sharing.place[t] = lifetimes[t].lives() ? static_cast<std::uint32_t>(t) : kNowhere;
  }
  std::fill(sharing.previous.begin(), sharing.previous.end(), -1);
  std::fill(sharing.shift.begin(), sharing.shift.end(), 0);
  LeaveInResources(graph, lifetimes, resources, next_assigned, sharing.place);
  const InPlace in_place(graph, lifetimes, fates, sharing);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    while (!groups.empty() && groups.front().last < i) {
      groups = groups.subspan(1);
    }
    const bool in_group = !groups.empty() && groups.front().contains(i);
    in_place.Share(i, demands[i], in_group ? &groups.front() : nullptr);
  }
}

}  // namespace pinhole::engine::plan
