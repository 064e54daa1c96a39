// SPDX-License-Identifier: Apache-2.0
// Laws: whatever the model, its plan passes the verifier, a run by it reads what was written, and
// its size lies between the lower bound and the sum of all sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "engine/plan/random_model.h"
#include "engine/plan/verifier.h"

namespace pinhole::engine::plan {
namespace {

using ::testing::HasSubstr;

// A plan and the memory it lies in.
struct Made {
  explicit Made(const Request& request, std::size_t memory = std::size_t{1} << 20)
      : bytes(memory), arena(bytes), plan(MakePlan(request, arena, why)) {}

  std::vector<std::byte> bytes;
  base::Arena arena;
  base::Diagnosis why;
  base::Result<Plan> plan;
};

std::uint64_t SumOfAll(const Request& request) {
  const auto aligned = [](std::uint64_t bytes) { return (bytes + 15) / 16 * 16; };
  std::uint64_t sum = 0;
  for (const Resource& resource : request.model->resources) {
    sum += aligned(resource.bytes);
  }
  for (std::size_t g = 0; g < request.model->graphs.size(); ++g) {
    for (const Tensor& tensor : request.model->graphs[g].tensors) {
      sum += tensor.is_constant() ? 0 : aligned(tensor.bytes);
    }
    for (const OpDemand& demand : request.demands[g]) {
      sum += aligned(demand.scratch_bytes) + aligned(demand.state_bytes);
    }
  }
  return sum;
}

TEST(MakePlan, EveryRandomModelGetsASoundPlan) {
  int at_bound = 0;
  double excess = 0;
  constexpr int kModels = 3000;
  for (std::uint32_t seed = 1; seed <= kModels; ++seed) {
    SCOPED_TRACE(seed);
    RandomModel model(seed, {.operators = 2 + static_cast<int>(seed % 30)});
    model.request().effort = seed % 4 == 0 ? Effort::kQuick : Effort::kThorough;
    Made made(model.request());
    ASSERT_TRUE(made.plan) << made.why.text();
    const Plan& plan = *made.plan;
    ASSERT_TRUE(VerifyPlan(model.request(), plan, made.arena, made.why)) << made.why.text();
    ASSERT_EQ(TaggedRun(model.request(), plan).Run(), "");
    ASSERT_GE(plan.arena_bytes, plan.lower_bound_bytes);
    ASSERT_LE(plan.arena_bytes, SumOfAll(model.request()));
    ASSERT_EQ(plan.arena_bytes % kAlignment, 0U);
    if (seed % 4 != 0) {
      at_bound += plan.arena_bytes == plan.lower_bound_bytes ? 1 : 0;
      excess +=
          plan.lower_bound_bytes == 0 ? 0 : 1.0 * plan.arena_bytes / plan.lower_bound_bytes - 1;
    }
  }
  constexpr double kSearched = kModels * 0.75;
  RecordProperty("at_lower_bound", at_bound);
  std::printf("%d of %.0f plans meet the lower bound, mean excess %.3f %%\n", at_bound, kSearched,
              100 * excess / kSearched);
  EXPECT_GE(at_bound, 0.97 * kSearched);
  EXPECT_LE(excess / kSearched, 0.002);
}

TEST(MakePlan, EveryRandomModelGetsSoundGroups) {
  int with_groups = 0;
  int rings = 0;
  double ratio = 0;
  constexpr int kModels = 1500;
  for (std::uint32_t seed = 1; seed <= kModels; ++seed) {
    SCOPED_TRACE(seed);
    RandomModel model(seed, {.operators = 2 + static_cast<int>(seed % 30),
                             .max_bytes = 200,
                             .pictures = seed % 3 == 0 ? 50 : 90,
                             .max_rows = seed % 5 == 0 ? 40 : 12});
    model.request().effort = seed % 4 == 0 ? Effort::kQuick : Effort::kThorough;
    model.request().objective = Objective::kWhole;
    Made whole(model.request());
    ASSERT_TRUE(whole.plan) << whole.why.text();
    ASSERT_TRUE(whole.plan->graphs[0].groups.empty() && whole.plan->graphs[0].held_rows.empty());
    model.request().objective = Objective::kSmallest;
    Made made(model.request());
    ASSERT_TRUE(made.plan) << made.why.text();
    const Plan& plan = *made.plan;
    ASSERT_TRUE(VerifyPlan(model.request(), plan, made.arena, made.why)) << made.why.text();
    ASSERT_EQ(TaggedRun(model.request(), plan).Run(), "");
    ASSERT_LE(plan.arena_bytes, whole.plan->arena_bytes);
    ASSERT_GE(plan.arena_bytes, plan.lower_bound_bytes);
    with_groups += plan.graphs[0].groups.empty() ? 0 : 1;
    for (const std::uint16_t held : plan.graphs[0].held_rows) {
      rings += held > 0 ? 1 : 0;
    }
    ratio += whole.plan->arena_bytes == 0 ? 1.0 : 1.0 * plan.arena_bytes / whole.plan->arena_bytes;
  }
  std::printf("%d of %d plans have groups, %d rings; the mean arena is %.1f %% of the whole one\n",
              with_groups, kModels, rings, 100 * ratio / kModels);
  EXPECT_GT(with_groups, kModels / 3);
  EXPECT_GT(rings, kModels / 2);
}

TEST(MakePlan, SearchIsNeverWorseThanQuick) {
  std::uint64_t quick_sum = 0;
  std::uint64_t thorough_sum = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    RandomModel model(seed, {.operators = 60});
    model.request().effort = Effort::kQuick;
    Made quick(model.request());
    model.request().effort = Effort::kThorough;
    Made thorough(model.request());
    ASSERT_TRUE(quick.plan && thorough.plan);
    EXPECT_LE(thorough.plan->arena_bytes, quick.plan->arena_bytes) << seed;
    quick_sum += quick.plan->arena_bytes;
    thorough_sum += thorough.plan->arena_bytes;
  }
  EXPECT_LT(thorough_sum, quick_sum);
}

TEST(MakePlan, SameRequestSamePlan) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    RandomModel model(seed, {.operators = 40});
    Made one(model.request());
    Made two(model.request());
    ASSERT_TRUE(one.plan && two.plan);
    for (std::size_t g = 0; g < one.plan->graphs.size(); ++g) {
      EXPECT_TRUE(std::equal(one.plan->graphs[g].tensor_offsets.begin(),
                             one.plan->graphs[g].tensor_offsets.end(),
                             two.plan->graphs[g].tensor_offsets.begin()));
    }
  }
}

