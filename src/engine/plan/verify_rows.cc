// SPDX-License-Identifier: Apache-2.0
// The groups of a plan, step by step: which steps there are the run's own walk says, whether they
// are right is found out here from the kernels' windows.
#include <algorithm>

#include "engine/plan/stripe_walk.h"
#include "engine/plan/verify_walk.h"

namespace pinhole::engine::plan {

namespace {

bool IsOnePicture(const Tensor& tensor) {
  return tensor.shape.rank() == 4 && tensor.shape.dim(0) == 1;
}

}  // namespace

// The highest of the intact rows that `written` touches; -1 where it touches none. Both meet.
std::int32_t Walk::Intact::HighestHit(const Range& written) const {
  const auto slot_of = [this](std::uint32_t byte) {
    return static_cast<std::int32_t>((byte - range.begin) / row_bytes);
  };
  const std::int32_t lowest = slot_of(std::max(written.begin, range.begin));
  const std::int32_t highest = slot_of(std::min(written.end, range.end) - 1);
  // Down from the row made last, once around the ring.
  const std::int32_t top = made - 1;
  const std::int32_t slot = made > 0 ? top % held : 0;
  std::int32_t hit = top;
  if (slot > highest) {
    hit = top - (slot - highest);
  } else if (slot < lowest) {
    hit = top - (slot + held - highest);
  }
  return hit >= low ? hit : -1;
}

// Only operators that can run by rows, each with one output that somebody but the state holds.
base::Status Walk::CheckGroup(const RowGroup& group) const {
  for (std::uint32_t i = group.first; i <= group.last; ++i) {
    const Operator& op = graph_.operators[i];
    bool fits = demands_[i].rows.by_rows() && op.outputs.size() == 1;
    for (std::size_t k = 0; fits && k < op.inputs.size(); ++k) {
      fits = op.inputs[k] < 0 || graph_.tensor(op.inputs[k]).is_constant() ||
             IsOnePicture(graph_.tensor(op.inputs[k]));
    }
    if (fits) {
      const Tensor& out = graph_.tensor(op.outputs[0]);
      fits = IsOnePicture(out) && HasPlace(out) && !IsState(out) &&
             graph_plan_.held(static_cast<std::size_t>(op.outputs[0])) <=
                 static_cast<std::uint32_t>(out.shape.dim(1));
    }
    if (!fits) {
      return why_.Fail(base::Error::kInternal, "memory plan: graph '", graph_.name(), "' operator ",
                       i, " ", OpName(op.kind), " is in a group, but cannot run by rows");
    }
  }
  return {};
}

base::Status Walk::CheckRowsRead(std::uint32_t op, std::int32_t begin, std::int32_t end) const {
  const RowWindow& window = demands_[op].rows;
  for (const std::int32_t tensor : graph_.operators[op].inputs) {
    if (tensor < 0 || !HasPlace(graph_.tensor(tensor)) || IsState(graph_.tensor(tensor))) {
      continue;
    }
    if (!IsIntact(tensor)) {
      return Refuse(op, tensor, "is read, but not written before or written over");
    }
    const Intact& there = intact_[slot_[static_cast<std::size_t>(tensor)]];
    const std::int32_t rows = graph_.tensor(tensor).shape.dim(1);
    const std::int32_t first = window.Begin(begin, rows);
    const std::int32_t behind = window.End(end - 1, rows);
    if (first < behind && (first < there.low || behind > there.made)) {
      return Refuse(op, tensor, "lacks a row that is read: not made yet, or written over");
    }
  }
  return {};
}

// `range` is written in `step`: row `row` of the output, or scratch where that is -1.
base::Status Walk::OverwriteRows(const Step& step, const Range& range, std::int32_t row) {
  const Operator& op = graph_.operators[step.op];
  const RowWindow& window = demands_[step.op].rows;
  for (std::size_t i = count_; i-- > 0;) {
    Intact& there = intact_[i];
    if (!there.range.Meets(range) || there.tensor == op.outputs[0]) {
      continue;
    }
    if (there.held == 0) {  // nobody in the group reads it
      Forget(there.tensor);
      continue;
    }
    const std::int32_t hit = there.HighestHit(range);
    if (hit < 0) {
      continue;
    }
    const std::int32_t rows = graph_.tensor(there.tensor).shape.dim(1);
    if (Reads(op, there.tensor) && hit >= window.Begin(step.begin, rows)) {
      const Range lies = there.Row(hit);
      const bool in_place = hit == row && lies.begin == range.begin && lies.end == range.end &&
                            window == RowWindow::Same() &&
                            AllowsInPlace(op, demands_[step.op], there.tensor);
      if (!in_place) {
        return row < 0 ? Refuse(step.op, there.tensor, "is read, and the scratch lies on it")
                       : RefuseBoth(step.op, op.outputs[0],
                                    "is written over what the operator reads:", there.tensor);
      }
    }
    there.low = hit + 1;
  }
  return {};
}

base::Status Walk::WriteRows(std::uint32_t op, std::int32_t begin, std::int32_t end,
                             const Range& scratch) {
  const std::int32_t tensor = graph_.operators[op].outputs[0];
  if (!IsIntact(tensor) || begin == 0) {
    PINHOLE_ASSIGN(const Range range, RangeOf(tensor));
    PINHOLE_TRY(CheckPlaceOfOutput(graph_.operators[op], tensor, range));
    Remember(tensor, range);
    Intact& made = intact_[slot_[static_cast<std::size_t>(tensor)]];
    const Tensor& info = graph_.tensor(tensor);
    const std::uint32_t held = graph_plan_.held(static_cast<std::size_t>(tensor));
    made.held = held > 0 ? static_cast<std::int32_t>(held) : info.shape.dim(1);
    made.row_bytes = info.bytes / static_cast<std::uint32_t>(info.shape.dim(1));
  }
  const std::size_t slot = slot_[static_cast<std::size_t>(tensor)];
  if (intact_[slot].made != begin || end > graph_.tensor(tensor).shape.dim(1)) {
    return Refuse(op, tensor, "has rows that are made twice, or left out");
  }
  if (end - begin > intact_[slot].held) {
    return Refuse(op, tensor, "is written over itself: more rows at once than have a place");
  }
  for (std::int32_t row = begin; row < end; ++row) {
    const Range range = intact_[slot_[static_cast<std::size_t>(tensor)]].Row(row);
    if (range.Meets(scratch)) {
      return Refuse(op, tensor, "is written, and the scratch lies on it");
    }
    PINHOLE_TRY(OverwriteRows({op, begin, end}, range, row));
  }
  Intact& made = intact_[slot_[static_cast<std::size_t>(tensor)]];
  made.made = end;
  made.low = std::max(made.low, end - made.held);
  return {};
}

base::Status Walk::RunStep(std::uint32_t op, std::int32_t begin, std::int32_t end) {
  PINHOLE_TRY(CheckRowsRead(op, begin, end));
  PINHOLE_ASSIGN(const Range scratch, RangeOfScratch(op));
  if (scratch.begin < scratch.end) {
    PINHOLE_TRY(OverwriteRows({op, begin, end}, scratch, -1));
    // Of the output, too, what was made before may be lost.
    const std::int32_t tensor = graph_.operators[op].outputs[0];
    if (begin > 0 && IsIntact(tensor)) {
      Intact& made = intact_[slot_[static_cast<std::size_t>(tensor)]];
      if (made.range.Meets(scratch)) {
        made.low = std::max(made.low, made.HighestHit(scratch) + 1);
      }
    }
  }
  return WriteRows(op, begin, end, scratch);
}

// What was made is there as a whole, or was read inside the group only.
base::Status Walk::EndGroup(const RowGroup& group) {
  for (std::uint32_t i = group.first; i <= group.last; ++i) {
    const std::int32_t tensor = graph_.operators[i].outputs[0];
    if (!IsIntact(tensor) || intact_[slot_[static_cast<std::size_t>(tensor)]].made !=
                                 graph_.tensor(tensor).shape.dim(1)) {
      return Refuse(i, tensor, "has rows that nobody makes");
    }
  }
  for (std::size_t i = count_; i-- > 0;) {
    Intact& there = intact_[i];
    const bool lost =
        there.held > 0 && (there.low > 0 || there.held < graph_.tensor(there.tensor).shape.dim(1));
    there.held = 0;
    if (lost) {
      Forget(there.tensor);
    }
  }
  return {};
}

base::Status Walk::RunGroup(const RowGroup& group) {
  PINHOLE_TRY(CheckGroup(group));
  for (std::uint32_t i = group.first; i <= group.last; ++i) {
    for (const std::int32_t tensor : graph_.operators[i].inputs) {
      if (tensor >= 0 && IsIntact(tensor)) {
        Intact& there = intact_[slot_[static_cast<std::size_t>(tensor)]];
        const Tensor& info = graph_.tensor(tensor);
        there.low = 0;
        there.made = there.held = info.shape.dim(1);
        there.row_bytes = info.bytes / static_cast<std::uint32_t>(info.shape.dim(1));
      }
    }
  }
  StripeWalk walk(graph_, group);
  for (StripeWalk::Step step; walk.Next(step);) {
    PINHOLE_TRY(RunStep(step.op, step.begin, step.end));
  }
  return EndGroup(group);
}

}  // namespace pinhole::engine::plan
