// SPDX-License-Identifier: Apache-2.0
// The verifier must refuse a plan with any one thing wrong. The networks are plain: every byte of
// every tensor is needed, so that nothing can be left out or put elsewhere.
#include "engine/plan/traffic/traffic_verifier.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/sanitized.h"
#include "engine/plan/traffic/random_network_for_test.h"

namespace pinhole::engine::plan::traffic {
namespace {

using Spoil = std::function<bool(TrafficPlan&, std::size_t)>;  // false: nothing to spoil there

class TrafficVerifier : public ::testing::Test {
 protected:
  bool Accepts(const Network& network, const TrafficPlan& plan) {
    const auto verified = VerifyTrafficPlan(network, plan, 64, why_);
    EXPECT_TRUE(verified || verified.error() == base::Error::kInternal);
    return verified.has_value();
  }

  // Spoils every step of plans of some networks; all must be refused. Returns how many there were.
  int RefusesAll(const Spoil& spoil) {
    int spoilt = 0;
    for (std::uint32_t seed = 1; seed <= (PINHOLE_SANITIZED != 0 ? 4U : 12U); ++seed) {
      const RandomNetwork made(seed, {.operators = 6, .most_channels = 12, .plain = true});
      const auto network = ReadNetwork(made.model(), why_);
      EXPECT_TRUE(network) << why_.text();
      for (const std::uint64_t times : {1, 2, 5}) {
        const auto plan =
            MakeTrafficPlan(*network, {.fast_bytes = LeastFastBytes(*network) * times}, why_);
        EXPECT_TRUE(plan) << why_.text();
        EXPECT_TRUE(Accepts(*network, *plan)) << why_.text();
        // Some of the steps of a long plan.
        const std::size_t stride = plan->steps.size() / (PINHOLE_SANITIZED != 0 ? 20 : 40) + 1;
        for (std::size_t s = 0; s < plan->steps.size(); s += stride) {
          TrafficPlan bad = *plan;
          if (spoil(bad, s)) {
            ++spoilt;
            EXPECT_FALSE(Accepts(*network, bad)) << "seed " << seed << " step " << s;
          }
        }
      }
    }
    return spoilt;
  }

  base::Diagnosis why_;
};

TEST_F(TrafficVerifier, RefusesAFillOrASpillLeftOut) {
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              auto& fills = plan.steps[s].fills;
              return !fills.empty() && (fills.pop_back(), true);
            }),
            50);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              auto& spills = plan.steps[s].spills;
              return !spills.empty() && (spills.pop_back(), true);
            }),
            50);
}

TEST_F(TrafficVerifier, RefusesATransferFromOrToElsewhere) {
  const auto each = [this](const std::function<void(Transfer&)>& change) {
    EXPECT_GT(RefusesAll([&](TrafficPlan& plan, std::size_t s) {
                auto& fills = plan.steps[s].fills;
                return !fills.empty() && (change(fills.front()), true);
              }),
              50);
    EXPECT_GT(RefusesAll([&](TrafficPlan& plan, std::size_t s) {
                auto& spills = plan.steps[s].spills;
                return !spills.empty() && (change(spills.front()), true);
              }),
              50);
  };
  each([](Transfer& one) { one.address += 1; });
  each([](Transfer& one) { one.address += std::uint64_t{1} << 31; });
  each([](Transfer& one) { one.offset += 1; });
  each([](Transfer& one) { one.offset += std::uint64_t{1} << 40; });
  each([](Transfer& one) { one.tensor = one.tensor == 0 ? 1 : 0; });
  each([](Transfer& one) { one.tensor = 100'000; });
  each([](Transfer& one) { one.tensor = -2; });
  each([](Transfer& one) { one.pieces = 0; });
  each([](Transfer& one) { one.piece_bytes /= 2; });
  each([](Transfer& one) { one.piece_bytes = 0xFFFFFFFFU; });
}

TEST_F(TrafficVerifier, RefusesAnOperandElsewhere) {
  const auto each = [this](const std::function<void(Place&)>& change) {
    EXPECT_GT(RefusesAll([&](TrafficPlan& plan, std::size_t s) {
                return change(plan.steps[s].inputs.front()), true;
              }),
              100);
    EXPECT_GT(RefusesAll([&](TrafficPlan& plan, std::size_t s) {
                return change(plan.steps[s].outputs.front()), true;
              }),
              100);
  };
  each([](Place& place) { place.address += 1; });
  each([](Place& place) { place.address += kFastAlignment; });
  each([](Place& place) { place.address += std::uint64_t{1} << 40; });
  each([](Place& place) { place.tensor += 1; });
  each([](Place& place) { place.held = 0; });
  each([](Place& place) { place.held = 0xFFFFFFFFU; });
  each([](Place& place) { place.row_bytes += 1; });
  each([](Place& place) { place.end_channel += 1; });
  each([](Place& place) { place.begin_channel = place.end_channel; });
}

TEST_F(TrafficVerifier, RefusesConstantsElsewhere) {
  // Works without constants don't look at the address.
  int with = 0;
  RefusesAll([&](TrafficPlan& plan, std::size_t s) {
    for (const PackedPiece& piece : plan.packing) {
      if (piece.work == plan.steps[s].work) {
        plan.steps[s].constants += kFastAlignment;
        ++with;
        return true;
      }
    }
    return false;
  });
  EXPECT_GT(with, 50);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              if (s >= plan.packing.size()) {
                return false;
              }
              plan.packing[s].offset += 1;
              return true;
            }),
            20);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              if (s >= plan.packing.size()) {
                return false;
              }
              plan.packing.erase(plan.packing.begin() + static_cast<std::ptrdiff_t>(s));
              return true;
            }),
            20);
}

