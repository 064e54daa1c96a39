// SPDX-License-Identifier: Apache-2.0
// From a file's bytes to a session that waits for its activation memory. Everything hostile ends
// here: what Load lets through, Run can walk without looking.
#include <algorithm>
#include <array>

#include "engine/format/keep_folded.h"
#include "engine/kernels/registry.h"
#include "engine/plan/verifier.h"
#include "engine/run/session.h"
#include "engine/run/tap_names.h"
#include "engine/run/unknown_operators.h"

namespace pinhole::engine::run {

class Loader {
 public:
  Loader(base::Arena& arena, const SessionOptions& options, base::Diagnosis& why)
      : arena_(arena), options_(options), why_(why) {}

  base::Result<Session> Load(std::span<const std::byte> file);

 private:
  using Demands = std::span<plan::OpDemand>;

  base::Status CheckCalls() const;
  base::Status PrepareGraph(std::size_t graph, Session::Program& program, Demands demands,
                            std::span<bool> read);
  base::Status FindTaps();
  base::Status PlanMemory(std::span<const std::span<const plan::OpDemand>> demands);
  base::Status KeepBuffers(std::size_t graph, std::span<const plan::OpDemand> demands,
                           Session::Program& program);
  base::Status Build();

  base::Arena& arena_;
  const SessionOptions& options_;
  base::Diagnosis& why_;
  Session session_;
};

// A graph that runs once gets nothing and gives nothing; it runs before the main graph, not inside.
base::Status Loader::CheckCalls() const {
  const format::Model& model = *session_.model_;
  for (std::size_t i = 0; i < model.main().operators.size(); ++i) {
    const Operator& op = model.main().operators[i];
    if (op.kind != OpKind::kCallOnce) {
      continue;
    }
    const std::size_t called = op.options<CallOnceOptions>().graph;
    if (called == 0 || called >= model.graphs.size()) {
      return why_.Fail(base::Error::kMalformed, "operator ", i, " CALL_ONCE: calls graph ", called,
                       " of ", model.graphs.size(), ", one after the first expected");
    }
    if (!model.graphs[called].inputs.empty()) {
      return why_.Fail(base::Error::kUnsupported, "operator ", i, " CALL_ONCE: graph ", called,
                       " has inputs, which nobody would fill");
    }
  }
  return {};
}

// `read`, by tensor: what is read while the graph runs, by an operator or as an output.
base::Status Loader::PrepareGraph(std::size_t graph, Session::Program& program, Demands demands,
                                  std::span<bool> read) {
  const Graph& g = session_.model_->graphs[graph];
  for (const std::int32_t output : g.outputs) {
    read[static_cast<std::size_t>(output)] = true;
  }
  PINHOLE_ASSIGN(const std::span<Session::Step> steps,
                 arena_.Make<Session::Step>(g.operators.size()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const kernels::Kernel* kernel = kernels::FindKernel(options_.kernels, g.operators[i].kind);
    kernels::PrepareContext context(g, i, arena_, why_);
    PINHOLE_ASSIGN(const kernels::Prepared prepared, kernel->prepare(context));
    session_.packed_bytes_ += context.packed_bytes();
    for (std::size_t k = 0; k < g.operators[i].inputs.size(); ++k) {
      const std::int32_t input = g.operators[i].inputs[k];
      if (input >= 0 && (k > 7 || (prepared.taken_inputs >> k & 1) == 0)) {
        read[static_cast<std::size_t>(input)] = true;
      }
    }
    steps[i] = {kernel, prepared.params};
    demands[i] = {prepared.scratch_bytes, prepared.state_bytes, prepared.in_place_inputs,
                  kernel->evaluate_rows != nullptr ? prepared.rows : RowWindow{}};
  }
  program.steps = steps;
  return {};
}

base::Status Loader::FindTaps() {
  PINHOLE_ASSIGN(const std::span<std::int32_t> taps,
                 arena_.Make<std::int32_t>(options_.taps.size()));
  for (std::size_t i = 0; i < taps.size(); ++i) {
    PINHOLE_ASSIGN(taps[i], FindTap(session_.model_->main(), options_.taps[i], why_));
  }
  session_.taps_ = taps;
  return {};
}

base::Status Loader::PlanMemory(std::span<const std::span<const plan::OpDemand>> demands) {
  const plan::Request request{session_.model_, demands, session_.taps_, options_.effort,
                              options_.objective, options_.alignment};
  PINHOLE_ASSIGN(session_.plan_, plan::MakePlan(request, arena_, why_));
  return plan::VerifyPlan(request, session_.plan_, arena_, why_);
}

base::Status Loader::KeepBuffers(std::size_t graph, std::span<const plan::OpDemand> demands,
                                 Session::Program& program) {
  const auto wants = [](const plan::OpDemand& demand) {
    return demand.scratch_bytes > 0 || demand.state_bytes > 0;
  };
  const auto count = std::count_if(demands.begin(), demands.end(), wants);
  PINHOLE_ASSIGN(const std::span<Session::Buffers> buffers,
                 arena_.Make<Session::Buffers>(static_cast<std::size_t>(count)));
  std::size_t next = 0;
  const plan::GraphPlan& places = session_.plan_.graphs[graph];
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const plan::OpDemand& demand = demands[i];
    if (wants(demand)) {
      buffers[next++] = {static_cast<std::uint32_t>(i),
                         demand.scratch_bytes > 0 ? places.scratch_offset(i) : 0U,
                         demand.scratch_bytes, demand.state_bytes > 0 ? places.state_offset(i) : 0U,
                         demand.state_bytes};
    }
  }
  program.buffers = buffers;
  return {};
}

base::Status Loader::Build() {
  const format::Model& model = *session_.model_;
  PINHOLE_TRY(CheckOperatorsKnown(model, options_.kernels, why_));
  PINHOLE_TRY(CheckCalls());
  const std::size_t graphs = model.graphs.size();
  PINHOLE_ASSIGN(const std::span<Session::Program> programs, arena_.Make<Session::Program>(graphs));
  base::Arena::Scratch scratch(arena_);
  PINHOLE_ASSIGN(const auto demands, scratch.Make<std::span<const plan::OpDemand>>(graphs));
  PINHOLE_ASSIGN(const auto read, scratch.Make<std::span<const bool>>(graphs));
  for (std::size_t g = 0; g < graphs; ++g) {
    PINHOLE_ASSIGN(const Demands own,
                   scratch.Make<plan::OpDemand>(model.graphs[g].operators.size()));
    PINHOLE_ASSIGN(const std::span<bool> own_read,
                   scratch.Make<bool>(model.graphs[g].tensors.size()));
    PINHOLE_TRY(PrepareGraph(g, programs[g], own, own_read));
    demands[g] = own;
    read[g] = own_read;
  }
  session_.folded_bytes_ = model.folded_bytes;
  if (options_.limits.folded != nullptr) {
    PINHOLE_ASSIGN(session_.folded_bytes_,
                   format::KeepFolded(model, *options_.limits.folded, read, arena_));
  }
  PINHOLE_TRY(FindTaps());
  PINHOLE_TRY(PlanMemory(demands));
  for (std::size_t g = 0; g < graphs; ++g) {
    PINHOLE_TRY(KeepBuffers(g, demands[g], programs[g]));
  }
  session_.programs_ = programs;
  PINHOLE_ASSIGN(session_.resources_, arena_.Make<std::span<std::byte>>(model.resources.size()));
  return {};
}

base::Result<Session> Loader::Load(std::span<const std::byte> file) {
  why_.Clear();
  const std::size_t before = arena_.used();
  PINHOLE_ASSIGN(session_.model_, format::ReadTflite(file, arena_, why_, options_.limits));
  const base::Status built = Build();
  if (!built) {
    if (built.error() == base::Error::kOutOfMemory && why_.empty()) {
      why_.Fail(built.error(), "the model arena of ", arena_.capacity(),
                " bytes is too small to prepare the model: give a larger one");
    }
    return base::Unexpected(built.error());
  }
  session_.model_bytes_ = arena_.used() - before;
  return session_;
}

base::Result<Session> Session::Load(std::span<const std::byte> file, base::Arena& model_arena,
                                    const SessionOptions& options, base::Diagnosis& why) {
  return Loader(model_arena, options, why).Load(file);
}

}  // namespace pinhole::engine::run
