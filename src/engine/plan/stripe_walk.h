// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps of a row group, in the order in which they run.
//
//   StripeWalk walk(graph, group);
//   for (StripeWalk::Step step; walk.Next(step);) { rows [step.begin, step.end) of operator step.op
//   }
//
// A turn makes the next rows of the last operator. Looking back from there, each operator in front
// makes as many rows as those behind it read for theirs, less what it has made in turns before; so
// an operator has at most one step in a turn, steps go in the graph's order, and what a step reads
// has been made. The last turn makes all that is left of every operator. Over the walk each
// operator's rows are made once, from the first to the last.
//
// Bounded memory: two numbers for each of at most kMaxGroupOperators operators. Cost of a turn: for
// each operator a look for the operators in front that make its inputs.

#include <array>
#include <cstdint>

#include "engine/plan/plan.h"
#include "engine/tensor/graph.h"

namespace pinhole::engine::plan {

class StripeWalk {
 public:
  struct Step {
    std::uint32_t op = 0;  // of the graph
    std::int32_t begin = 0, end = 0;
  };

  // The group is one of a verified plan, or has been checked for as much: at most
  // kMaxGroupOperators operators with one output each and windows. Both must outlive the walk.
  StripeWalk(const Graph& graph, const RowGroup& group);

  // False when all has been made.
  bool Next(Step& step);
  // True where the step that Next has just given begins a turn.
  [[nodiscard]] bool turn_began() const { return turn_began_; }

  // The operator of the group in front of operator `op` that makes `tensor`, as a position in the
  // group; -1 where there is none.
  static int ProducerOf(const Graph& graph, const RowGroup& group, std::uint32_t op,
                        std::int32_t tensor);
  static std::int32_t RowsOf(const Graph& graph, std::uint32_t op) {
    return graph.tensor(graph.operators[op].outputs[0]).shape.dim(1);
  }

 private:
  bool BeginTurn();

  const Graph& graph_;
  const RowGroup& group_;
  std::uint32_t count_;
  std::uint32_t next_;  // position in the group
  bool turn_began_ = false;
  std::array<std::int32_t, kMaxGroupOperators> made_{}, wanted_{};
};

}  // namespace pinhole::engine::plan
