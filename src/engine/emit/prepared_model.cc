// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/prepared_model.h"

#include <algorithm>
#include <cstring>

#include "engine/format/tflite_reader.h"
#include "engine/kernels/registry.h"
#include "engine/plan/verifier.h"

namespace pinhole::engine::emit {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;
constexpr std::size_t kMostMemory = std::size_t{1} << 30;

int ZeroOf(const Tensor& tensor) { return tensor.type == Type::kInt8 ? tensor.zero_point : 0; }

}  // namespace

PreparedModel::PreparedModel(const std::string& path, const Demand& demand)
    : path_(path), file_(system::ReadFile(path, kMaxFileBytes)) {
  base::Diagnosis why;
  for (std::size_t bytes = (std::size_t{1} << 20) + 4 * file_.size();; bytes *= 2) {
    memory_ = system::AlignedBytes(bytes);
    why.Clear();
    const base::Status loaded = Load(memory_.span(), demand, why);
    if (loaded) {
      return;
    }
    if (loaded.error() != base::Error::kOutOfMemory || bytes > kMostMemory) {
      const std::string sentence =
          why.empty() ? std::string(base::ErrorName(loaded.error())) : std::string(why.text());
      throw system::Failure(system::ShownPath(path_) + ": " + sentence);
    }
  }
}

base::Status PreparedModel::Load(std::span<std::byte> memory, const Demand& demand,
                                 base::Diagnosis& why) {
  base::Arena arena(memory);
  PINHOLE_ASSIGN(model_, format::ReadTflite(file_.span(), arena, why));
  steps_.clear();
  std::vector<std::vector<plan::OpDemand>> demands;
  for (const Graph& graph : model_->graphs) {
    std::vector<Step>& steps = steps_.emplace_back();
    std::vector<plan::OpDemand>& own = demands.emplace_back();
    for (std::size_t op = 0; op < graph.operators.size(); ++op) {
      const Operator& line = graph.operators[op];
      const kernels::Kernel* kernel = kernels::FindKernel(kernels::AllKernels(), line.kind);
      if (kernel == nullptr) {
        return why.Fail(
            base::Error::kUnsupported, "operator ", op, " ",
            line.kind == OpKind::kUnknown ? std::string_view(line.custom_name) : OpName(line.kind),
            " (code ", line.code,
            ") found, which the engine does not have; see "
            "'pinhole model inspect'");
      }
      kernels::PrepareContext context(graph, op, arena, why);
      PINHOLE_ASSIGN(const kernels::Prepared prepared, kernel->prepare(context));
      steps.push_back({kernel, prepared});
      own.push_back(demand(graph, op, prepared));
    }
  }
  const std::vector<std::span<const plan::OpDemand>> views(demands.begin(), demands.end());
  const plan::Request request{
      model_, views, {}, plan::Effort::kThorough, plan::Objective::kSmallest, plan::kAlignment};
  PINHOLE_ASSIGN(plan_, plan::MakePlan(request, arena, why));
  return plan::VerifyPlan(request, plan_, arena, why);
}

// As run::Session does it: zeroes or zero points, then the graphs that run once.
std::vector<std::byte> PreparedModel::InitialState() const {
  std::vector<std::byte> memory(plan_.arena_bytes);
  std::vector<std::span<std::byte>> resources;
  for (std::size_t r = 0; r < model_->resources.size(); ++r) {
    resources.push_back(
        std::span(memory).subspan(plan_.resource_offsets[r], model_->resources[r].bytes));
  }
  for (std::size_t g = model_->graphs.size(); g-- > 0;) {
    const Graph& graph = model_->graphs[g];
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
      const Tensor& tensor = graph.tensors[t];
      if (tensor.is_variable && !tensor.is_constant() &&
          plan_.graphs[g].tensor_offsets[t] != plan::kNowhere) {
        std::memset(memory.data() + plan_.graphs[g].tensor_offsets[t], ZeroOf(tensor),
                    tensor.bytes);
      }
    }
    for (std::size_t i = graph.operators.size(); i-- > 0;) {
      const Operator& op = graph.operators[i];
      if (op.kind == OpKind::kAssignVariable) {
        const auto to = resources[op.options<VariableOptions>().resource];
        std::memset(to.data(), ZeroOf(graph.tensor(op.inputs[1])), to.size());
      }
    }
  }
  for (const Operator& call : graph().operators) {
    if (call.kind != OpKind::kCallOnce) {
      continue;
    }
    const std::size_t g = call.options<CallOnceOptions>().graph;
    if (g == 0 || g >= model_->graphs.size()) {
      throw system::Failure(system::ShownPath(path_) + ": CALL_ONCE calls graph " +
                            std::to_string(g) + ", one after the first expected");
    }
    const Graph& once = model_->graphs[g];
    const kernels::EvalContext::Places places{&once, plan_.graphs[g].tensor_offsets.data(),
                                              memory.data(), resources, nullptr};
    for (std::size_t op = 0; op < once.operators.size(); ++op) {
      const Step& one = steps_[g][op];
      if (one.prepared.scratch_bytes > 0 || one.prepared.state_bytes > 0 ||
          !one.kernel->evaluate({places, once.operators[op], one.prepared.params, {}, {}})) {
        throw system::Failure(system::ShownPath(path_) + ": graph " + std::to_string(g) +
                              ", which runs once, can't be run while emitting");
      }
    }
  }
  memory.resize(plan_.state_bytes);
  return memory;
}

}  // namespace pinhole::engine::emit
