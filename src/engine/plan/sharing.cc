// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/sharing.h"

namespace pinhole::engine::plan {

namespace {

// The mask has a bit for each of the first eight inputs.
constexpr std::size_t kMaskBits = 8;

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

// The input whose place output 0 takes: of those allowed the nearest in size; -1 for none.
std::int32_t PickInput(const Graph& graph, const Operator& op, std::uint32_t time,
                       std::uint8_t mask, std::span<const Lifetime> lifetimes,
                       std::span<const std::uint32_t> place) {
  std::int32_t best = -1;
  for (std::size_t i = 0; i < op.inputs.size() && i < kMaskBits; ++i) {
    const std::int32_t input = op.inputs[i];
    if (input < 0 || input == op.outputs[0]) {
      continue;
    }
    const auto index = static_cast<std::size_t>(input);
    if (!lifetimes[index].lives() || lifetimes[index].last != time || IsInResource(place[index]) ||
        !AllUsesAllowed(op, input, mask)) {
      continue;
    }
    const Tensor& output = graph.tensor(op.outputs[0]);
    if (best < 0 ||
        SizeGap(graph.tensor(input), output) < SizeGap(graph.tensor(best), output)) {
      best = input;
    }
  }
  return best;
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
                  std::span<std::uint32_t> next_assigned, std::span<std::uint32_t> place) {
  for (std::size_t t = 0; t < place.size(); ++t) {
    place[t] = lifetimes[t].lives() ? static_cast<std::uint32_t>(t) : kNowhere;
  }
  LeaveInResources(graph, lifetimes, resources, next_assigned, place);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const std::uint8_t mask = demands[i].in_place_inputs;
    if (op.outputs.empty() || mask == 0) {
      continue;
    }
    const auto output = static_cast<std::size_t>(op.outputs[0]);
    if (!lifetimes[output].lives() || lifetimes[output].first != TimeOf(i) ||
        IsInResource(place[output])) {
      continue;
    }
    const std::int32_t input = PickInput(graph, op, TimeOf(i), mask, lifetimes, place);
    if (input >= 0) {
      place[output] = place[static_cast<std::size_t>(input)];
    }
  }
}

}  // namespace pinhole::engine::plan