TEST(MakePlan, TwoHundredOperatorsTakeMilliseconds) {
  RandomModel model(7, {.operators = 400, .max_bytes = 100000});
  const auto begin = std::chrono::steady_clock::now();
  Made made(model.request(), std::size_t{4} << 20);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(made.plan) << made.why.text();
  std::printf("%zu operators: %.1f ms, %u bytes, lower bound %u\n",
              model.request().model->graphs[0].operators.size(), took.count(),
              made.plan->arena_bytes, made.plan->lower_bound_bytes);
  EXPECT_LT(took.count(), 2000);  // 50 ms on an idle PC; sanitizers and busy machines take longer
}

TEST(MakePlan, SaysWhenTheModelArenaIsTooSmall) {
  RandomModel model(3, {.operators = 30});
  Made whole(model.request());
  ASSERT_TRUE(whole.plan);
  // Every size that is too small is refused, from nothing up to the first that is enough.
  std::size_t refused = 0;
  std::size_t memory = 0;
  for (;; memory += 16) {
    Made made(model.request(), memory);
    if (made.plan) {
      break;
    }
    ASSERT_EQ(made.plan.error(), base::Error::kOutOfMemory);
    ASSERT_THAT(made.why.text(), HasSubstr("too small to plan"));
    ++refused;
  }
  EXPECT_GT(refused, 10U);
  EXPECT_LE(memory, whole.arena.high_water() + 64);
}

// A hand-made graph: sizes in bytes, operators as {inputs, outputs, mask}.
struct Line {
  std::vector<std::int32_t> inputs, outputs;
  std::uint8_t mask = 0;
  OpKind kind = OpKind::kAdd;
  std::uint16_t resource = 0;
  std::uint32_t scratch = 0;
  RowWindow rows = {};
};
struct HandMade {
  HandMade(const std::vector<std::uint32_t>& sizes, std::vector<Line> given,
           std::vector<std::int32_t> in, std::vector<std::int32_t> out,
           const std::vector<std::uint32_t>& resource_bytes = {})
      : lines(std::move(given)), inputs(std::move(in)), outputs(std::move(out)) {
    for (const std::uint32_t size : sizes) {
      tensors.emplace_back().bytes = size;
      tensors.back().type = size == 0 ? Type::kResource : Type::kInt8;
    }
    for (const Line& line : lines) {
      Operator& op = operators.emplace_back();
      op.kind = line.kind;
      op.inputs = line.inputs;
      op.outputs = line.outputs;
      op.attributes = VariableOptions{line.resource};
      demands.push_back({line.scratch, 0, line.mask, line.rows});
    }
    for (const std::uint32_t bytes : resource_bytes) {
      resources.push_back({"r", bytes});
    }
    graph.tensors = tensors;
    graph.operators = operators;
    graph.inputs = inputs;
    graph.outputs = outputs;
    model.graphs = {&graph, 1};
    model.resources = resources;
    demand_list = demands;
    request.model = &model;
    request.demands = {&demand_list, 1};
  }
  Plan Make() {
    made.emplace_back(request);
    EXPECT_TRUE(made.back().plan) << made.back().why.text();
    EXPECT_TRUE(VerifyPlan(request, *made.back().plan, made.back().arena, made.back().why))
        << made.back().why.text();
    EXPECT_EQ(TaggedRun(request, *made.back().plan).Run(), "");
    return *made.back().plan;
  }

