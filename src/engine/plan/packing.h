// SPDX-License-Identifier: Apache-2.0
#pragma once

// Puts rectangles of time and memory next to each other as low as it can (offline strip packing).
//
// A segment is what some bytes are needed for: from one time to another, so many units. Segments of
// one block keep their distance from each other, whatever the block's address: the tensors that an
// in-place chain leaves one after the other, of which the later may be smaller or larger, and may
// begin before or behind. Segments of different blocks that meet in time must not meet in memory;
// those of one block may, where one hands over to the next.
//
// Greedy: blocks go one by one to the lowest address that is free for all their times. The order
// decides, so several are tried; then a search moves blocks that reach the top to an earlier turn
// and keeps what is no worse, until the lower bound is met or the work is used up. The work is
// counted, not timed: the same segments give the same packing everywhere.

#include <cstdint>
#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

struct Segment {
  std::uint32_t block = 0;   // any number; equal for those that share a place
  std::uint32_t first = 0;   // time, included
  std::uint32_t last = 0;    // time, included
  std::uint32_t units = 0;   // size; whatever the unit, offsets have it too
  std::uint32_t offset = 0;  // out
  std::int32_t shift = 0;    // units from the block's address; of any sign
  std::uint32_t id = 0;      // not looked at
};

struct Packed {
  std::uint32_t units = 0;        // what all need
  std::uint32_t lower_bound = 0;  // the most that is needed at one time
};

// Blocks of at least `from` units begin at multiples of `units`.
struct LargeBlocks {
  std::uint32_t from = 0;
  std::uint32_t units = 1;
};

// Sorts `segments` by block and time and sets their offsets. Times are below `times`. No result is
// larger than `limit` (below 2^31). Cost: the square of the segments' number for each order tried.
// Errors: kTooLarge (does not fit the limit), kOutOfMemory (working memory).
base::Result<Packed> Pack(std::span<Segment> segments, std::uint32_t times, std::uint32_t limit,
                          const LargeBlocks& large, Effort effort, base::Arena& arena);

}  // namespace pinhole::engine::plan
