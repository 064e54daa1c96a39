// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/checked.h"
#include "engine/plan/lifetimes.h"
#include "engine/plan/packing.h"
#include "engine/plan/plan.h"
#include "engine/plan/sharing.h"

namespace pinhole::engine::plan {

namespace {

constexpr std::uint64_t kMaxArenaBytes = std::uint64_t{1} << 31;

constexpr std::uint64_t Aligned(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) & ~(std::uint64_t{kAlignment} - 1);
}
constexpr std::uint32_t Units(std::uint32_t bytes) {
  return static_cast<std::uint32_t>(Aligned(bytes) / kAlignment);
}

// The tables of one graph while they are filled.
struct Tables {
  std::span<std::uint32_t> tensors, scratch, state;
};

class Planner {
 public:
  Planner(const Request& request, base::Arena& arena, base::Diagnosis& why)
      : request_(request), model_(*request.model), arena_(arena), why_(why) {}

  base::Result<Plan> Make();

 private:
  base::Result<Tables> MakeTables(std::size_t graph);
  base::Result<std::uint32_t> TakeState(std::uint32_t bytes);
  base::Status PlaceState(std::size_t graph, const Tables& tables);
  base::Status PackGraph(std::size_t graph, const Tables& tables);
  base::Result<std::span<Segment>> MakeSegments(std::size_t graph,
                                                std::span<const Lifetime> lifetimes,
                                                std::span<const std::uint32_t> place,
                                                base::Arena::Scratch& scratch);
  void WriteOffsets(std::span<const Segment> segments, std::span<const std::uint32_t> place,
                    const Tables& tables) const;

  const Request& request_;
  const format::Model& model_;
  base::Arena& arena_;
  base::Diagnosis& why_;
  std::span<std::uint32_t> resource_offsets_;
  std::uint64_t state_bytes_ = 0;
  std::uint32_t packed_bytes_ = 0;
  std::uint32_t bound_bytes_ = 0;
};

base::Result<Tables> Planner::MakeTables(std::size_t graph) {
  const std::span<const OpDemand> demands = request_.demands[graph];
  Tables tables;
  PINHOLE_ASSIGN(tables.tensors,
                 arena_.Make<std::uint32_t>(model_.graphs[graph].tensors.size()));
  std::fill(tables.tensors.begin(), tables.tensors.end(), kNowhere);
  if (std::any_of(demands.begin(), demands.end(),
                  [](const OpDemand& demand) { return demand.scratch_bytes > 0; })) {
    PINHOLE_ASSIGN(tables.scratch, arena_.Make<std::uint32_t>(demands.size()));
    std::fill(tables.scratch.begin(), tables.scratch.end(), kNowhere);
  }
  if (std::any_of(demands.begin(), demands.end(),
                  [](const OpDemand& demand) { return demand.state_bytes > 0; })) {
    PINHOLE_ASSIGN(tables.state, arena_.Make<std::uint32_t>(demands.size()));
    std::fill(tables.state.begin(), tables.state.end(), kNowhere);
  }
  return tables;
}

// The next place in the state region.
base::Result<std::uint32_t> Planner::TakeState(std::uint32_t bytes) {
  const std::uint64_t offset = state_bytes_;
  state_bytes_ += Aligned(bytes);
  if (state_bytes_ > kMaxArenaBytes) {
    return why_.Fail(base::Error::kTooLarge,
                     "the model keeps more than 2 GiB from one run to the next");
  }
  return static_cast<std::uint32_t>(offset);
}

base::Status Planner::PlaceState(std::size_t graph, const Tables& tables) {
  const std::span<const Tensor> tensors = model_.graphs[graph].tensors;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    if (tensors[t].is_variable && !tensors[t].is_constant() && tensors[t].type != Type::kResource) {
      PINHOLE_ASSIGN(tables.tensors[t], TakeState(tensors[t].bytes));
    }
  }
  for (std::size_t i = 0; i < tables.state.size(); ++i) {
    const std::uint32_t bytes = request_.demands[graph][i].state_bytes;
    if (bytes > 0) {
      PINHOLE_ASSIGN(tables.state[i], TakeState(bytes));
    }
  }
  return {};
}

// One segment for each tensor and each scratch; scratch blocks are numbered after the tensors.
base::Result<std::span<Segment>> Planner::MakeSegments(std::size_t graph,
                                                       std::span<const Lifetime> lifetimes,
                                                       std::span<const std::uint32_t> place,
                                                       base::Arena::Scratch& scratch) {
  const std::span<const Tensor> tensors = model_.graphs[graph].tensors;
  const std::span<const OpDemand> demands = request_.demands[graph];
  std::size_t count = 0;
  for (const std::uint32_t p : place) {
    count += p != kNowhere && !IsInResource(p) ? 1U : 0U;
  }
  for (const OpDemand& demand : demands) {
    count += demand.scratch_bytes > 0 ? 1U : 0U;
  }
  PINHOLE_ASSIGN(const std::span<Segment> segments, scratch.Make<Segment>(count));
  count = 0;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    if (place[t] != kNowhere && !IsInResource(place[t])) {
      segments[count++] = {place[t], lifetimes[t].first, lifetimes[t].last,
                           Units(tensors[t].bytes), 0};
    }
  }
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (demands[i].scratch_bytes > 0) {
      segments[count++] = {static_cast<std::uint32_t>(tensors.size() + i), TimeOf(i), TimeOf(i),
                           Units(demands[i].scratch_bytes), 0};
    }
  }
  return segments;
}

