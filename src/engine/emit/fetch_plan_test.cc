// SPDX-License-Identifier: Apache-2.0
// Laws of what is fetched when, and a verifier that sees what would break them.
#include "engine/emit/fetch_plan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace pinhole::engine::emit {
namespace {

struct Demand {
  std::vector<FetchBlock> blocks;
  std::size_t steps = 0;
  std::uint32_t capacity = 0;
};

Demand AnyDemand(std::mt19937& random) {
  Demand demand;
  demand.steps = 1 + random() % 12;
  demand.capacity = static_cast<std::uint32_t>(4 * (1 + random() % 40));
  std::size_t op = 0;
  for (std::size_t step = 0; step < demand.steps; ++step) {
    for (std::size_t i = random() % 4; i > 0; --i, ++op) {
      demand.blocks.push_back({op, step, static_cast<std::uint32_t>(4 * (1 + random() % 20))});
    }
  }
  return demand;
}

// The plan, played: every byte says whose it is; none may be another's while its step runs.
void Play(const Demand& demand, const FetchPlan& plan) {
  std::vector<std::size_t> owner(plan.bytes, ~std::size_t{0});
  std::size_t queued = 0;
  for (std::size_t step = 0; step < demand.steps; ++step) {
    for (; queued < plan.fetches.size() && plan.fetches[queued].start == step; ++queued) {
      const Fetch& fetch = plan.fetches[queued];
      std::fill_n(owner.begin() + fetch.offset, fetch.block.bytes, fetch.block.op);
    }
    for (std::size_t i = 0; i < plan.fetches.size(); ++i) {
      const Fetch& fetch = plan.fetches[i];
      if (fetch.block.step != step) {
        continue;
      }
      for (std::uint32_t at = 0; at < fetch.block.bytes; ++at) {
        ASSERT_EQ(owner[fetch.offset + at], fetch.block.op) << "in step " << step;
      }
      EXPECT_EQ(queued - 1 - i, static_cast<std::size_t>(FetchesLeft(plan, i)));
    }
  }
  EXPECT_EQ(queued, plan.fetches.size());
}

TEST(PlanFetches, EveryBlockIsInItsPlaceWhileItsStepRuns) {
  std::mt19937 random(1);
  std::size_t ahead = 0;
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    const Demand demand = AnyDemand(random);
    const FetchPlan plan = PlanFetches(demand.blocks, demand.steps, demand.capacity);
    ASSERT_EQ(VerifyFetches(plan), "");
    ASSERT_LE(plan.bytes, demand.capacity);
    Play(demand, plan);
    for (const Fetch& fetch : plan.fetches) {
      ahead += fetch.start < fetch.block.step ? 1 : 0;
    }
    if (HasFatalFailure()) {
      return;
    }
  }
  EXPECT_GT(ahead, 1000U);
}

// Left out is only what a step can't have at once, and of that the largest.
TEST(PlanFetches, LeavesNothingOutThatHasRoom) {
  std::mt19937 random(2);
  for (int round = 0; round < 1000; ++round) {
    const Demand demand = AnyDemand(random);
    const FetchPlan plan = PlanFetches(demand.blocks, demand.steps, demand.capacity);
    for (std::size_t step = 0; step < demand.steps; ++step) {
      std::uint32_t wanted = 0;
      std::uint32_t fetched = 0;
      for (const FetchBlock& block : demand.blocks) {
        wanted += block.step == step ? block.bytes : 0;
      }
      for (const Fetch& fetch : plan.fetches) {
        fetched += fetch.block.step == step ? fetch.block.bytes : 0;
      }
      if (wanted <= demand.capacity) {
        EXPECT_EQ(fetched, wanted);
      } else {
        EXPECT_LE(fetched, demand.capacity);
      }
    }
  }
}

// Two buffers' worth of room: each step's constants come while the one before runs.
TEST(PlanFetches, IsAheadOfEveryStepWhereTwoFit) {
  std::vector<FetchBlock> blocks;
  for (std::size_t step = 0; step < 10; ++step) {
    blocks.push_back({step, step, 100});
  }
  const FetchPlan plan = PlanFetches(blocks, 10, 200);
  ASSERT_EQ(plan.fetches.size(), 10U);
  EXPECT_EQ(plan.bytes, 200U);
  for (std::size_t step = 1; step < 10; ++step) {
    EXPECT_LT(plan.fetches[step].start, step);
  }
  const FetchPlan narrow = PlanFetches(blocks, 10, 199);
  for (std::size_t step = 0; step < 10; ++step) {
    EXPECT_EQ(narrow.fetches[step].start, step);
  }
  EXPECT_TRUE(PlanFetches(blocks, 10, 99).fetches.empty());
}

TEST(VerifyFetches, SeesWhatWouldGoWrong) {
  const FetchPlan good = PlanFetches({{0, 0, 40}, {1, 1, 40}, {2, 2, 40}}, 3, 80);
  ASSERT_EQ(VerifyFetches(good), "");
  const auto said = [&](auto change) {
    FetchPlan plan = good;
    change(plan);
    return VerifyFetches(plan);
  };
  EXPECT_NE(said([](FetchPlan& p) { p.fetches[1].offset = 36; }).find("would lie on"),
            std::string::npos);
  EXPECT_NE(said([](FetchPlan& p) { p.fetches[2].start = 0; }).find("would lie on"),
            std::string::npos);
  EXPECT_NE(said([](FetchPlan& p) { p.fetches[2].start = 3; }).find("after their step"),
            std::string::npos);
  EXPECT_NE(said([](FetchPlan& p) { p.fetches[1].offset = 44; }).find("buffer's end"),
            std::string::npos);
  EXPECT_NE(said([](FetchPlan& p) { p.fetches[0].offset = 2; }).find("whole words"),
            std::string::npos);
  EXPECT_NE(said([](FetchPlan& p) { std::swap(p.fetches[0], p.fetches[2]); }).find("order"),
            std::string::npos);
}

}  // namespace
}  // namespace pinhole::engine::emit
