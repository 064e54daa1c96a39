// SPDX-License-Identifier: Apache-2.0
#include "emulator/pwm.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "emulator/chip_for_tests.h"

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kPwm = 0x4005'0000;
constexpr std::uint32_t kPinBank = 0x4001'4000;
constexpr std::uint32_t kFunctionPwm = 4;

class Edges final : public PinListener {
 public:
  explicit Edges(unsigned pin) : pin_(pin) {}
  void OnPins(std::uint64_t cycle, std::uint32_t levels, std::uint32_t changed) override {
    if ((changed >> pin_ & 1) != 0) {
      seen.emplace_back(cycle, (levels >> pin_ & 1) != 0);
    }
  }
  std::vector<std::pair<std::uint64_t, bool>> seen;

 private:
  unsigned pin_;
};

void Slice(Bench& bench, unsigned slice, std::uint32_t divisor, std::uint32_t compare,
           std::uint32_t top, std::uint32_t control) {
  const std::uint32_t at = kPwm + slice * 20;
  bench.Write(at + 4, divisor);
  bench.Write(at + 12, compare);
  bench.Write(at + 16, top);
  bench.Write(at, control);
}

// What a pin does over whole periods: how long, and how much of it high. The core's loop takes
// three cycles, between which edges are seen.
void Expect(const std::vector<std::pair<std::uint64_t, bool>>& edges, std::uint64_t period,
            std::uint64_t high) {
  ASSERT_GE(edges.size(), 6u);
  for (std::size_t i = 2; i + 2 < edges.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(edges[i + 2].first - edges[i].first), period, 2) << i;
    if (edges[i].second) {
      EXPECT_NEAR(static_cast<double>(edges[i + 1].first - edges[i].first), high, 2) << i;
    }
  }
}

TEST(Pwm, PeriodAndDutyAreSeenOnAPin) {
  struct {
    std::uint32_t divisor, compare, top, control;
    std::uint64_t period, high;
  } const cases[] = {
      {16, 300, 999, 1, 1000, 300},     {16, 300, 999, 1 | 4, 1000, 700},  // inverted
      {32, 100, 499, 1, 1000, 200},                                        // every second cycle
      {16, 300, 999, 1 | 2, 2000, 600},                                    // up and down
      {4 * 16 + 8, 10, 99, 1, 450, 45},                                    // four and a half
  };
  for (const auto& one : cases) {
    Bench bench;
    Edges edges(4);  // output A of slice 2
    bench.chip->pins().set_listener(&edges);
    bench.Write(kPinBank + 4 * 8 + 4, kFunctionPwm);
    Slice(bench, 2, one.divisor, one.compare, one.top, one.control);
    bench.Pass(one.period * 6);
    Expect(edges.seen, one.period, one.high);
  }
}

TEST(Pwm, NoneAndAllAreNoEdges) {
  for (const std::uint32_t compare : {0u, 1000u, 5000u}) {
    Bench bench;
    bench.Write(kPinBank + 4 * 8 + 4, kFunctionPwm);
    Slice(bench, 2, 16, compare, 999, 1);
    Edges edges(4);
    bench.chip->pins().set_listener(&edges);
    bench.Pass(10'000);
    EXPECT_TRUE(edges.seen.empty());
    EXPECT_EQ(bench.chip->pins().levels() >> 4 & 1, compare != 0 ? 1u : 0u);
  }
}

TEST(Pwm, WhatIsWrittenWhileItRunsHoldsFromTheWrap) {
  Bench bench;
  bench.Write(kPinBank + 4 * 8 + 4, kFunctionPwm);
  Slice(bench, 2, 16, 500, 999, 1);
  Edges edges(4);
  bench.chip->pins().set_listener(&edges);
  bench.Pass(100);
  bench.Write(kPwm + 2 * 20 + 12, 50);
  bench.Pass(3000);
  ASSERT_GE(edges.seen.size(), 3u);
  EXPECT_FALSE(edges.seen[0].second);
  EXPECT_EQ(edges.seen[1].first - edges.seen[0].first, 500u);
  EXPECT_EQ(edges.seen[2].first - edges.seen[1].first, 50u);
}

// A clock for another chip costs nothing: no event, and a duty that can be asked for.
TEST(Pwm, AFastClockIsNotShownEdgeByEdge) {
  Bench bench;
  bench.Write(kPinBank + 4 * 8 + 4, kFunctionPwm);
  Slice(bench, 2, 16, 2, 3, 1);
  Edges edges(4);
  bench.chip->pins().set_listener(&edges);
  bench.Pass(10'000);
  EXPECT_TRUE(edges.seen.empty());
  EXPECT_EQ(bench.chip->pwm().Duty(2, 0), 32768u);
  EXPECT_EQ(bench.chip->pwm().NextEvent(), kNever);
}

TEST(Pwm, AWrapRaisesItsInterrupt) {
  Bench bench;
  bench.Write(kPwm + 0xA8, 1u << 3);
  Slice(bench, 3, 16, 0, 199, 1);
  bench.Pass(190);
  EXPECT_EQ(bench.Pending() >> 4 & 1, 0u);
  bench.Pass(20);
  EXPECT_EQ(bench.Pending() >> 4 & 1, 1u);
  bench.Write(kPwm + 0xA4, 1u << 3);
  EXPECT_EQ(bench.Pending() >> 4 & 1, 0u);
}

TEST(Pwm, BCountsByLevelAndByEdge) {
  for (const unsigned mode : {1u, 2u, 3u}) {
    Bench bench;
    bench.Write(kPinBank + 5 * 8 + 4, kFunctionPwm);
    bench.chip->pins().DriveFromOutside(0, 1u << 5);
    Slice(bench, 2, 16, 0, 0xFFFF, 1 | mode << 4);
    for (unsigned pulse = 0; pulse < 5; ++pulse) {
      bench.Pass(100);
      bench.chip->pins().DriveFromOutside(1u << 5, 1u << 5);
      bench.Pass(100);
      bench.chip->pins().DriveFromOutside(0, 1u << 5);
    }
    const std::uint32_t counted = bench.Read(kPwm + 2 * 20 + 8);
    if (mode == 1) {
      EXPECT_NEAR(counted, 500, 10);
    } else {
      EXPECT_EQ(counted, 5u);
    }
  }
}

TEST(Pwm, EachWrapAsksTheDmaOnce) {
  Bench bench;
  constexpr std::uint32_t kDma = 0x5000'0000;
  bench.Write(kDma + 0x00, 0x2001'0000);
  bench.Write(kDma + 0x04, 0x2001'1000);
  bench.Write(kDma + 0x08, 100);
  Slice(bench, 1, 16, 0, 499, 1);
  bench.Write(kDma + 0x0C, 1u | 2u << 2 | (24u + 1) << 15);
  bench.Pass(500 * 10 + 100);
  EXPECT_EQ(bench.Read(kDma + 0x08), 90u);
}

}  // namespace
}  // namespace pinhole::emulator
