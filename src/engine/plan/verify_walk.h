// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: one graph walked as the run will walk it, with a record of whose bytes lie
// where. See verifier.h.
//
// Inside a group the record is of rows: of each tensor, which rows have been made and not been
// written over since. What is written takes with it the rows it hits and, for simplicity, all below
// them: rings and what is used up go from the first row to the last.

#include <cstdint>
#include <span>

#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

struct Range {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] bool Meets(const Range& other) const {
    return begin < other.end && other.begin < end;
  }
};

// What stays from run to run has no place in the walk: it lies apart from all that the walk moves.
inline bool IsState(const Tensor& tensor) { return tensor.is_variable && !tensor.is_constant(); }
inline bool HasPlace(const Tensor& tensor) {
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
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  struct Intact {
    Range range;
    std::int32_t tensor = 0;
    // Inside a group: rows [low, made) are there, row r at begin + r % held * row_bytes; held is 0
    // where the tensor has no rows.
    std::int32_t low = 0, made = 0, held = 0;
    std::uint32_t row_bytes = 0;

    [[nodiscard]] Range Row(std::int32_t row) const {
      const std::uint32_t at = range.begin + static_cast<std::uint32_t>(row % held) * row_bytes;
      return {at, at + row_bytes};
    }
    [[nodiscard]] std::int32_t HighestHit(const Range& written) const;
  };
  // One operator's rows while they are made.
  struct Step {
    std::uint32_t op = 0;
    std::int32_t begin = 0, end = 0;
  };

  base::Result<Range> RangeOf(std::int32_t tensor) const;
  base::Status FillInputs();
  base::Status RunOperator(std::size_t index);
  base::Status RunGroup(const RowGroup& group);
  base::Status CheckGroup(const RowGroup& group) const;
  base::Status RunStep(std::uint32_t op, std::int32_t begin, std::int32_t end);
  base::Status CheckRowsRead(std::uint32_t op, std::int32_t begin, std::int32_t end) const;
  base::Status WriteRows(std::uint32_t op, std::int32_t begin, std::int32_t end,
                         const Range& scratch);
  base::Status OverwriteRows(const Step& step, const Range& range, std::int32_t row);
  base::Status EndGroup(const RowGroup& group);
  base::Status CheckInputs(std::size_t index) const;
  base::Result<Range> RangeOfScratch(std::size_t index) const;
  base::Result<Range> WriteScratch(std::size_t index);
  base::Status WriteOutput(std::size_t index, std::size_t which, const Range& scratch);
  base::Status CheckPlaceOfOutput(const Operator& op, std::int32_t tensor,
                                  const Range& range) const;
  base::Status Assign(std::size_t index);
  base::Status CheckKept(std::span<const std::int32_t> tensors, const char* what) const;

  [[nodiscard]] bool IsIntact(std::int32_t tensor) const {
    return slot_[static_cast<std::size_t>(tensor)] != kNone;
  }
  // An intact tensor whose bytes `range` touches, -1 where there is none; search from
  // intact_[from].
  [[nodiscard]] std::int32_t FindTouched(const Range& range, std::size_t& from) const;
  void Remember(std::int32_t tensor, const Range& range);
  void Forget(std::int32_t tensor);
  base::Unexpected Refuse(std::size_t op, std::int32_t tensor, const char* what) const;
  base::Unexpected RefuseBoth(std::size_t op, std::int32_t tensor, const char* what,
                              std::int32_t other) const;

  const Plan& plan_;
  const GraphPlan& graph_plan_;
  const format::Model& model_;
  const Graph& graph_;
  std::span<const OpDemand> demands_;
  std::span<const std::int32_t> taps_;
  base::Diagnosis& why_;
  std::span<Intact> intact_;       // tensors whose bytes are as written; the first count_
  std::span<std::uint32_t> slot_;  // per tensor: its index in intact_, or kNone
  std::size_t count_ = 0;
};

// True where the kernel lets output 0 lie on `tensor` wherever the operator reads it.
bool AllowsInPlace(const Operator& op, const OpDemand& demand, std::int32_t tensor);
bool Reads(const Operator& op, std::int32_t tensor);

}  // namespace pinhole::engine::plan
