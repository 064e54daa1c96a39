// SPDX-License-Identifier: Apache-2.0
#include "host/plan_view.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "engine/kernels/registry.h"
#include "engine/plan/arrangement.h"
#include "engine/plan/stripe_walk.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using engine::Graph;
using engine::Tensor;
namespace plan = engine::plan;

// What the operators of all graphs ask for, and what comes of it. Preparation succeeded when the
// session was loaded, so it does here.
class Prepared {
 public:
  explicit Prepared(const engine::owned::OwnedSession& owned) : owned_(owned) {
    With([this](base::Arena& arena, base::Diagnosis& why) { return PrepareAll(arena, why); });
    for (const auto& list : lists_) {
      demands_.emplace_back(list);
    }
    With([this](base::Arena& arena, base::Diagnosis& why) { return PlanWhole(arena, why); });
    With([this](base::Arena& arena, base::Diagnosis&) { return FindLifetimes(arena); });
  }

  // Of the main graph's operators.
  [[nodiscard]] const std::vector<plan::OpDemand>& demands() const { return lists_[0]; }
  // Of its tensors, with the groups of the session's plan.
  [[nodiscard]] const std::vector<plan::Lifetime>& lifetimes() const { return lifetimes_; }
  // The tensor whose place each one takes; -1.
  [[nodiscard]] const std::vector<std::int32_t>& previous() const { return previous_; }
  // Activations of a plan without groups.
  [[nodiscard]] std::uint32_t whole_bytes() const { return whole_bytes_; }

 private:
  template <typename Step>
  void With(const Step& step) {
    AlignedBytes memory;
    base::Diagnosis why;
    const base::Status status =
        engine::owned::WithGrowingMemory(owned_.session().model_bytes() + (std::size_t{64} << 10),
                                         memory, [&](std::span<std::byte> bytes) -> base::Status {
                                           base::Arena arena(bytes);
                                           return step(arena, why);
                                         });
    if (!status) {
      engine::owned::FailAbout(owned_.path(), status.error(), why);
    }
  }

  base::Status PrepareAll(base::Arena& arena, base::Diagnosis& why) {
    lists_.clear();
    for (const Graph& graph : owned_.session().model().graphs) {
      std::vector<plan::OpDemand>& demands = lists_.emplace_back();
      for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        engine::kernels::PrepareContext context(graph, i, arena, why);
        const engine::kernels::Kernel* kernel =
            engine::kernels::FindKernel(engine::kernels::AllKernels(), graph.operators[i].kind);
        PINHOLE_ASSIGN(const engine::kernels::Prepared one, kernel->prepare(context));
        demands.push_back({one.scratch_bytes, one.state_bytes, one.in_place_inputs,
                           kernel->evaluate_rows != nullptr ? one.rows : engine::RowWindow{}});
      }
    }
    return {};
  }

  base::Status PlanWhole(base::Arena& arena, base::Diagnosis& why) {
    const plan::Request request{
        &owned_.session().model(), demands_, {}, plan::Effort::kThorough, plan::Objective::kWhole};
    PINHOLE_ASSIGN(const plan::Plan whole, plan::MakePlan(request, arena, why));
    whole_bytes_ = whole.arena_bytes;
    return {};
  }

  // The plan says who is in a group; walking it once more says how long its rings live.
  base::Status FindLifetimes(base::Arena& arena) {
    const engine::format::Model& model = owned_.session().model();
    const Graph& graph = model.main();
    base::Arena::Scratch scratch(arena);
    plan::Arrangement arrangement(graph, lists_[0], model.resources);
    PINHOLE_TRY(arrangement.Prepare({}, scratch));
    std::vector<engine::RowWindow> windows;
    for (const plan::OpDemand& demand : lists_[0]) {
      windows.push_back(demand.rows);
    }
    std::vector<plan::RowFate> fates(graph.tensors.size());
    std::vector<plan::Group> groups;
    plan::Work work{std::numeric_limits<std::uint64_t>::max()};
    for (const plan::RowGroup& chosen : owned_.session().plan().graphs[0].groups) {
      plan::Group& group = groups.emplace_back();
      group.first = chosen.first;
      group.last = chosen.last;
      group.rows_per_turn = chosen.rows_per_turn;
      plan::WalkGroup(graph, lists_[0], windows, arrangement.whole_lifetimes(), group, fates, work);
    }
    arrangement.Set(groups, fates);
    lifetimes_.assign(arrangement.lifetimes().begin(), arrangement.lifetimes().end());
    previous_.assign(arrangement.sharing().previous.begin(), arrangement.sharing().previous.end());
    return {};
  }

  const engine::owned::OwnedSession& owned_;
  std::vector<std::vector<plan::OpDemand>> lists_;
  std::vector<std::span<const plan::OpDemand>> demands_;
  std::vector<plan::Lifetime> lifetimes_;
  std::vector<std::int32_t> previous_;
  std::uint32_t whole_bytes_ = 0;
};

