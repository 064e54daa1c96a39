// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/verifier.h"

#include <algorithm>

#include "base/checked.h"
#include "engine/plan/verify_walk.h"

namespace pinhole::engine::plan {

namespace {

// Everything that stays from run to run: aligned, inside the state region, no two on one byte.
class StateCheck {
 public:
  StateCheck(const Request& request, const Plan& plan, base::Diagnosis& why)
      : request_(request), plan_(plan), why_(why) {}

  base::Status Run(base::Arena& arena) {
    base::Arena::Scratch scratch(arena);
    ForAll([](Range) {});
    PINHOLE_ASSIGN(const std::span<Range> ranges, scratch.Make<Range>(count_));
    if (misplaced_) {
      return why_.Fail(base::Error::kInternal,
                       "memory plan: a state is not aligned inside the state region");
    }
    std::size_t i = 0;
    ForAll([&](Range range) { ranges[i++] = range; });
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (i = 1; i < ranges.size(); ++i) {
      if (ranges[i].begin < ranges[i - 1].end) {
        return why_.Fail(base::Error::kInternal, "memory plan: two states share byte ",
                         ranges[i].begin);
      }
    }
    return {};
  }

 private:
  template <typename Take>
  void ForAll(const Take& take) {
    count_ = 0;
    const format::Model& model = *request_.model;
    for (std::size_t r = 0; r < model.resources.size(); ++r) {
      Add(plan_.resource_offsets[r], model.resources[r].bytes, take);
    }
    for (std::size_t g = 0; g < model.graphs.size(); ++g) {
      const std::span<const Tensor> tensors = model.graphs[g].tensors;
      for (std::size_t t = 0; t < tensors.size(); ++t) {
        if (IsState(tensors[t]) && HasPlace(tensors[t])) {
          Add(plan_.graphs[g].tensor_offsets[t], tensors[t].bytes, take);
        }
      }
      for (std::size_t i = 0; i < request_.demands[g].size(); ++i) {
        const std::uint32_t bytes = request_.demands[g][i].state_bytes;
        if (bytes > 0) {
          Add(plan_.graphs[g].state_offset(i), bytes, take);
        }
      }
    }
  }
  template <typename Take>
  void Add(std::uint32_t offset, std::uint32_t bytes, const Take& take) {
    misplaced_ =
        misplaced_ || offset % kAlignment != 0 || !base::InBounds(offset, bytes, plan_.state_bytes);
    take(Range{offset, offset + bytes});
    ++count_;
  }

  const Request& request_;
  const Plan& plan_;
  base::Diagnosis& why_;
  std::size_t count_ = 0;
  bool misplaced_ = false;
};

// The tables are as long as what they speak of.
// Groups lie in order and say of their operators what the kernels said.
bool GroupsFit(const GraphPlan& graph, std::span<const OpDemand> demands) {
  if (graph.groups.empty()) {
    return graph.held_rows.empty();
  }
  std::size_t next = 0;  // the first operator that may still be in a group
  for (const RowGroup& group : graph.groups) {
    if (group.first < next || group.last < group.first || group.last >= demands.size() ||
        group.last - group.first >= kMaxGroupOperators || group.rows_per_turn < 1 ||
        group.windows.size() != group.last - group.first + 1) {
      return false;
    }
    for (std::size_t i = 0; i < group.windows.size(); ++i) {
      if (!(group.windows[i] == demands[group.first + i].rows)) {
        return false;
      }
    }
    next = std::size_t{group.last} + 1;
  }
  return graph.held_rows.size() == graph.tensor_offsets.size();
}

base::Status CheckTables(const Request& request, const Plan& plan, base::Diagnosis& why) {
  const format::Model& model = *request.model;
  bool fits = plan.graphs.size() == model.graphs.size() &&
              plan.resource_offsets.size() == model.resources.size() &&
              plan.state_bytes <= plan.arena_bytes;
  for (std::size_t g = 0; fits && g < model.graphs.size(); ++g) {
    const GraphPlan& graph = plan.graphs[g];
    const std::size_t operators = model.graphs[g].operators.size();
    fits = graph.tensor_offsets.size() == model.graphs[g].tensors.size() &&
           (graph.scratch_offsets.empty() || graph.scratch_offsets.size() == operators) &&
           (graph.state_offsets.empty() || graph.state_offsets.size() == operators) &&
           GroupsFit(graph, request.demands[g]);
  }
  if (!fits) {
    return why.Fail(base::Error::kInternal, "memory plan: its tables do not fit the model");
  }
  return {};
}

}  // namespace

base::Status VerifyPlan(const Request& request, const Plan& plan, base::Arena& arena,
                        base::Diagnosis& why) {
  PINHOLE_TRY(CheckTables(request, plan, why));
  PINHOLE_TRY(StateCheck(request, plan, why).Run(arena));
  for (std::size_t g = 0; g < plan.graphs.size(); ++g) {
    PINHOLE_TRY(Walk(request, plan, g, why).Run(arena));
  }
  return {};
}

}  // namespace pinhole::engine::plan
