// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/stripe_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/plan/random_model.h"

namespace pinhole::engine::plan {
namespace {

// A chain of operators over pictures of one column: tensor i is read by operator i.
struct Chain {
  Chain(std::vector<std::int32_t> rows, std::vector<RowWindow> given) : windows(std::move(given)) {
    for (const std::int32_t count : rows) {
      tensors.emplace_back().shape = {1, count, 1, 1};
      tensors.back().bytes = static_cast<std::uint32_t>(count);
      indices.push_back(static_cast<std::int32_t>(indices.size()));
    }
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      Operator& op = operators.emplace_back();
      op.inputs = std::span(indices).subspan(i, 1);
      op.outputs = std::span(indices).subspan(i + 1, 1);
    }
    graph.tensors = tensors;
    graph.operators = operators;
  }
  // "op:begin-end" for each step; '|' before each turn.
  std::string Steps(std::int32_t rows_per_turn) {
    const RowGroup group{0, static_cast<std::uint32_t>(operators.size()) - 1, rows_per_turn,
                         windows};
    std::string all;
    StripeWalk walk(graph, group);
    for (StripeWalk::Step step; walk.Next(step);) {
      all += (walk.turn_began() ? "|" : " ") + std::to_string(step.op) + ":" +
             std::to_string(step.begin) + "-" + std::to_string(step.end);
    }
    return all;
  }
  std::vector<std::int32_t> indices;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<RowWindow> windows;
  Graph graph;
};

TEST(StripeWalk, MakesWhatTheNextRowNeedsAndKeepsTheOverlap) {
  // A window of three rows with stride two, then one row of three with padding.
  Chain chain({9, 4, 4}, {{3, 2, 0}, {3, 1, 1}});
  EXPECT_EQ(chain.Steps(1), "|0:0-2 1:0-1|0:2-3 1:1-2|0:3-4 1:2-3|1:3-4");
  EXPECT_EQ(chain.Steps(2), "|0:0-3 1:0-2|0:3-4 1:2-4");
  EXPECT_EQ(chain.Steps(4), "|0:0-4 1:0-4");
  EXPECT_EQ(chain.Steps(1000000), "|0:0-4 1:0-4");
}

TEST(StripeWalk, TheLastTurnMakesWhatNobodyNeeded) {
  // One row of three is read; the last two by nobody.
  Chain chain({6, 6, 2}, {RowWindow::Same(), {1, 3, 0}});
  EXPECT_EQ(chain.Steps(1), "|0:0-1 1:0-1|0:1-6 1:1-2");
}

TEST(StripeWalk, AnOperatorThatIsAheadHasNoStep) {
  // Every row of the result needs all rows in front.
  Chain chain({3, 3, 2}, {RowWindow::Same(), {6, 1, 3}});
  EXPECT_EQ(chain.Steps(1), "|0:0-3 1:0-1|1:1-2");
}

// Whatever the model: each operator's rows once and in order, and nothing read that is not made.
TEST(StripeWalk, MakesEveryRowOnceAndAfterWhatItNeeds) {
  int walked = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    RandomModel model(seed, {.operators = 12, .once_graphs = 0, .pictures = 100});
    const Graph& graph = model.request().model->graphs[0];
    const std::span<const OpDemand> demands = model.request().demands[0];
    std::vector<RowWindow> windows;
    for (const OpDemand& demand : demands) {
      if (!demand.rows.by_rows()) {
        break;
      }
      windows.push_back(demand.rows);
    }
    if (windows.empty()) {
      continue;
    }
    ++walked;
    for (std::int32_t rows_per_turn = 1; rows_per_turn < 5; ++rows_per_turn) {
      const RowGroup group{0, static_cast<std::uint32_t>(windows.size()) - 1, rows_per_turn,
                           windows};
      std::vector<std::int32_t> made(graph.tensors.size(), 1 << 20);
      for (std::size_t i = 0; i < windows.size(); ++i) {
        made[graph.operators[i].outputs[0]] = 0;
      }
      StripeWalk walk(graph, group);
      for (StripeWalk::Step step; walk.Next(step);) {
        const Operator& op = graph.operators[step.op];
        ASSERT_EQ(step.begin, made[op.outputs[0]]);
        ASSERT_GT(step.end, step.begin);
        for (const std::int32_t t : op.inputs) {
          if (!graph.tensor(t).is_constant()) {
            ASSERT_LE(windows[step.op].End(step.end - 1, graph.tensor(t).shape.dim(1)), made[t]);
          }
        }
        made[op.outputs[0]] = step.end;
      }
      for (std::size_t i = 0; i < windows.size(); ++i) {
        ASSERT_EQ(made[graph.operators[i].outputs[0]],
                  StripeWalk::RowsOf(graph, static_cast<std::uint32_t>(i)));
      }
    }
  }
  EXPECT_GT(walked, 300);
}

}  // namespace
}  // namespace pinhole::engine::plan