  std::vector<Line> lines;
  std::vector<std::int32_t> inputs, outputs;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<OpDemand> demands;
  std::vector<Resource> resources;
  Graph graph;
  format::Model model;
  std::span<const OpDemand> demand_list;
  Request request;
  std::deque<Made> made;
};

TEST(MakePlan, ChainInPlaceNeedsOneBuffer) {
  HandMade chain({64, 64, 64, 64}, {{{0}, {1}, 1}, {{1}, {2}, 1}, {{2}, {3}, 1}}, {0}, {3});
  EXPECT_EQ(chain.Make().arena_bytes, 64U);
}

TEST(MakePlan, ChainWithoutPermissionNeedsTwo) {
  HandMade chain({64, 64, 64, 64}, {{{0}, {1}}, {{1}, {2}}, {{2}, {3}}}, {0}, {3});
  EXPECT_EQ(chain.Make().arena_bytes, 128U);
}

TEST(MakePlan, InPlaceGivesBackWhatTheSmallerOutputDoesNotNeed) {
  // 160 shrink to 16 in place; then 160 more are needed beside the 16: not 320.
  HandMade shrink({160, 16, 160, 16}, {{{0}, {1}, 1}, {{1}, {2}}, {{1, 2}, {3}, 3}}, {0}, {3});
  EXPECT_EQ(shrink.Make().arena_bytes, 176U);
}

TEST(MakePlan, NoInPlaceOverWhatIsReadLater) {
  HandMade later({64, 64, 64}, {{{0}, {1}, 1}, {{0, 1}, {2}, 0}}, {0}, {2});
  const Plan plan = later.Make();
  EXPECT_NE(plan.graphs[0].tensor_offsets[0], plan.graphs[0].tensor_offsets[1]);
  EXPECT_EQ(plan.arena_bytes, 192U);
}

TEST(MakePlan, NoInPlaceOverOutputsAndTaps) {
  HandMade output({64, 64, 64}, {{{0}, {1}, 1}, {{1}, {2}, 1}}, {0}, {1, 2});
  EXPECT_EQ(output.Make().arena_bytes, 128U);
  HandMade tapped({64, 64, 64}, {{{0}, {1}, 1}, {{1}, {2}, 1}}, {0}, {2});
  EXPECT_EQ(tapped.Make().arena_bytes, 64U);
  const std::vector<std::int32_t> taps{0, 1};
  tapped.request.taps = taps;
  EXPECT_EQ(tapped.Make().arena_bytes, 192U);
}

TEST(MakePlan, SumWithItselfIsInPlaceOnlyIfBothInputsMayBe) {
  HandMade both({64, 64}, {{{0, 0}, {1}, 3}}, {0}, {1});
  EXPECT_EQ(both.Make().arena_bytes, 64U);
  HandMade one({64, 64}, {{{0, 0}, {1}, 1}}, {0}, {1});
  EXPECT_EQ(one.Make().arena_bytes, 128U);
}

TEST(MakePlan, NoInPlaceOverConstantsAndVariables) {
  HandMade state({64, 64, 64}, {{{0, 1}, {2}, 3}}, {}, {2});
  std::byte constant{};
  state.tensors[0].data = &constant;
  state.tensors[1].is_variable = true;
  const Plan plan = state.Make();
  EXPECT_EQ(plan.state_bytes, 64U);
  EXPECT_EQ(plan.arena_bytes, 128U);
  EXPECT_EQ(plan.graphs[0].tensor_offsets[0], kNowhere);
}

TEST(MakePlan, ScratchLivesDuringItsOperatorOnly) {
  HandMade scratch(
      {16, 16, 16, 16},
      {{{0}, {1}, 0, OpKind::kAdd, 0, 96}, {{1}, {2}}, {{2}, {3}, 0, OpKind::kAdd, 0, 96}}, {0},
      {3});
  EXPECT_EQ(scratch.Make().arena_bytes, 128U);
}

