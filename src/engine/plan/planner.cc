// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/checked.h"
#include "engine/plan/arrangement.h"
#include "engine/plan/group_search.h"
#include "engine/plan/packing.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

namespace {

constexpr std::uint64_t kMaxArenaBytes = std::uint64_t{1} << 31;

// The tables of one graph while they are filled.
struct Tables {
  std::span<std::uint32_t> tensors, scratch, state;
  std::span<RowGroup> groups;
  std::span<std::uint16_t> held_rows;
};

// One way to run a graph.
struct Choice {
  std::span<const Group> groups;
  std::span<const RowFate> fates;
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
  base::Status PlanGraph(std::size_t graph, Tables& tables);
  base::Result<Choice> PickChoice(std::size_t graph, Arrangement& arrangement, const Choice& whole,
                                  const Choice& grouped);
  base::Status KeepGroups(std::size_t graph, const Choice& choice, Tables& tables);
  base::Result<std::span<Segment>> MakeSegments(std::size_t graph, const Arrangement& arrangement,
                                                base::Arena::Scratch& scratch) const;
  base::Result<Packed> PackGraph(std::size_t graph, Arrangement& arrangement, const Choice& choice,
                                 const Tables* tables);
  void WriteOffsets(std::span<const Segment> segments, const Arrangement& arrangement,
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
  PINHOLE_ASSIGN(tables.tensors, arena_.Make<std::uint32_t>(model_.graphs[graph].tensors.size()));
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
                                                       const Arrangement& arrangement,
                                                       base::Arena::Scratch& scratch) const {
  const std::size_t tensors = model_.graphs[graph].tensors.size();
  const std::span<const OpDemand> demands = request_.demands[graph];
  std::size_t count = 0;
  for (std::size_t t = 0; t < tensors; ++t) {
    count += arrangement.IsPlaced(t) ? 1U : 0U;
  }
  for (const OpDemand& demand : demands) {
    count += demand.scratch_bytes > 0 ? 1U : 0U;
  }
  PINHOLE_ASSIGN(const std::span<Segment> segments, scratch.Make<Segment>(count));
  count = 0;
  for (std::size_t t = 0; t < tensors; ++t) {
    if (arrangement.IsPlaced(t)) {
      const Lifetime& life = arrangement.lifetimes()[t];
      segments[count++] = {
          arrangement.sharing().place[t], life.first, life.last,
          arrangement.units(t),           0,          arrangement.sharing().shift[t],
          static_cast<std::uint32_t>(t)};
    }
  }
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (demands[i].scratch_bytes > 0) {
      const auto id = static_cast<std::uint32_t>(tensors + i);
      segments[count++] = {id, TimeOf(i), TimeOf(i), Units(demands[i].scratch_bytes), 0, 0, id};
    }
  }
  return segments;
}

void Planner::WriteOffsets(std::span<const Segment> segments, const Arrangement& arrangement,
                           const Tables& tables) const {
  const auto base = static_cast<std::uint32_t>(state_bytes_);
  for (const Segment& segment : segments) {
    const std::uint32_t offset = base + segment.offset * std::uint32_t{kAlignment};
    if (segment.id < tables.tensors.size()) {
      tables.tensors[segment.id] = offset;
    } else {
      tables.scratch[segment.id - tables.tensors.size()] = offset;
    }
  }
  const std::span<const std::uint32_t> place = arrangement.sharing().place;
  for (std::size_t t = 0; t < place.size(); ++t) {
    if (IsInResource(place[t])) {
      tables.tensors[t] = resource_offsets_[ResourceOf(place[t])];
    }
  }
}

// Packs one choice; writes the offsets down where `tables` is given.
base::Result<Packed> Planner::PackGraph(std::size_t graph, Arrangement& arrangement,
                                        const Choice& choice, const Tables* tables) {
  base::Arena::Scratch scratch(arena_);
  arrangement.Set(choice.groups, choice.fates);
  PINHOLE_ASSIGN(const std::span<Segment> segments, MakeSegments(graph, arrangement, scratch));
  const auto limit = static_cast<std::uint32_t>((kMaxArenaBytes - state_bytes_) / kAlignment);
  PINHOLE_ASSIGN(const Packed packed,
                 Pack(segments, EndTime(model_.graphs[graph]) + 1, limit,
                      {kLargeBytes / kAlignment, request_.alignment / std::uint32_t{kAlignment}},
                      request_.effort, arena_));
  if (tables != nullptr) {
    WriteOffsets(segments, arrangement, *tables);
  }
  return packed;
}

// The one with the smaller arena; whole tensors where they are no larger.
base::Result<Choice> Planner::PickChoice(std::size_t graph, Arrangement& arrangement,
                                         const Choice& whole, const Choice& grouped) {
  if (grouped.groups.empty()) {
    return whole;
  }
  const base::Result<Packed> small = PackGraph(graph, arrangement, grouped, nullptr);
  if (!small) {
    return small.error() == base::Error::kTooLarge
               ? base::Result<Choice>(whole)
               : base::Result<Choice>(base::Unexpected(small.error()));
  }
  arrangement.Set(whole.groups, whole.fates);
  if (arrangement.FindPeak().units > small->units) {
    return grouped;
  }
  const base::Result<Packed> large = PackGraph(graph, arrangement, whole, nullptr);
  return large && large->units <= small->units ? whole : grouped;
}

base::Status Planner::KeepGroups(std::size_t graph, const Choice& choice, Tables& tables) {
  if (choice.groups.empty()) {
    return {};
  }
  const std::span<const OpDemand> demands = request_.demands[graph];
  PINHOLE_ASSIGN(tables.groups, arena_.Make<RowGroup>(choice.groups.size()));
  PINHOLE_ASSIGN(tables.held_rows, arena_.Make<std::uint16_t>(choice.fates.size()));
  for (std::size_t t = 0; t < choice.fates.size(); ++t) {
    tables.held_rows[t] = choice.fates[t].held;
  }
  for (std::size_t g = 0; g < choice.groups.size(); ++g) {
    const Group& group = choice.groups[g];
    PINHOLE_ASSIGN(const std::span<RowWindow> windows,
                   arena_.Make<RowWindow>(std::size_t{group.last} - group.first + 1));
    for (std::size_t i = 0; i < windows.size(); ++i) {
      windows[i] = demands[group.first + i].rows;
    }
    tables.groups[g] = {group.first, group.last, group.rows_per_turn, windows};
  }
  return {};
}

base::Status Planner::PlanGraph(std::size_t graph, Tables& tables) {
  base::Arena::Scratch scratch(arena_);
  const Graph& g = model_.graphs[graph];
  const std::span<const OpDemand> demands = request_.demands[graph];
  Arrangement arrangement(g, demands, model_.resources);
  PINHOLE_TRY(
      arrangement.Prepare(graph == 0 ? request_.taps : std::span<const std::int32_t>{}, scratch));
  PINHOLE_ASSIGN(const std::span<RowFate> all_whole, scratch.Make<RowFate>(g.tensors.size()));
  Choice choice{{}, all_whole};
  GroupSearch search(g, demands, arrangement);
  if (graph == 0 && request_.objective == Objective::kSmallest) {
    PINHOLE_TRY(search.Run(request_.effort, scratch));
    PINHOLE_ASSIGN(choice,
                   PickChoice(graph, arrangement, choice, {search.groups(), search.fates()}));
  }
  const base::Result<Packed> packed = PackGraph(graph, arrangement, choice, &tables);
  if (!packed) {
    if (packed.error() == base::Error::kTooLarge) {
      return why_.Fail(base::Error::kTooLarge, "graph ", graph,
                       " needs more than 2 GiB of activations at one time");
    }
    return base::Unexpected(packed.error());
  }
  packed_bytes_ = std::max(packed_bytes_, packed->units * std::uint32_t{kAlignment});
  bound_bytes_ = std::max(bound_bytes_, packed->lower_bound * std::uint32_t{kAlignment});
  return KeepGroups(graph, choice, tables);
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
  const std::uint64_t alignment = request_.alignment;
  state_bytes_ = (state_bytes_ + alignment - 1) / alignment * alignment;
  for (std::size_t g = 0; g < graphs; ++g) {
    PINHOLE_TRY(PlanGraph(g, tables[g]));
    plans[g] = {tables[g].tensors, tables[g].scratch, tables[g].state, tables[g].groups,
                tables[g].held_rows};
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
