// SPDX-License-Identifier: Apache-2.0
// The verifier must refuse every plan that does harm. Sound plans are spoilt at random; what the
// byte-wise run finds harmful, the verifier must have refused.
#include "engine/plan/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/plan/random_model.h"

namespace pinhole::engine::plan {
namespace {

using ::testing::HasSubstr;

// A plan whose tables may be written on.
struct Spoilt {
  explicit Spoilt(const Plan& plan) : whole(plan) {
    resources.assign(plan.resource_offsets.begin(), plan.resource_offsets.end());
    for (const GraphPlan& graph : plan.graphs) {
      const auto copy = [](std::span<const std::uint32_t> from) {
        return std::vector<std::uint32_t>(from.begin(), from.end());
      };
      tables.push_back(
          {copy(graph.tensor_offsets), copy(graph.scratch_offsets), copy(graph.state_offsets)});
      groups.emplace_back(graph.groups.begin(), graph.groups.end());
      held.emplace_back(graph.held_rows.begin(), graph.held_rows.end());
    }
    for (std::size_t g = 0; g < tables.size(); ++g) {
      graphs.push_back({tables[g][0], tables[g][1], tables[g][2], groups[g], held[g]});
    }
    whole.graphs = graphs;
    whole.resource_offsets = resources;
  }
  Spoilt(const Spoilt&) = delete;
  Spoilt& operator=(const Spoilt&) = delete;

  // All offsets that say something.
  std::vector<std::uint32_t*> Offsets() {
    std::vector<std::uint32_t*> all;
    for (auto& table : tables) {
      for (auto& column : table) {
        for (std::uint32_t& offset : column) {
          if (offset != kNowhere) {
            all.push_back(&offset);
          }
        }
      }
    }
    for (std::uint32_t& offset : resources) {
      all.push_back(&offset);
    }
    return all;
  }

  std::vector<std::array<std::vector<std::uint32_t>, 3>> tables;
  std::deque<std::vector<RowGroup>> groups;
  std::deque<std::vector<std::uint16_t>> held;
  std::vector<std::uint32_t> resources;
  std::vector<GraphPlan> graphs;
  Plan whole;
};

class Verifier : public ::testing::Test {
 protected:
  bool Accepts(const Request& request, const Plan& plan) {
    why_.Clear();
    const base::Status status = VerifyPlan(request, plan, arena_, why_);
    EXPECT_TRUE(status || status.error() == base::Error::kInternal);
    EXPECT_EQ(status.has_value(), why_.empty());
    return status.has_value();
  }

  std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{1} << 20);
  base::Arena arena_{memory_};
  base::Diagnosis why_;
};

TEST_F(Verifier, RefusesEverythingThatDoesHarm) {
  int harmful = 0;
  int harmless = 0;
  int refused_in_vain = 0;
  std::minstd_rand random(11);
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    RandomModel model(seed, {.operators = 3 + static_cast<int>(seed % 20)});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    for (int trial = 0; trial < 20; ++trial) {
      Spoilt spoilt(*plan);
      const std::vector<std::uint32_t*> offsets = spoilt.Offsets();
      if (offsets.empty()) {
        break;
      }
      std::uint32_t& offset = *offsets[random() % offsets.size()];
      switch (trial % 4) {
        case 0: offset = *offsets[random() % offsets.size()]; break;  // onto another
        case 1:
          offset = static_cast<std::uint32_t>(random() % (plan->arena_bytes / 16 + 2)) * 16;
          break;
        case 2: offset += 16; break;
        default: offset -= offset >= 16 ? 16 : 0; break;
      }
      const std::string harm = TaggedRun(model.request(), spoilt.whole).Run();
      const bool accepted = Accepts(model.request(), spoilt.whole);
      if (!harm.empty()) {
        ++harmful;
        ASSERT_FALSE(accepted) << harm;
      } else {
        ++harmless;
        refused_in_vain += accepted ? 0 : 1;
      }
    }
  }
  std::printf("%d harmful plans refused; %d harmless ones, %d of them refused\n", harmful, harmless,
              refused_in_vain);
  EXPECT_GT(harmful, 5000);
  EXPECT_GT(harmless - refused_in_vain, 1000);
}