std::string NameOf(const Tensor& tensor, std::size_t index) {
  return tensor.name().empty() ? "tensor " + std::to_string(index) : Printable(tensor.name());
}

void AddTensors(const engine::owned::OwnedSession& owned, const Prepared& prepared,
                std::vector<PlanBlock>& blocks) {
  const Graph& graph = owned.session().model().main();
  const plan::Plan& placed = owned.session().plan();
  const std::span<const std::uint32_t> offsets = placed.graphs[0].tensor_offsets;
  const std::vector<plan::Lifetime>& lifetimes = prepared.lifetimes();
  const std::uint32_t end = plan::EndTime(graph);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (offsets[i] == plan::kNowhere) {
      continue;
    }
    PlanBlock block;
    block.kind = tensor.is_variable ? PlanBlock::Kind::kState : PlanBlock::Kind::kTensor;
    block.name = NameOf(tensor, i);
    block.type = std::string(engine::TypeName(tensor.type)) + " " + ShapeText(tensor.shape);
    block.first = tensor.is_variable ? 0 : lifetimes[i].first;
    block.last = tensor.is_variable ? end : lifetimes[i].last;
    block.offset = offsets[i];
    block.bytes = tensor.bytes;
    block.tensor = static_cast<int>(i);
    block.held_rows = placed.graphs[0].held(i);
    if (block.held_rows > 0) {
      block.rows = static_cast<std::uint32_t>(tensor.shape.dim(1));
      block.bytes = tensor.bytes / block.rows * block.held_rows;
    }
    block.in_resource = !tensor.is_variable && offsets[i] < placed.state_bytes;
    if (block.first <= block.last) {
      blocks.push_back(block);
    }
  }
}

void AddResources(const engine::owned::OwnedSession& owned, std::vector<PlanBlock>& blocks) {
  const engine::format::Model& model = owned.session().model();
  const plan::Plan& placed = owned.session().plan();
  for (std::size_t i = 0; i < model.resources.size(); ++i) {
    if (placed.resource_offsets[i] == plan::kNowhere || model.resources[i].bytes == 0) {
      continue;
    }
    PlanBlock block;
    block.kind = PlanBlock::Kind::kState;
    block.name = Printable(model.resources[i].name_text);
    block.last = plan::EndTime(model.main());
    block.offset = placed.resource_offsets[i];
    block.bytes = model.resources[i].bytes;
    blocks.push_back(block);
  }
}

void AddOperatorsOwn(const engine::owned::OwnedSession& owned, const Prepared& prepared,
                     std::vector<PlanBlock>& blocks) {
  const Graph& graph = owned.session().model().main();
  const plan::GraphPlan& placed = owned.session().plan().graphs[0];
  const std::vector<plan::OpDemand>& demands = prepared.demands();
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const std::string name = std::to_string(i) + " " + OperatorName(graph.operators[i]);
    PlanBlock block;
    if (placed.scratch_offset(i) != plan::kNowhere) {
      block.kind = PlanBlock::Kind::kScratch;
      block.name = "scratch of " + name;
      block.first = block.last = plan::TimeOf(i);
      block.offset = placed.scratch_offset(i);
      block.bytes = demands[i].scratch_bytes;
      blocks.push_back(block);
    }
    if (placed.state_offset(i) != plan::kNowhere) {
      block.kind = PlanBlock::Kind::kState;
      block.name = "state of " + name;
      block.first = 0;
      block.last = plan::EndTime(graph);
      block.offset = placed.state_offset(i);
      block.bytes = demands[i].state_bytes;
      blocks.push_back(block);
    }
  }
}

void FindTakenPlaces(const Prepared& prepared, std::vector<PlanBlock>& blocks) {
  std::map<int, int> block_of;  // of each tensor
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].tensor >= 0) {
      block_of[blocks[i].tensor] = static_cast<int>(i);
    }
  }
  for (PlanBlock& block : blocks) {
    const int previous =
        block.tensor >= 0 ? prepared.previous()[static_cast<std::size_t>(block.tensor)] : -1;
    if (const auto taken = block_of.find(previous); previous >= 0 && taken != block_of.end()) {
      block.in_place_of = taken->second;
    }
  }
}

}  // namespace

