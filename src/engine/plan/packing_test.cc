// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/packing.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace pinhole::engine::plan {
namespace {

constexpr std::uint32_t kLimit = 1U << 27;

base::Result<Packed> PackAll(std::vector<Segment>& segments, Effort effort = Effort::kThorough,
                             std::uint32_t limit = kLimit, const LargeBlocks& large = {}) {
  std::vector<std::byte> memory(std::size_t{4} << 20);
  base::Arena arena(memory);
  const base::Result<Packed> packed = Pack(segments, 64, limit, large, effort, arena);
  EXPECT_EQ(arena.used(), 0U);
  return packed;
}

bool Meet(const Segment& a, const Segment& b) {
  return a.block != b.block && a.first <= b.last && b.first <= a.last &&
         a.offset < b.offset + b.units && b.offset < a.offset + a.units;
}

TEST(Pack, NothingTakesNothing) {
  std::vector<Segment> none;
  EXPECT_EQ(PackAll(none)->units, 0U);
}

TEST(Pack, NeverOverlapsAndNeverGoesBelowTheBound) {
  std::minstd_rand random(3);
  for (int round = 0; round < 600; ++round) {
    std::vector<Segment> segments;
    const std::uint32_t blocks = 1 + random() % 24;
    for (std::uint32_t b = 0; b < blocks; ++b) {
      auto first = static_cast<std::uint32_t>(random() % 40);
      do {  // a chain: each begins when the one before ends
        const auto last = first + 1 + static_cast<std::uint32_t>(random() % 8);
        segments.push_back({b * 7, first, last, 1 + static_cast<std::uint32_t>(random() % 50), 0});
        first = last;
      } while (first < 50 && random() % 4 == 0);
    }
    std::array<std::uint64_t, 64> live{};  // by definition: of each block its largest at each time
    for (std::uint32_t time = 0; time < 64; ++time) {
      std::vector<std::uint32_t> of_block(blocks);
      for (const Segment& s : segments) {
        if (s.first <= time && time <= s.last) {
          of_block[s.block / 7] = std::max(of_block[s.block / 7], s.units);
        }
      }
      for (const std::uint32_t units : of_block) {
        live[time] += units;
      }
    }
    const base::Result<Packed> packed =
        PackAll(segments, round % 3 == 0 ? Effort::kQuick : Effort::kThorough);
    ASSERT_TRUE(packed);
    ASSERT_EQ(packed->lower_bound, *std::max_element(live.begin(), live.end()));
    ASSERT_GE(packed->units, packed->lower_bound);
    std::uint32_t top = 0;
    for (const Segment& a : segments) {
      top = std::max(top, a.offset + a.units);
      for (const Segment& b : segments) {
        ASSERT_FALSE(Meet(a, b));
        ASSERT_TRUE(a.block != b.block || a.offset == b.offset);
      }
    }
    ASSERT_EQ(top, packed->units);
  }
}

// Chains that wander: each segment begins before or behind the one before, and meets it for a
// while.
TEST(Pack, KeepsTheDistancesInsideABlock) {
  std::minstd_rand random(4);
  for (int round = 0; round < 80; ++round) {
    std::vector<Segment> segments;
    const std::uint32_t blocks = 1 + random() % 16;
    for (std::uint32_t b = 0; b < blocks; ++b) {
      auto first = static_cast<std::uint32_t>(random() % 40);
      std::int32_t shift = static_cast<std::int32_t>(random() % 9) - 4;
      do {
        const auto last = first + 4 + static_cast<std::uint32_t>(random() % 6);
        segments.push_back({b, first, last, 1 + static_cast<std::uint32_t>(random() % 50), 0, shift,
                            static_cast<std::uint32_t>(segments.size())});
        first = last - static_cast<std::uint32_t>(random() % 2);
        shift += static_cast<std::int32_t>(random() % 21) - 14;
      } while (first < 50 && random() % 3 != 0);
    }
    std::vector<std::int32_t> shifts;
    for (const Segment& segment : segments) {
      shifts.push_back(segment.shift);
    }
    std::array<std::uint64_t, 64> live{};  // by definition: of each block the bytes it covers
    for (std::uint32_t time = 0; time < 64; ++time) {
      std::set<std::pair<std::uint32_t, std::int64_t>> covered;
      for (const Segment& s : segments) {
        for (std::int64_t at = s.shift;
             s.first <= time && time <= s.last && at < std::int64_t{s.shift} + s.units; ++at) {
          covered.insert({s.block, at});
        }
      }
      live[time] = covered.size();
    }
    const base::Result<Packed> packed =
        PackAll(segments, round % 3 == 0 ? Effort::kQuick : Effort::kThorough);
    ASSERT_TRUE(packed);
    ASSERT_EQ(packed->lower_bound, *std::max_element(live.begin(), live.end()));
    std::uint32_t top = 0;
    for (const Segment& a : segments) {
      top = std::max(top, a.offset + a.units);
      for (const Segment& b : segments) {
        ASSERT_FALSE(Meet(a, b));
        if (a.block == b.block) {
          ASSERT_EQ(std::int64_t{a.offset} - b.offset, shifts[a.id] - shifts[b.id]);
        }
      }
    }
    ASSERT_EQ(top, packed->units);
  }
}

// Tensors cut out of a full rectangle can be put back without a gap.
TEST(Pack, FindsPackingsKnownToBePerfect) {
  std::minstd_rand random(5);
  int perfect = 0;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Segment> whole{{0, 0, 31, 64, 0}};
    while (whole.size() < 16) {
      const std::size_t at = random() % whole.size();
      Segment& old = whole[at];
      Segment cut = old;
      cut.block = static_cast<std::uint32_t>(whole.size());
      if (random() % 2 == 0 && old.last > old.first) {
        cut.first = old.first + 1 + static_cast<std::uint32_t>(random() % (old.last - old.first));
        old.last = cut.first - 1;
      } else if (old.units > 1) {
        cut.units = 1 + static_cast<std::uint32_t>(random() % (old.units - 1));
        old.units -= cut.units;
      } else {
        continue;
      }
      whole.push_back(cut);
    }
    const base::Result<Packed> packed = PackAll(whole);
    ASSERT_EQ(packed->lower_bound, 64U);
    perfect += packed->units == 64 ? 1 : 0;
  }
  std::printf("%d of %d perfect packings found\n", perfect, kRounds);
  EXPECT_GE(perfect, kRounds * 9 / 10);
}

