// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/verifier.h"

#include <algorithm>

#include "base/checked.h"

namespace pinhole::engine::plan {

namespace {

struct Range {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] bool Meets(const Range& other) const {
    return begin < other.end && other.begin < end;
  }
};

// What stays from run to run has no place in the walk: it lies apart from all that the walk moves.
bool IsState(const Tensor& tensor) { return tensor.is_variable && !tensor.is_constant(); }
bool HasPlace(const Tensor& tensor) {
  return !tensor.is_constant() && tensor.type != Type::kResource;
}

// One graph, walked from its first operator to its last.
class Walk {
 public:
  Walk(const Request& request, const Plan& plan, std::size_t graph, base::Diagnosis& why)
      : plan_(plan),
        graph_plan_(plan.graphs[graph]),
        model_(*request.model),
        graph_(model_.graphs[graph]),
        demands_(request.demands[graph]),
        taps_(graph == 0 ? request.taps : std::span<const std::int32_t>{}),
        why_(why) {}

  base::Status Run(base::Arena& arena);

 private:
  base::Result<Range> RangeOf(std::int32_t tensor) const;
  base::Status FillInputs();
  base::Status RunOperator(std::size_t index);
  base::Status CheckInputs(std::size_t index) const;
  base::Result<Range> WriteScratch(std::size_t index);
  base::Status WriteOutput(std::size_t index, std::size_t which, const Range& scratch);
  base::Status CheckPlaceOfOutput(const Operator& op, std::int32_t tensor,
                                  const Range& range) const;
  base::Status Assign(std::size_t index);
  base::Status CheckKept(std::span<const std::int32_t> tensors, const char* what) const;

  [[nodiscard]] bool IsIntact(std::int32_t tensor) const {
    return slot_[static_cast<std::size_t>(tensor)] != kNone;
  }
  // An intact tensor whose bytes `range` touches, -1 where there is none; search from intact_[from].
  [[nodiscard]] std::int32_t FindTouched(const Range& range, std::size_t& from) const;
  void Remember(std::int32_t tensor, const Range& range);
  void Forget(std::int32_t tensor);
  base::Unexpected Refuse(std::size_t op, std::int32_t tensor, const char* what) const;
  base::Unexpected RefuseBoth(std::size_t op, std::int32_t tensor, const char* what,
                              std::int32_t other) const;

  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  struct Intact {
    Range range;
    std::int32_t tensor = 0;
  };

  const Plan& plan_;
  const GraphPlan& graph_plan_;
  const format::Model& model_;
  const Graph& graph_;
  std::span<const OpDemand> demands_;
  std::span<const std::int32_t> taps_;
  base::Diagnosis& why_;
  std::span<Intact> intact_;        // tensors whose bytes are as written; the first count_
  std::span<std::uint32_t> slot_;   // per tensor: its index in intact_, or kNone
  std::size_t count_ = 0;
};

base::Unexpected Walk::Refuse(std::size_t op, std::int32_t tensor, const char* what) const {
  return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' operator ", op,
                   " ", OpName(graph_.operators[op].kind), ": tensor ", tensor, " '",
                   graph_.tensor(tensor).name(), "' ", what);
}

base::Unexpected Walk::RefuseBoth(std::size_t op, std::int32_t tensor, const char* what,
                                  std::int32_t other) const {
  const base::Unexpected refused = Refuse(op, tensor, what);
  why_.Append(" tensor ");
  why_.Append(other);
  why_.Append(" '");
  why_.Append(graph_.tensor(other).name());
  why_.Append("'");
  return refused;
}

// Where a tensor with a place lies; inside the arena and aligned.
base::Result<Range> Walk::RangeOf(std::int32_t tensor) const {
  const std::uint32_t offset = graph_plan_.tensor_offsets[static_cast<std::size_t>(tensor)];
  const std::uint32_t bytes = graph_.tensor(tensor).bytes;
  if (offset == kNowhere || offset % kAlignment != 0 ||
      !base::InBounds(offset, bytes, plan_.arena_bytes)) {
    return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' tensor ",
                     tensor, " '", graph_.tensor(tensor).name(), "': ", bytes, " bytes at ", offset,
                     " are not aligned inside the arena of ", plan_.arena_bytes);
  }
  return Range{offset, offset + bytes};
}