std::string PlanView::TimeName(std::uint32_t time) const {
  if (time == 0) {
    return "before the run";
  }
  return time == end_time() ? "after the run"
                            : std::to_string(time - 1) + " " + operators[time - 1];
}

std::string PlanView::GroupText(const PlanGroup& group) const {
  const std::string rows = std::to_string(std::min(group.rows_per_turn, group.rows)) + " of " +
                           std::to_string(group.rows) + (group.rows == 1 ? " row" : " rows") +
                           " a turn";
  return group.first == group.last
             ? TimeName(group.first + 1) + ", " + rows
             : TimeName(group.first + 1) + " to " + TimeName(group.last + 1) + ", " + rows;
}

std::string PlanView::HeldText(const PlanBlock& block) {
  return block.held_rows == 0
             ? ""
             : std::to_string(block.held_rows) + " of " + std::to_string(block.rows) + " rows held";
}

PlanView ViewPlan(const engine::owned::OwnedSession& owned) {
  const engine::run::Session& session = owned.session();
  const Graph& graph = session.model().main();
  PlanView view;
  view.file = owned.path();
  for (const engine::Operator& op : graph.operators) {
    view.operators.push_back(OperatorName(op));
  }
  for (const plan::RowGroup& group : session.plan().graphs[0].groups) {
    view.groups.push_back({group.first, group.last, group.rows_per_turn,
                           plan::StripeWalk::RowsOf(graph, group.last)});
  }
  const Prepared prepared(owned);
  AddResources(owned, view.blocks);
  AddTensors(owned, prepared, view.blocks);
  AddOperatorsOwn(owned, prepared, view.blocks);
  std::sort(view.blocks.begin(), view.blocks.end(), [](const PlanBlock& a, const PlanBlock& b) {
    return std::tie(a.first, a.offset, a.last, a.kind, a.name) <
           std::tie(b.first, b.offset, b.last, b.kind, b.name);
  });
  FindTakenPlaces(prepared, view.blocks);
  view.whole_bytes = prepared.whole_bytes();
  view.arena_bytes = session.plan().arena_bytes;
  view.state_bytes = session.plan().state_bytes;
  view.lower_bound_bytes = session.plan().lower_bound_bytes;
  view.total_bytes = session.arena_bytes();
  view.model_bytes = session.arena_bytes() - session.activation_bytes();
  view.weight_bytes = session.model().constant_bytes + session.model().folded_bytes;
  return view;
}

std::string_view KindName(PlanBlock::Kind kind) {
  switch (kind) {
    case PlanBlock::Kind::kTensor: return "tensor";
    case PlanBlock::Kind::kScratch: return "scratch";
    case PlanBlock::Kind::kState: return "state";
  }
  return "?";
}

Json PlanJson(const PlanView& view) {
  Json blocks = Json::Array();
  for (const PlanBlock& block : view.blocks) {
    blocks.Add(Json::Object(
        {{"kind", KindName(block.kind)},
         {"name", block.name},
         {"type", block.type},
         {"offset", block.offset},
         {"bytes", block.bytes},
         {"first", block.first},
         {"last", block.last},
         {"held_rows", block.held_rows > 0 ? Json(block.held_rows) : Json(nullptr)},
         {"in_place_of", block.in_place_of >= 0 ? Json(block.in_place_of) : Json(nullptr)}}));
  }
  Json groups = Json::Array();
  for (const PlanGroup& group : view.groups) {
    groups.Add(Json::Object({{"first", group.first},
                             {"last", group.last},
                             {"rows_per_turn", group.rows_per_turn},
                             {"rows", group.rows}}));
  }
  return Json::Object({{"model", view.file},
                       {"activation_bytes", view.arena_bytes},
                       {"state_bytes", view.state_bytes},
                       {"lower_bound_bytes", view.lower_bound_bytes},
                       {"whole_bytes", view.whole_bytes},
                       {"model_bytes", view.model_bytes},
                       {"arena_bytes", view.total_bytes},
                       {"weights_bytes", view.weight_bytes},
                       {"operators", Json::Array(view.operators)},
                       {"groups", groups},
                       {"blocks", blocks}});
}

}  // namespace pinhole::host