// Moves a place, changes how many rows are held, how turns are made or who belongs to a group.
void SpoilGroups(Spoilt& spoilt, std::minstd_rand& random) {
  std::vector<std::uint16_t>& held = spoilt.held[0];
  std::vector<std::uint16_t*> rings;
  for (std::uint16_t& rows : held) {
    if (rows > 0) {
      rings.push_back(&rows);
    }
  }
  RowGroup& group = spoilt.groups[0][random() % spoilt.groups[0].size()];
  switch (random() % 8) {
    case 0: group.rows_per_turn += 1; return;
    case 1: group.rows_per_turn *= 2; return;
    case 2: group.rows_per_turn = std::max(1, group.rows_per_turn - 1); return;
    case 3:
      if (group.last > group.first) {
        --group.last;
        group.windows = group.windows.first(group.windows.size() - 1);
      }
      return;
    default:
      if (!rings.empty()) {
        std::uint16_t& rows = *rings[random() % rings.size()];
        rows = static_cast<std::uint16_t>(random() % 3 == 0 ? rows + 1 : rows - 1);
      }
      return;
  }
}

TEST_F(Verifier, RefusesEveryGroupThatDoesHarm) {
  int harmful = 0;
  int harmless = 0;
  int refused_in_vain = 0;
  int over = 0;
  std::minstd_rand random(12);
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE(seed);
    RandomModel model(
        seed, {.operators = 3 + static_cast<int>(seed % 20), .max_bytes = 200, .pictures = 80});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    if (plan->graphs[0].groups.empty()) {
      continue;
    }
    ++over;
    for (int trial = 0; trial < 30; ++trial) {
      Spoilt spoilt(*plan);
      if (trial % 2 == 0) {
        SpoilGroups(spoilt, random);
      } else {
        const std::vector<std::uint32_t*> offsets = spoilt.Offsets();
        std::uint32_t& offset = *offsets[random() % offsets.size()];
        switch (trial / 2 % 4) {
          case 0: offset = *offsets[random() % offsets.size()]; break;
          case 1:
            offset = static_cast<std::uint32_t>(random() % (plan->arena_bytes / 16 + 2)) * 16;
            break;
          case 2: offset += 16; break;
          default: offset -= offset >= 16 ? 16 : 0; break;
        }
      }
      const std::string harm = TaggedRun(model.request(), spoilt.whole).Run();
      const bool accepted = Accepts(model.request(), spoilt.whole);
      if (!harm.empty()) {
        ++harmful;
        ASSERT_FALSE(accepted) << harm;
      } else {
        ++harmless;
        refused_in_vain += accepted ? 0 : 1;
      }
    }
  }
  std::printf(
      "%d plans with groups: %d harmful changes refused; %d harmless ones, %d of them "
      "refused\n",
      over, harmful, harmless, refused_in_vain);
  EXPECT_GT(over, 200);
  EXPECT_GT(harmful, 3000);
  EXPECT_GT(harmless - refused_in_vain, 500);
}

TEST_F(Verifier, RefusesGroupsThatDoNotFitTheModel) {
  int tried = 0;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    RandomModel model(seed, {.operators = 20, .pictures = 80});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    if (plan->graphs[0].groups.empty()) {
      continue;
    }
    ++tried;
    const auto refuses = [&](const auto& spoil) {
      Spoilt spoilt(*plan);
      spoil(spoilt.graphs[0], spoilt.groups[0][0], spoilt.groups[0]);
      EXPECT_FALSE(Accepts(model.request(), spoilt.whole)) << seed;
    };
    std::vector<RowWindow> windows(plan->graphs[0].groups[0].windows.begin(),
                                   plan->graphs[0].groups[0].windows.end());
    windows[0].height += 1;
    refuses([&](GraphPlan&, RowGroup& group, auto&) { group.windows = windows; });
    refuses([](GraphPlan&, RowGroup& group, auto&) { group.rows_per_turn = 0; });
    refuses([](GraphPlan&, RowGroup& group, auto&) { group.last = 1000; });
    refuses([](GraphPlan&, RowGroup& group, auto&) { std::swap(group.first, ++group.last); });
    refuses([](GraphPlan& graph, RowGroup&, auto&) { graph.held_rows = {}; });
    refuses([](GraphPlan& graph, RowGroup&, auto&) { graph.groups = {}; });
  }
  EXPECT_GT(tried, 30);
}

