// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/lifetimes.h"

namespace pinhole::engine::plan {

namespace {

void TouchAll(const Graph& graph, std::span<const std::int32_t> tensors, std::uint32_t time,
              std::span<Lifetime> lifetimes) {
  for (const std::int32_t index : tensors) {
    if (index >= 0 && IsPacked(graph.tensor(index))) {
      lifetimes[static_cast<std::size_t>(index)].Touch(time);
    }
  }
}

}  // namespace

void FindLifetimes(const Graph& graph, std::span<const std::int32_t> taps,
                   std::span<Lifetime> lifetimes) {
  std::fill(lifetimes.begin(), lifetimes.end(), Lifetime{});
  TouchAll(graph, graph.inputs, 0, lifetimes);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    TouchAll(graph, graph.operators[i].inputs, TimeOf(i), lifetimes);
    TouchAll(graph, graph.operators[i].outputs, TimeOf(i), lifetimes);
  }
  TouchAll(graph, graph.outputs, EndTime(graph), lifetimes);
  for (const std::int32_t tap : taps) {
    Lifetime& lifetime = lifetimes[static_cast<std::size_t>(tap)];
    if (lifetime.lives()) {
      lifetime.Touch(EndTime(graph));
    }
  }
}

}  // namespace pinhole::engine::plan