void Planner::WriteOffsets(std::span<const Segment> segments, std::span<const std::uint32_t> place,
                           const Tables& tables) const {
  const auto base = static_cast<std::uint32_t>(state_bytes_);
  for (const Segment& segment : segments) {
    const std::uint32_t offset = base + segment.offset * std::uint32_t{kAlignment};
    if (segment.block < tables.tensors.size()) {
      tables.tensors[segment.block] = offset;
    } else {
      tables.scratch[segment.block - tables.tensors.size()] = offset;
    }
  }
  for (std::size_t t = 0; t < place.size(); ++t) {
    if (IsInResource(place[t])) {
      tables.tensors[t] = resource_offsets_[ResourceOf(place[t])];
    } else if (place[t] != kNowhere) {
      tables.tensors[t] = tables.tensors[place[t]];
    }
  }
}

base::Status Planner::PackGraph(std::size_t graph, const Tables& tables) {
  base::Arena::Scratch scratch(arena_);
  const Graph& g = model_.graphs[graph];
  PINHOLE_ASSIGN(const std::span<Lifetime> lifetimes, scratch.Make<Lifetime>(g.tensors.size()));
  PINHOLE_ASSIGN(const std::span<std::uint32_t> place,
                 scratch.Make<std::uint32_t>(g.tensors.size()));
  PINHOLE_ASSIGN(const std::span<std::uint32_t> next_assigned,
                 scratch.Make<std::uint32_t>(model_.resources.size()));
  FindLifetimes(g, graph == 0 ? request_.taps : std::span<const std::int32_t>{}, lifetimes);
  ShareInPlace(g, request_.demands[graph], lifetimes, model_.resources, next_assigned, place);
  PINHOLE_ASSIGN(const std::span<Segment> segments,
                 MakeSegments(graph, lifetimes, place, scratch));
  const auto limit = static_cast<std::uint32_t>((kMaxArenaBytes - state_bytes_) / kAlignment);
  const base::Result<Packed> packed =
      Pack(segments, EndTime(g) + 1, limit, request_.effort, arena_);
  if (!packed) {
    if (packed.error() == base::Error::kTooLarge) {
      return why_.Fail(base::Error::kTooLarge, "graph ", graph,
                       " needs more than 2 GiB of activations at one time");
    }
    return base::Unexpected(packed.error());
  }
  WriteOffsets(segments, place, tables);
  packed_bytes_ = std::max(packed_bytes_, packed->units * std::uint32_t{kAlignment});
  bound_bytes_ = std::max(bound_bytes_, packed->lower_bound * std::uint32_t{kAlignment});
  return {};
}

base::Result<Plan> Planner::Make() {
  const std::size_t graphs = model_.graphs.size();
  PINHOLE_ASSIGN(const std::span<GraphPlan> plans, arena_.Make<GraphPlan>(graphs));
  PINHOLE_ASSIGN(resource_offsets_, arena_.Make<std::uint32_t>(model_.resources.size()));
  for (std::size_t r = 0; r < resource_offsets_.size(); ++r) {
    PINHOLE_ASSIGN(resource_offsets_[r], TakeState(model_.resources[r].bytes));
  }
  base::Arena::Scratch scratch(arena_);
  PINHOLE_ASSIGN(const std::span<Tables> tables, scratch.Make<Tables>(graphs));
  for (std::size_t g = 0; g < graphs; ++g) {
    PINHOLE_ASSIGN(tables[g], MakeTables(g));
    PINHOLE_TRY(PlaceState(g, tables[g]));
  }
  for (std::size_t g = 0; g < graphs; ++g) {
    PINHOLE_TRY(PackGraph(g, tables[g]));
    plans[g] = {tables[g].tensors, tables[g].scratch, tables[g].state};
  }
  const auto state = static_cast<std::uint32_t>(state_bytes_);
  return Plan{plans, resource_offsets_, state, state + packed_bytes_, state + bound_bytes_};
}

}  // namespace

base::Result<Plan> MakePlan(const Request& request, base::Arena& model_arena,
                            base::Diagnosis& why) {
  base::Result<Plan> plan = Planner(request, model_arena, why).Make();
  if (!plan && plan.error() == base::Error::kOutOfMemory) {
    return why.Fail(plan.error(), "the model arena of ", model_arena.capacity(),
                    " bytes is too small to plan the memory: give a larger one");
  }
  return plan;
}

}  // namespace pinhole::engine::plan