TEST_F(Verifier, RefusesPermissionsTakenBack) {
  int shared = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    RandomModel model(seed, {.operators = 20, .pictures = static_cast<int>(seed % 2) * 70});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    // The same plan for kernels that allow nothing in place.
    std::vector<std::vector<OpDemand>> strict;
    std::vector<std::span<const OpDemand>> demands;
    for (const std::span<const OpDemand> graph : model.request().demands) {
      strict.emplace_back(graph.begin(), graph.end());
      for (OpDemand& demand : strict.back()) {
        demand.in_place_inputs = 0;
      }
    }
    for (const auto& graph : strict) {
      demands.emplace_back(graph);
    }
    Request request = model.request();
    request.demands = demands;
    const bool harmful = !TaggedRun(request, *plan).Run().empty();
    shared += harmful ? 1 : 0;
    EXPECT_EQ(Accepts(request, *plan), !harmful) << seed;
  }
  EXPECT_GT(shared, 100);
}

TEST_F(Verifier, RefusesMisalignedOffsets) {
  int tried = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    RandomModel model(seed, {.operators = 8});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    const std::size_t count = Spoilt(*plan).Offsets().size();
    for (std::size_t i = 0; i < count; ++i) {
      Spoilt spoilt(*plan);
      spoilt.whole.arena_bytes += 64;
      *spoilt.Offsets()[i] += 8;
      EXPECT_FALSE(Accepts(model.request(), spoilt.whole)) << seed << " offset " << i;
      ++tried;
    }
  }
  EXPECT_GT(tried, 500);
}

TEST_F(Verifier, RefusesAnArenaThatIsTooSmallAndAStateRegionThatIs) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    RandomModel model(seed, {.operators = 8});
    std::vector<std::byte> memory(std::size_t{1} << 18);
    base::Arena arena(memory);
    const base::Result<Plan> plan = MakePlan(model.request(), arena, why_);
    ASSERT_TRUE(plan);
    Plan small = *plan;
    small.arena_bytes -= 16;
    EXPECT_FALSE(Accepts(model.request(), small)) << seed;
    if (plan->state_bytes > 0) {
      Plan state = *plan;
      state.state_bytes -= 16;
      EXPECT_FALSE(Accepts(model.request(), state)) << seed;
      state.state_bytes = plan->arena_bytes + 16;
      EXPECT_FALSE(Accepts(model.request(), state)) << seed;
    }
  }
}

TEST_F(Verifier, RefusesTablesOfAnotherModel) {
  RandomModel model(5, {.operators = 10});
  RandomModel other(6, {.operators = 10});
  std::vector<std::byte> memory(std::size_t{1} << 18);
  base::Arena arena(memory);
  const base::Result<Plan> plan = MakePlan(other.request(), arena, why_);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(Accepts(model.request(), *plan));
  EXPECT_THAT(why_.text(), HasSubstr("tables do not fit"));
}

TEST_F(Verifier, NamesTheTensorsAndTheOperator) {
  const std::int32_t zero[] = {0};
  const std::int32_t one[] = {1};
  Tensor tensors[2];
  tensors[0].name_text = "picture";
  tensors[1].name_text = "edges";
  for (Tensor& tensor : tensors) {
    tensor.bytes = 32;
    tensor.type = Type::kInt8;
  }
  Operator op;
  op.kind = OpKind::kConv2d;
  op.inputs = zero;
  op.outputs = one;
  Graph graph{"main", tensors, {&op, 1}, zero, one};
  format::Model model;
  model.graphs = {&graph, 1};
  const OpDemand demand{};
  const std::span<const OpDemand> demands(&demand, 1);
  const Request request{&model, {&demands, 1}, {}, Effort::kQuick, Objective::kSmallest};
  const std::uint32_t apart[] = {0, 32};
  const std::uint32_t together[] = {16, 32};
  const GraphPlan sound{apart, {}, {}, {}, {}};
  EXPECT_TRUE(Accepts(request, Plan{{&sound, 1}, {}, 0, 64, 64}));
  const GraphPlan harmful{together, {}, {}, {}, {}};
  EXPECT_FALSE(Accepts(request, Plan{{&harmful, 1}, {}, 0, 64, 64}));
  EXPECT_EQ(why_.text(),
            "memory plan: graph 'main' operator 0 CONV_2D: tensor 1 'edges' is written over what "
            "the operator reads: tensor 0 'picture'");
}

}  // namespace
}  // namespace pinhole::engine::plan
