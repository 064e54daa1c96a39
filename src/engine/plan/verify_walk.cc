// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/verify_walk.h"

#include <algorithm>

#include "base/checked.h"

namespace pinhole::engine::plan {

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
  const std::uint32_t held = graph_plan_.held(static_cast<std::size_t>(tensor));
  const Tensor& info = graph_.tensor(tensor);
  const std::uint32_t bytes =
      held > 0 ? held * (info.bytes / static_cast<std::uint32_t>(info.shape.dim(1))) : info.bytes;
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
  intact_[count_++] = {range, tensor, 0, 0, 0, 0};
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
static bool Writes(const Operator& op, std::int32_t tensor) {
  return std::find(op.outputs.begin(), op.outputs.end(), tensor) != op.outputs.end();
}

bool AllowsInPlace(const Operator& op, const OpDemand& demand, std::int32_t tensor) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == tensor && (i > 7 || (demand.in_place_inputs & (1U << i)) == 0)) {
      return false;
    }
  }
  return true;
}

// Where an operator's scratch lies; empty where it wants none.
base::Result<Range> Walk::RangeOfScratch(std::size_t index) const {
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
  return Range{offset, offset + bytes};
}

base::Result<Range> Walk::WriteScratch(std::size_t index) {
  PINHOLE_ASSIGN(const Range range, RangeOfScratch(index));
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
  if (graph_plan_.held(static_cast<std::size_t>(tensor)) > 0) {
    return Refuse(index, tensor, "is written as a whole, but only some of its rows have a place");
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
  std::span<const RowGroup> groups = graph_plan_.groups;
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    if (!groups.empty() && groups.front().first == i) {
      PINHOLE_TRY(RunGroup(groups.front()));
      i = groups.front().last;
      groups = groups.subspan(1);
    } else {
      PINHOLE_TRY(RunOperator(i));
    }
  }
  PINHOLE_TRY(CheckKept(graph_.outputs, "output"));
  return CheckKept(taps_, "tap");
}

}  // namespace pinhole::engine::plan
