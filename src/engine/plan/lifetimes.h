// SPDX-License-Identifier: Apache-2.0
#pragma once

// From when to when each tensor of a graph must keep its bytes.
//
// The times of a graph with n operators: 0 is before the run, when the caller fills the inputs;
// i + 1 is operator i; n + 1 is after the run, when the caller reads outputs and taps. A tensor
// lives from its first toucher to its last, both included: a tensor read by the operator that
// writes another lives together with it.

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/tensor/graph.h"

namespace pinhole::engine::plan {

struct Lifetime {
  std::uint32_t first = 1;
  std::uint32_t last = 0;

  [[nodiscard]] bool lives() const { return first <= last; }
  void Touch(std::uint32_t time) {
    first = lives() ? std::min(first, time) : time;
    last = std::max(last, time);
  }
};

constexpr std::uint32_t TimeOf(std::size_t op) { return static_cast<std::uint32_t>(op) + 1; }
inline std::uint32_t EndTime(const Graph& graph) { return TimeOf(graph.operators.size()); }

// True for what is packed by lifetime: not constants, handles and what stays from run to run.
inline bool IsPacked(const Tensor& tensor) {
  return !tensor.is_constant() && !tensor.is_variable && tensor.type != Type::kResource;
}

// lifetimes[t] for every tensor t; what is not packed, and what nobody touches, does not live.
// `taps` are tensors to keep until the end; one that nobody touches stays dead.
void FindLifetimes(const Graph& graph, std::span<const std::int32_t> taps,
                   std::span<Lifetime> lifetimes);

}  // namespace pinhole::engine::plan
