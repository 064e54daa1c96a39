// SPDX-License-Identifier: Apache-2.0
#include "host/plan_view.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "engine/kernels/registry.h"
#include "engine/plan/lifetimes.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using engine::Graph;
using engine::Tensor;
using engine::kernels::Prepared;
namespace plan = engine::plan;

// What every operator of the main graph asks for. Preparation succeeded when the session was
// loaded, so it does here.
std::vector<Prepared> PrepareAgain(const engine::owned::OwnedSession& owned) {
  const Graph& graph = owned.session().model().main();
  AlignedBytes memory;
  base::Diagnosis why;
  std::vector<Prepared> prepared;
  const base::Status status = engine::owned::WithGrowingMemory(
      owned.session().model_bytes() + (std::size_t{64} << 10), memory,
      [&](std::span<std::byte> bytes) -> base::Status {
        base::Arena arena(bytes);
        prepared.clear();
        for (std::size_t i = 0; i < graph.operators.size(); ++i) {
          engine::kernels::PrepareContext context(graph, i, arena, why);
          const engine::kernels::Kernel* kernel =
              engine::kernels::FindKernel(engine::kernels::AllKernels(), graph.operators[i].kind);
          PINHOLE_ASSIGN(Prepared one, kernel->prepare(context));
          prepared.push_back(one);
        }
        return {};
      });
  if (!status) {
    engine::owned::FailAbout(owned.path(), status.error(), why);
  }
  return prepared;
}

std::string NameOf(const Tensor& tensor, std::size_t index) {
  return tensor.name().empty() ? "tensor " + std::to_string(index) : Printable(tensor.name());
}

void AddTensors(const engine::owned::OwnedSession& owned, std::vector<PlanBlock>& blocks) {
  const Graph& graph = owned.session().model().main();
  const plan::Plan& placed = owned.session().plan();
  const std::span<const std::uint32_t> offsets = placed.graphs[0].tensor_offsets;
  std::vector<plan::Lifetime> lifetimes(graph.tensors.size());
  plan::FindLifetimes(graph, {}, lifetimes);
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

void AddOperatorsOwn(const engine::owned::OwnedSession& owned, std::vector<PlanBlock>& blocks) {
  const Graph& graph = owned.session().model().main();
  const plan::GraphPlan& placed = owned.session().plan().graphs[0];
  const std::vector<Prepared> prepared = PrepareAgain(owned);
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const std::string name = std::to_string(i) + " " + OperatorName(graph.operators[i]);
    PlanBlock block;
    if (placed.scratch_offset(i) != plan::kNowhere) {
      block.kind = PlanBlock::Kind::kScratch;
      block.name = "scratch of " + name;
      block.first = block.last = plan::TimeOf(i);
      block.offset = placed.scratch_offset(i);
      block.bytes = prepared[i].scratch_bytes;
      blocks.push_back(block);
    }
    if (placed.state_offset(i) != plan::kNowhere) {
      block.kind = PlanBlock::Kind::kState;
      block.name = "state of " + name;
      block.first = 0;
      block.last = plan::EndTime(graph);
      block.offset = placed.state_offset(i);
      block.bytes = prepared[i].state_bytes;
      blocks.push_back(block);
    }
  }
}

// A tensor that begins where another ends its life at the same operator took over its place.
// `blocks` are sorted by their first time.
void FindTakenPlaces(std::vector<PlanBlock>& blocks) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> ends;  // offset, last time
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    PlanBlock& block = blocks[i];
    if (block.kind != PlanBlock::Kind::kTensor || block.in_resource) {
      continue;
    }
    const auto taken = ends.find({block.offset, block.first});
    if (taken != ends.end() && blocks[taken->second].first < block.first) {
      block.in_place_of = static_cast<int>(taken->second);
    }
    ends[{block.offset, block.last}] = i;
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

PlanView ViewPlan(const engine::owned::OwnedSession& owned) {
  const engine::run::Session& session = owned.session();
  const Graph& graph = session.model().main();
  PlanView view;
  view.file = owned.path();
  for (const engine::Operator& op : graph.operators) {
    view.operators.push_back(OperatorName(op));
  }
  AddResources(owned, view.blocks);
  AddTensors(owned, view.blocks);
  AddOperatorsOwn(owned, view.blocks);
  std::sort(view.blocks.begin(), view.blocks.end(), [](const PlanBlock& a, const PlanBlock& b) {
    return std::tie(a.first, a.offset, a.last, a.kind, a.name) <
           std::tie(b.first, b.offset, b.last, b.kind, b.name);
  });
  FindTakenPlaces(view.blocks);
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
         {"in_place_of", block.in_place_of >= 0 ? Json(block.in_place_of) : Json(nullptr)}}));
  }
  return Json::Object({{"model", view.file},
                       {"activation_bytes", view.arena_bytes},
                       {"state_bytes", view.state_bytes},
                       {"lower_bound_bytes", view.lower_bound_bytes},
                       {"model_bytes", view.model_bytes},
                       {"arena_bytes", view.total_bytes},
                       {"weights_bytes", view.weight_bytes},
                       {"operators", Json::Array(view.operators)},
                       {"blocks", blocks}});
}

}  // namespace pinhole::host
