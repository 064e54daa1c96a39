// SPDX-License-Identifier: Apache-2.0
// Laws of the planner, on random networks: whatever the size of fast memory, the plan is right, and
// running it gives the bits of a plain run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitized.h"
#include "engine/plan/traffic/random_network_for_test.h"
#include "engine/plan/traffic/run_plan_for_test.h"
#include "engine/plan/traffic/traffic_plan.h"
#include "engine/plan/traffic/traffic_verifier.h"

namespace pinhole::engine::plan::traffic {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kPlenty = 8 << 20;
constexpr std::uint32_t kSeeds = PINHOLE_SANITIZED != 0 ? 12 : 80;

class Planner : public ::testing::Test {
 protected:
  Network Read(const RandomNetwork& made) {
    auto network = ReadNetwork(made.model(), why_);
    EXPECT_TRUE(network) << why_.text();
    return *std::move(network);
  }
  // A plan that the verifier accepts.
  TrafficPlan Plan(const Network& network, std::uint64_t fast) {
    auto plan = MakeTrafficPlan(network, {.fast_bytes = fast}, why_);
    EXPECT_TRUE(plan) << why_.text();
    if (!plan) {
      return {};
    }
    const auto verified = VerifyTrafficPlan(network, *plan, 64, why_);
    EXPECT_TRUE(verified) << why_.text();
    if (verified) {
      EXPECT_EQ(verified->bytes(), plan->traffic.bytes());
    }
    return *std::move(plan);
  }

  base::Diagnosis why_;
};

TEST_F(Planner, IsRightAtEverySizeOfFastMemory) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    RandomNetwork made(seed, {.operators = 4 + static_cast<int>(seed % 14)});
    const Network network = Read(made);
    const std::uint64_t least = LeastFastBytes(network);
    const RandomNetwork::Bytes input = made.Input();
    const auto plain = made.Run(input);
    ASSERT_FALSE(plain.empty());
    for (const std::uint64_t fast :
         {least, least + 16, least + least / 4, 2 * least, 3 * least, 8 * least, kPlenty}) {
      SCOPED_TRACE(fast);
      const TrafficPlan plan = Plan(network, fast);
      PlanMachine machine(network, plan);
      machine.SetSlow(static_cast<std::size_t>(network.root[made.graph().inputs[0]]), input);
      ASSERT_TRUE(machine.Run()) << machine.why();
      for (const std::int32_t out : made.graph().outputs) {
        ASSERT_EQ(machine.Slow(static_cast<std::size_t>(network.root[out])), plain.at(out));
      }
    }
  }
}

TEST_F(Planner, MovesEachByteOnceWhereAllFits) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const RandomNetwork made(seed, {.operators = 10, .plain = true});
    const Network network = Read(made);
    EXPECT_EQ(Plan(network, kPlenty).traffic.bytes(), network.BoundBytes());
    // And never less, however the memory is cut: here every byte is needed.
    for (const int times : {1, 2, 4}) {
      EXPECT_GE(Plan(network, LeastFastBytes(network) * times).traffic.bytes(),
                network.BoundBytes());
    }
  }
}

TEST_F(Planner, SaysTheLeastThatWorks) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const RandomNetwork made(seed, {.operators = 8});
    const Network network = Read(made);
    const std::uint64_t least = LeastFastBytes(network);
    Plan(network, least);
    const auto less = MakeTrafficPlan(network, {.fast_bytes = least - 1}, why_);
    ASSERT_FALSE(less);
    EXPECT_EQ(less.error(), base::Error::kTooLarge);
    EXPECT_THAT(std::string(why_.text()), HasSubstr("give at least " + std::to_string(least)));
    EXPECT_THAT(std::string(why_.text()), HasSubstr("operator "));
  }
}

TEST_F(Planner, LoadsRunBesideTheComputation) {
  // A convolution whose weights don't fit beside anything: a hundred tiles, each loaded while the
  // one before is at work.
  const RandomNetwork made(3, {.operators = 14, .plain = true});
  const Network network = Read(made);
  const TrafficPlan plan = Plan(network, 2 * LeastFastBytes(network));
  for (const Interval& interval : plan.intervals) {
    // The first step of an interval may have to wait for memory; within, at most where a pass over
    // the rows begins anew.
    std::uint32_t waits = 0;
    for (std::uint32_t s = interval.first_step + 1; s < interval.end_step; ++s) {
      waits += plan.steps[s].waits ? 1 : 0;
    }
    EXPECT_LE(waits, (interval.end_step - interval.first_step) / 4);
  }
  EXPECT_LT(plan.waiting_bytes, (plan.traffic.constants + plan.traffic.loaded) / 2);
}

TEST_F(Planner, BoundsItsWork) {
  const RandomNetwork made(5, {.operators = PINHOLE_SANITIZED != 0 ? 150 : 2500, .most_rows = 30});
  const Network network = Read(made);
  const TrafficPlan plan = Plan(network, 3 * LeastFastBytes(network));
  const std::uint64_t all =
      std::max<std::uint64_t>(kMostLookedAt, kLookedAtEach * network.works.size());
  EXPECT_LE(plan.looked_at, 2 * all);  // the last look of each work may go beyond its share
  EXPECT_GT(plan.looked_at, network.works.size());
  EXPECT_FALSE(plan.intervals.empty());
}

TEST_F(Planner, IsTheSameEachTime) {
  const RandomNetwork made(9, {.operators = 15});
  const Network network = Read(made);
  const std::uint64_t fast = 2 * LeastFastBytes(network);
  const TrafficPlan a = Plan(network, fast);
  const TrafficPlan b = Plan(network, fast);
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t s = 0; s < a.steps.size(); ++s) {
    ASSERT_EQ(a.steps[s].inputs.size(), b.steps[s].inputs.size());
    EXPECT_EQ(a.steps[s].outputs[0].address, b.steps[s].outputs[0].address);
    EXPECT_EQ(a.steps[s].constants, b.steps[s].constants);
  }
}

TEST_F(Planner, RefusesWhatIsNoMemory) {
  const RandomNetwork made(1, {});
  const Network network = Read(made);
  for (const TrafficOptions& options :
       {TrafficOptions{0, 64}, TrafficOptions{kMostFastBytes + 1, 64}, TrafficOptions{4096, 0},
        TrafficOptions{4096, 48}, TrafficOptions{4096, 8192}}) {
    const auto plan = MakeTrafficPlan(network, options, why_);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error(), base::Error::kInvalidArgument);
    EXPECT_THAT(std::string(why_.text()), HasSubstr("expected"));
  }
}

TEST_F(Planner, AGraphWithoutWorkMovesNothing) {
  Graph graph;
  format::Model model;
  model.graphs = {&graph, 1};
  const auto network = ReadNetwork(model, why_);
  ASSERT_TRUE(network);
  EXPECT_EQ(Plan(*network, 16).traffic.bytes(), 0U);
}

}  // namespace
}  // namespace pinhole::engine::plan::traffic
