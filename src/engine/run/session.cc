// SPDX-License-Identifier: Apache-2.0
#include "engine/run/session.h"

#include <algorithm>
#include <cstring>

#include "engine/plan/stripe_walk.h"

namespace pinhole::engine::run {

namespace {

constexpr std::byte ZeroOf(const Tensor& tensor) {
  return tensor.type == Type::kInt8 ? static_cast<std::byte>(tensor.zero_point & 0xFF)
                                    : std::byte{0};
}

base::Status CannotGoOn(const Graph& graph, std::size_t op, base::Error error,
                        base::Diagnosis& why) {
  return why.Fail(error, "operator ", op, " ", OpName(graph.operators[op].kind),
                  ": cannot go on with the data given (", ErrorName(error), ")");
}

}  // namespace

TensorView Session::View(std::int32_t tensor) const {
  const Tensor& info = model_->main().tensor(tensor);
  if (info.is_constant()) {
    // Views are writable for the sake of inputs; nobody writes to an output or a tap.
    return {&info, const_cast<std::byte*>(info.data)};
  }
  if (!bound_) {
    return {&info, nullptr};
  }
  const std::uint32_t offset = plan_.graphs[0].tensor_offsets[static_cast<std::size_t>(tensor)];
  return {&info, activations_.data() + offset};
}

TensorView Session::input(std::size_t i) const { return View(model_->main().inputs[i]); }
TensorView Session::output(std::size_t i) const { return View(model_->main().outputs[i]); }

base::Result<TensorView> Session::Tap(std::string_view name) const {
  for (const std::int32_t tap : taps_) {
    if (model_->main().tensor(tap).name() == name) {
      return View(tap);
    }
  }
  return base::Unexpected(base::Error::kNotFound);
}

base::Status Session::Bind(std::span<std::byte> activations, base::Diagnosis& why) {
  bound_ = false;
  ready_ = false;
  if (activations.size() < activation_bytes()) {
    return why.Fail(base::Error::kInvalidArgument, activations.size(),
                    " bytes of activation memory given, ", activation_bytes(), " needed");
  }
  if (reinterpret_cast<std::uintptr_t>(activations.data()) % plan::kAlignment != 0) {
    return why.Fail(base::Error::kInvalidArgument, "the activation memory must be aligned to ",
                    plan::kAlignment, " bytes");
  }
  activations_ = activations.first(activation_bytes());
  for (std::size_t r = 0; r < resources_.size(); ++r) {
    resources_[r] = activations_.subspan(plan_.resource_offsets[r], model_->resources[r].bytes);
  }
  bound_ = true;
  return Reset(why);
}

void Session::ClearState() {
  const std::span<std::byte> state = activations_.first(plan_.state_bytes);
  std::fill(state.begin(), state.end(), std::byte{0});
  for (std::size_t g = model_->graphs.size(); g-- > 0;) {
    const Graph& graph = model_->graphs[g];
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
      const Tensor& tensor = graph.tensors[t];
      if (tensor.is_variable && !tensor.is_constant() && ZeroOf(tensor) != std::byte{0}) {
        std::memset(activations_.data() + plan_.graphs[g].tensor_offsets[t],
                    static_cast<int>(ZeroOf(tensor)), tensor.bytes);
      }
    }
    // Backwards: the first assignment of the first graph says what a resource holds.
    for (std::size_t i = graph.operators.size(); i-- > 0;) {
      const Operator& op = graph.operators[i];
      if (op.kind == OpKind::kAssignVariable) {
        const std::span<std::byte> resource = resources_[op.options<VariableOptions>().resource];
        std::fill(resource.begin(), resource.end(), ZeroOf(graph.tensor(op.inputs[1])));
      }
    }
  }
}

base::Status Session::Reset(base::Diagnosis& why) {
  if (!bound_) {
    return why.Fail(base::Error::kNotReady, "the session has no activation memory: call Bind");
  }
  ready_ = false;
  ClearState();
  for (const Operator& op : model_->main().operators) {
    if (op.kind == OpKind::kCallOnce) {
      PINHOLE_TRY(RunGraph(op.options<CallOnceOptions>().graph, why));
    }
  }
  ready_ = true;
  return {};
}

base::Status Session::Run(base::Diagnosis& why) {
  if (!ready_) {
    return why.Fail(base::Error::kNotReady, bound_ ? "the last Reset failed: reset again"
                                                   : "the session has no activation memory: "
                                                     "call Bind");
  }
  return RunGraph(0, why);
}

kernels::EvalContext Session::ContextOf(std::size_t graph, std::size_t op,
                                        const kernels::EvalContext::Places& places) const {
  const std::span<const Buffers> buffers = programs_[graph].buffers;
  std::span<std::byte> scratch;
  std::span<std::byte> state;
  const auto own =
      std::lower_bound(buffers.begin(), buffers.end(), op,
                       [](const Buffers& one, std::size_t wanted) { return one.op < wanted; });
  if (own != buffers.end() && own->op == op) {
    scratch = activations_.subspan(own->scratch_offset, own->scratch_bytes);
    state = activations_.subspan(own->state_offset, own->state_bytes);
  }
  return {places, model_->graphs[graph].operators[op], programs_[graph].steps[op].params, scratch,
          state};
}

base::Status Session::RunOperator(std::size_t graph, std::size_t op,
                                  const kernels::EvalContext::Places& places,
                                  base::Diagnosis& why) {
  const base::Status status =
      programs_[graph].steps[op].kernel->evaluate(ContextOf(graph, op, places));
  return status ? status : CannotGoOn(model_->graphs[graph], op, status.error(), why);
}

base::Status Session::RunGroup(std::size_t graph, const plan::RowGroup& group,
                               const kernels::EvalContext::Places& places, base::Diagnosis& why) {
  plan::StripeWalk walk(model_->graphs[graph], group);
  for (plan::StripeWalk::Step step; walk.Next(step);) {
    const base::Status status = programs_[graph].steps[step.op].kernel->evaluate_rows(
        ContextOf(graph, step.op, places), step.begin, step.end);
    if (!status) {
      return CannotGoOn(model_->graphs[graph], step.op, status.error(), why);
    }
  }
  return {};
}

base::Status Session::RunGraph(std::size_t graph_index, base::Diagnosis& why) {
  const Graph& graph = model_->graphs[graph_index];
  const plan::GraphPlan& plan = plan_.graphs[graph_index];
  const kernels::EvalContext::Places places{
      &graph,   plan.tensor_offsets.data(), activations_.data(), resources_,
      workers_, plan.held_rows.data()};
  std::span<const plan::RowGroup> groups = plan.groups;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (!groups.empty() && groups.front().first == i) {
      PINHOLE_TRY(RunGroup(graph_index, groups.front(), places, why));
      i = groups.front().last;
      groups = groups.subspan(1);
    } else {
      PINHOLE_TRY(RunOperator(graph_index, i, places, why));
    }
  }
  return {};
}

}  // namespace pinhole::engine::run