TEST_F(TrafficVerifier, RefusesStepsLeftOutOrRepeated) {
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.steps.erase(plan.steps.begin() + static_cast<std::ptrdiff_t>(s));
              return true;
            }),
            100);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.steps.insert(plan.steps.begin() + static_cast<std::ptrdiff_t>(s), plan.steps[s]);
              return true;
            }),
            100);
}

TEST_F(TrafficVerifier, RefusesRowsAndChannelsThatAreNotThere) {
  const auto each = [this](const std::function<void(Step&)>& change) {
    EXPECT_GT(
        RefusesAll([&](TrafficPlan& plan, std::size_t s) { return change(plan.steps[s]), true; }),
        100);
  };
  each([](Step& step) { step.rows.end -= 1; });
  each([](Step& step) { step.rows.end += 1; });
  each([](Step& step) { step.rows.begin += 1; });
  each([](Step& step) { step.channels.end += 1; });
  each([](Step& step) { step.channels.begin = step.channels.end; });
  each([](Step& step) { step.work += 1; });
  each([](Step& step) { step.work = 0xFFFFFFFFU; });
  each([](Step& step) { step.inputs.clear(); });
  each([](Step& step) { step.outputs.clear(); });
}

// A fill beside a step that reads or writes the same bytes is a race, whatever comes out of it.
TEST_F(TrafficVerifier, RefusesAFillThatDoesNotWait) {
  int harmful = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    const RandomNetwork made(seed, {.operators = 6, .most_channels = 12, .plain = true});
    const auto network = ReadNetwork(made.model(), why_);
    ASSERT_TRUE(network);
    const auto plan = MakeTrafficPlan(*network, {.fast_bytes = LeastFastBytes(*network)}, why_);
    ASSERT_TRUE(plan) << why_.text();
    TrafficPlan eager = *plan;
    TrafficPlan patient = *plan;
    bool waits = false;
    for (std::size_t s = 1; s < eager.steps.size(); ++s) {
      waits = waits || eager.steps[s].waits;
      eager.steps[s].waits = false;
      patient.steps[s].waits = true;
    }
    EXPECT_TRUE(Accepts(*network, patient)) << why_.text();
    harmful += waits && !Accepts(*network, eager) ? 1 : 0;
  }
  EXPECT_GT(harmful, 20);
}

TEST_F(TrafficVerifier, RefusesAPlanThatUsesMoreThanThereIs) {
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.fast_bytes = plan.used_bytes - 1;
              return s == 0;
            }),
            10);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.used_bytes /= 2;
              return s == 0;
            }),
            10);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.slow_bytes = 0;
              return s == 0;
            }),
            10);
  EXPECT_GT(RefusesAll([](TrafficPlan& plan, std::size_t s) {
              plan.slow_offsets.assign(plan.slow_offsets.size(), 0);
              return s == 0;
            }),
            10);
}

TEST_F(TrafficVerifier, CountsLinesThatARunTouches) {
  const RandomNetwork made(2, {.operators = 5, .plain = true});
  const auto network = ReadNetwork(made.model(), why_);
  ASSERT_TRUE(network);
  const auto plan = MakeTrafficPlan(*network, {.fast_bytes = 1 << 20}, why_);
  ASSERT_TRUE(plan);
  const auto bytes = VerifyTrafficPlan(*network, *plan, 1, why_);
  const auto lines = VerifyTrafficPlan(*network, *plan, 64, why_);
  ASSERT_TRUE(bytes && lines);
  EXPECT_EQ(bytes->line_bytes, bytes->bytes());
  EXPECT_EQ(lines->bytes(), bytes->bytes());
  EXPECT_GT(lines->line_bytes, lines->bytes());
  EXPECT_EQ(lines->line_bytes % 64, 0U);
}

}  // namespace
}  // namespace pinhole::engine::plan::traffic