TEST(Pack, LargeBlocksBeginWhereTheyAreAskedTo) {
  std::mt19937 random(7);
  int moved = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Segment> segments(12);
    for (std::uint32_t i = 0; i < segments.size(); ++i) {
      Segment& segment = segments[i];
      segment.block = segment.id = i;
      segment.first = random() % 10;
      segment.last = segment.first + random() % 5;
      segment.units = 1 + random() % 40;
    }
    std::vector<Segment> anywhere = segments;
    ASSERT_TRUE(PackAll(anywhere));
    ASSERT_TRUE(PackAll(segments, Effort::kThorough, kLimit, {16, 4}));
    for (const Segment& a : segments) {
      ASSERT_TRUE(a.units < 16 || a.offset % 4 == 0) << a.offset;
      for (const Segment& b : segments) {
        ASSERT_FALSE(Meet(a, b));
      }
    }
    for (const Segment& a : anywhere) {
      moved += a.units >= 16 && a.offset % 4 != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(moved, 100) << "without being asked they lie anywhere";
}

TEST(Pack, RefusesWhatIsOverTheLimit) {
  std::vector<Segment> two{{0, 0, 3, 10, 0}, {1, 2, 5, 11, 0}};
  EXPECT_EQ(PackAll(two, Effort::kThorough, 21)->units, 21U);
  EXPECT_EQ(PackAll(two, Effort::kThorough, 20).error(), base::Error::kTooLarge);
  std::vector<Segment> sum_overflows_32_bits(70, Segment{0, 0, 1, kLimit, 0});
  for (std::uint32_t i = 0; i < sum_overflows_32_bits.size(); ++i) {
    sum_overflows_32_bits[i].block = i;
  }
  EXPECT_EQ(PackAll(sum_overflows_32_bits).error(), base::Error::kTooLarge);
}

}  // namespace
}  // namespace pinhole::engine::plan