// Tensors: 0 handle, 1 what is read, 2 the input, 3 their sum, 4 the output.
HandMade Streaming(bool assign_before_last_read) {
  std::vector<Line> lines{{{0}, {1}, 0, OpKind::kReadVariable}, {{1, 2}, {3}}};
  lines.push_back({{0, 3}, {}, 0, OpKind::kAssignVariable});
  lines.push_back({{assign_before_last_read ? 1 : 3}, {4}});
  return {{0, 64, 64, 64, 64}, std::move(lines), {2}, {4}, {64}};
}

TEST(MakePlan, ReadVariableStaysInItsResource) {
  HandMade model = Streaming(false);
  const Plan plan = model.Make();
  EXPECT_EQ(plan.graphs[0].tensor_offsets[1], plan.resource_offsets[0]);
  EXPECT_EQ(plan.arena_bytes, 64U + 128U);
}

TEST(MakePlan, ReadVariableMovesOutWhenTheResourceChangesBeforeItsLastUse) {
  HandMade model = Streaming(true);
  const Plan plan = model.Make();
  EXPECT_GE(plan.graphs[0].tensor_offsets[1], plan.state_bytes);
}

TEST(MakePlan, ReadVariableIsNeverWrittenOverInPlace) {
  HandMade model({0, 64, 64}, {{{0}, {1}, 0, OpKind::kReadVariable}, {{1}, {2}, 1}}, {}, {2}, {64});
  const Plan plan = model.Make();
  EXPECT_EQ(plan.graphs[0].tensor_offsets[1], plan.resource_offsets[0]);
  EXPECT_GE(plan.graphs[0].tensor_offsets[2], plan.state_bytes);
}

TEST(MakePlan, ReadVariableAsOutputHasItsOwnPlace) {
  HandMade model({0, 64}, {{{0}, {1}, 0, OpKind::kReadVariable}}, {}, {1}, {64});
  EXPECT_GE(model.Make().graphs[0].tensor_offsets[1], 64U);
}

TEST(MakePlan, UntouchedTensorsHaveNoPlaceAndUnreadInputsDo) {
  HandMade model({32, 32, 32, 32}, {{{0}, {2}}}, {0, 1}, {2});
  const Plan plan = model.Make();
  EXPECT_EQ(plan.graphs[0].tensor_offsets[3], kNowhere);
  EXPECT_NE(plan.graphs[0].tensor_offsets[1], kNowhere);
  EXPECT_TRUE(plan.graphs[0].scratch_offsets.empty());
}

constexpr RowWindow kThree{3, 1, 1};  // a row and its neighbours

// Pictures of 8 rows of 16 bytes, but for the last tensor: 8 rows of one byte.
HandMade Pictures(std::vector<Line> lines, std::size_t tensors) {
  std::vector<std::uint32_t> sizes(tensors, 128);
  sizes.back() = 8;
  HandMade model(sizes, std::move(lines), {0}, {static_cast<std::int32_t>(tensors) - 1});
  for (Tensor& tensor : model.tensors) {
    tensor.shape = {1, 8, 1, static_cast<std::int32_t>(tensor.bytes / 8)};
  }
  return model;
}
Line ByRows(std::vector<std::int32_t> inputs, std::int32_t output, RowWindow rows,
            std::uint8_t mask = 0) {
  Line line{std::move(inputs), {output}, mask};
  line.rows = rows;
  return line;
}

TEST(RowGroups, HoldTheRowsOfAWindow) {
  HandMade model = Pictures({ByRows({0}, 1, RowWindow::Same()), ByRows({1}, 2, kThree)}, 3);
  const std::vector<std::int32_t> taps{0};  // stays: nothing may lie over it
  model.request.taps = taps;
  const Plan plan = model.Make();
  ASSERT_EQ(plan.graphs[0].groups.size(), 1U);
  EXPECT_EQ(plan.graphs[0].held(1), 3U);
  EXPECT_EQ(plan.graphs[0].held(2), 0U);
  EXPECT_EQ(plan.arena_bytes, 128U + 3 * 16 + 16);
  model.request.objective = Objective::kWhole;
  EXPECT_EQ(model.Make().arena_bytes, 128U + 128 + 16);
}

TEST(RowGroups, LieOverWhatTheyUseUp) {
  // Row r of tensor 1 may be written when row r of tensor 0 has been read before: one row below.
  HandMade model = Pictures({ByRows({0}, 1, RowWindow::Same()), ByRows({1}, 2, kThree)}, 3);
  const Plan plan = model.Make();
  EXPECT_EQ(plan.arena_bytes, 128U + 16);
  EXPECT_EQ(plan.graphs[0].tensor_offsets[1] + 16, plan.graphs[0].tensor_offsets[0]);
}