std::int32_t Walk::FindTouched(const Range& range, std::size_t& from) const {
  for (; from < count_; ++from) {
    if (intact_[from].range.Meets(range)) {
      return intact_[from].tensor;
    }
  }
  return -1;
}

void Walk::Remember(std::int32_t tensor, const Range& range) {
  Forget(tensor);
  slot_[static_cast<std::size_t>(tensor)] = static_cast<std::uint32_t>(count_);
  intact_[count_++] = {range, tensor};
}

void Walk::Forget(std::int32_t tensor) {
  std::uint32_t& slot = slot_[static_cast<std::size_t>(tensor)];
  if (slot == kNone) {
    return;
  }
  intact_[slot] = intact_[--count_];
  slot_[static_cast<std::size_t>(intact_[slot].tensor)] = slot;
  slot = kNone;
}

base::Status Walk::FillInputs() {
  for (const std::int32_t tensor : graph_.inputs) {
    const Tensor& info = graph_.tensor(tensor);
    if (!HasPlace(info) || IsState(info)) {
      continue;
    }
    PINHOLE_ASSIGN(const Range range, RangeOf(tensor));
    std::size_t from = 0;
    const std::int32_t touched = FindTouched(range, from);
    if (range.begin < plan_.state_bytes || (touched >= 0 && touched != tensor)) {
      return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' input '",
                       info.name(), "' lies on state or on another input");
    }
    Remember(tensor, range);
  }
  return {};
}

base::Status Walk::CheckInputs(std::size_t index) const {
  for (const std::int32_t tensor : graph_.operators[index].inputs) {
    if (tensor < 0 || !HasPlace(graph_.tensor(tensor)) || IsState(graph_.tensor(tensor))) {
      continue;
    }
    if (!IsIntact(tensor)) {
      return Refuse(index, tensor, "is read, but not written before or written over");
    }
  }
  return {};
}

bool Reads(const Operator& op, std::int32_t tensor) {
  return std::find(op.inputs.begin(), op.inputs.end(), tensor) != op.inputs.end();
}
bool Writes(const Operator& op, std::int32_t tensor) {
  return std::find(op.outputs.begin(), op.outputs.end(), tensor) != op.outputs.end();
}

// True where the kernel lets output 0 lie on `tensor` wherever the operator reads it.
bool AllowsInPlace(const Operator& op, const OpDemand& demand, std::int32_t tensor) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == tensor && (i > 7 || (demand.in_place_inputs & (1U << i)) == 0)) {
      return false;
    }
  }
  return true;
}

base::Result<Range> Walk::WriteScratch(std::size_t index) {
  const std::uint32_t bytes = demands_[index].scratch_bytes;
  if (bytes == 0) {
    return Range{};
  }
  const std::uint32_t offset = graph_plan_.scratch_offset(index);
  if (offset == kNowhere || offset % kAlignment != 0 || offset < plan_.state_bytes ||
      !base::InBounds(offset, bytes, plan_.arena_bytes)) {
    return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' operator ",
                     index, ": ", bytes, " bytes of scratch at ", offset,
                     " are not aligned inside the arena above the state");
  }
  const Range range{offset, offset + bytes};
  std::size_t from = 0;
  for (std::int32_t touched = FindTouched(range, from); touched >= 0;
       touched = FindTouched(range, from)) {
    if (Reads(graph_.operators[index], touched)) {
      return Refuse(index, touched, "is read, and the scratch lies on it");
    }
    Forget(touched);
  }
  return range;
}

// Above the state; or, for READ_VARIABLE, exactly in the resource.
base::Status Walk::CheckPlaceOfOutput(const Operator& op, std::int32_t tensor,
                                      const Range& range) const {
  if (range.begin >= plan_.state_bytes) {
    return {};
  }
  if (op.kind == OpKind::kReadVariable) {
    const std::size_t resource = op.options<VariableOptions>().resource;
    const std::uint32_t begin = plan_.resource_offsets[resource];
    if (range.begin == begin && range.end - begin <= model_.resources[resource].bytes) {
      return {};
    }
  }
  return Refuse(static_cast<std::size_t>(&op - graph_.operators.data()), tensor,
                "is written, and lies on the state");
}