TEST(RowGroups, AResidualSumLiesOneRowBelowWhatItIsAddedTo) {
  // The next row of the window needs the row that the sum has just read.
  HandMade model =
      Pictures({ByRows({0}, 1, kThree), ByRows({0, 1}, 2, RowWindow::Same(), 3), {{2}, {3}}}, 4);
  const Plan plan = model.Make();
  EXPECT_EQ(plan.arena_bytes, 128U + 16 + 16);
  EXPECT_EQ(plan.graphs[0].held(1), 1U);
}

TEST(RowGroups, AResidualSumIsInPlaceWhereNoRowIsReadAgain) {
  HandMade model = Pictures(
      {ByRows({0}, 1, RowWindow::Same()), ByRows({0, 1}, 2, RowWindow::Same(), 3), {{2}, {3}}}, 4);
  const Plan plan = model.Make();
  EXPECT_EQ(plan.graphs[0].tensor_offsets[2], plan.graphs[0].tensor_offsets[0]);
  EXPECT_EQ(plan.arena_bytes, 128U + 16);
}

TEST(RowGroups, WhatIsTappedOrReadLaterIsWhole) {
  HandMade model =
      Pictures({ByRows({0}, 1, kThree), ByRows({1}, 2, kThree), ByRows({2}, 3, kThree)}, 4);
  const std::vector<std::int32_t> taps{1, 2};
  model.request.taps = taps;
  const Plan plan = model.Make();
  EXPECT_EQ(plan.graphs[0].held(1), 0U);
  EXPECT_EQ(plan.graphs[0].held(2), 0U);
  EXPECT_GE(plan.arena_bytes, 256U);
}

TEST(RowGroups, TurnsAreAsLargeAsTheMemoryAllows) {
  // Tensor 3 and its reader need 256 bytes whatever the group does: it may take all rows at once.
  HandMade model = Pictures({ByRows({0}, 1, RowWindow::Same()),
                             ByRows({1}, 2, kThree),
                             {{2}, {3}},
                             {{3}, {4}},
                             {{4}, {5}}},
                            6);
  model.tensors[2].bytes = 8;
  model.tensors[2].shape = {1, 8, 1, 1};
  model.tensors[0].bytes = model.tensors[1].bytes = 160;
  model.tensors[0].shape = model.tensors[1].shape = {1, 8, 1, 20};
  const Plan plan = model.Make();
  EXPECT_EQ(plan.arena_bytes, 256U);
  ASSERT_EQ(plan.graphs[0].groups.size(), 1U);
  EXPECT_GE(plan.graphs[0].groups[0].rows_per_turn, 2);
}

TEST(RowGroups, ThousandsOfTallOperatorsAreBoundedWork) {
  constexpr std::size_t kOperators = 3000;
  std::vector<Line> lines;
  for (std::size_t i = 0; i < kOperators; ++i) {
    const auto at = static_cast<std::int32_t>(i);
    lines.push_back(ByRows({at, at / 2}, at + 1, kThree));
  }
  HandMade model = Pictures(std::move(lines), kOperators + 1);
  for (const std::int32_t rows : {8, 1000, 60000}) {
    for (Tensor& tensor : model.tensors) {
      tensor.shape = {1, rows, 1, 16};
      tensor.bytes = static_cast<std::uint32_t>(rows) * 16;
    }
    Made made(model.request, std::size_t{8} << 20);
    ASSERT_TRUE(made.plan) << made.why.text();
    EXPECT_TRUE(VerifyPlan(model.request, *made.plan, made.arena, made.why)) << made.why.text();
  }
}

TEST(MakePlan, MoreThanTwoGigabytesAreTooLarge) {
  constexpr std::uint32_t kHuge = 0x60000000U;
  HandMade model({kHuge, kHuge}, {{{0}, {1}}}, {0}, {1});
  Made made(model.request);
  ASSERT_FALSE(made.plan);
  EXPECT_EQ(made.plan.error(), base::Error::kTooLarge);
  EXPECT_THAT(made.why.text(), HasSubstr("2 GiB"));
  HandMade state({0, 16}, {{{0}, {1}, 0, OpKind::kReadVariable}}, {}, {1}, {kHuge, kHuge});
  Made kept(state.request);
  ASSERT_FALSE(kept.plan);
  EXPECT_EQ(kept.plan.error(), base::Error::kTooLarge);
}

}  // namespace
}  // namespace pinhole::engine::plan