base::Status Walk::WriteOutput(std::size_t index, std::size_t which, const Range& scratch) {
  const Operator& op = graph_.operators[index];
  const std::int32_t tensor = op.outputs[which];
  const Tensor& info = graph_.tensor(tensor);
  if (info.type == Type::kResource || IsState(info)) {
    return {};
  }
  if (info.is_constant()) {
    return Refuse(index, tensor, "is written, but is a constant");
  }
  PINHOLE_ASSIGN(const Range range, RangeOf(tensor));
  PINHOLE_TRY(CheckPlaceOfOutput(op, tensor, range));
  if (range.Meets(scratch)) {
    return Refuse(index, tensor, "is written, and the scratch lies on it");
  }
  const bool in_resource = range.begin < plan_.state_bytes;
  std::size_t from = 0;
  for (std::int32_t touched = FindTouched(range, from); touched >= 0;
       touched = FindTouched(range, from)) {
    if (in_resource) {
      // Reading a resource where it lies writes nothing: who read it before may go on reading.
      ++from;
      continue;
    }
    if (Writes(op, touched) && touched != tensor) {
      return RefuseBoth(index, tensor, "and another output share bytes:", touched);
    }
    const bool same_place = intact_[from].range.begin == range.begin;
    if (Reads(op, touched) &&
        !(which == 0 && same_place && AllowsInPlace(op, demands_[index], touched))) {
      return RefuseBoth(index, tensor, "is written over what the operator reads:", touched);
    }
    Forget(touched);
  }
  Remember(tensor, range);
  return {};
}

// The resource changes: what was read in its place is no longer what was read.
base::Status Walk::Assign(std::size_t index) {
  const Operator& op = graph_.operators[index];
  const std::size_t resource = op.options<VariableOptions>().resource;
  const std::uint32_t begin = plan_.resource_offsets[resource];
  const Range range{begin, begin + model_.resources[resource].bytes};
  std::size_t from = 0;
  for (std::int32_t touched = FindTouched(range, from); touched >= 0;
       touched = FindTouched(range, from)) {
    if (Reads(op, touched)) {
      return Refuse(index, touched, "is assigned to the resource it lies in");
    }
    Forget(touched);
  }
  return {};
}

base::Status Walk::RunOperator(std::size_t index) {
  const Operator& op = graph_.operators[index];
  PINHOLE_TRY(CheckInputs(index));
  PINHOLE_ASSIGN(const Range scratch, WriteScratch(index));
  // Output 0 last: while it takes an input's place, the others must still see that input.
  for (std::size_t which = op.outputs.size(); which-- > 0;) {
    PINHOLE_TRY(WriteOutput(index, which, scratch));
  }
  return op.kind == OpKind::kAssignVariable ? Assign(index) : base::Status{};
}

base::Status Walk::CheckKept(std::span<const std::int32_t> tensors, const char* what) const {
  for (const std::int32_t tensor : tensors) {
    const Tensor& info = graph_.tensor(tensor);
    if (HasPlace(info) && !IsState(info) && !IsIntact(tensor)) {
      return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' ", what,
                       " '", info.name(), "' is not written, or written over before the end");
    }
  }
  return {};
}

base::Status Walk::Run(base::Arena& arena) {
  base::Arena::Scratch scratch(arena);
  PINHOLE_ASSIGN(intact_, scratch.Make<Intact>(graph_.tensors.size()));
  PINHOLE_ASSIGN(slot_, scratch.Make<std::uint32_t>(graph_.tensors.size()));
  std::fill(slot_.begin(), slot_.end(), kNone);
  PINHOLE_TRY(FillInputs());
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    PINHOLE_TRY(RunOperator(i));
  }
  PINHOLE_TRY(CheckKept(graph_.outputs, "output"));
  return CheckKept(taps_, "tap");
}

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
    misplaced_ = misplaced_ || offset % kAlignment != 0 ||
                 !base::InBounds(offset, bytes, plan_.state_bytes);
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
           (graph.state_offsets.empty() || graph.state_offsets.size() == operators);
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
