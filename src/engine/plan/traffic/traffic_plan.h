// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run on two memories, decided before it begins: a fast one of N bytes, where operators compute,
// and a slow one, where the network's inputs, constants and outputs lie.
//
//   base::Diagnosis why;
//   const auto network = ReadNetwork(model, why);
//   const auto plan = MakeTrafficPlan(*network, {.fast_bytes = 64 << 10}, why);
//   for (const Step& step : plan->steps) { fills, then the computation, then spills }
//
// What the planner chooses from, for intervals of neighbouring works:
//   rows    several works in turns of a few rows: constants of all are in fast memory, loaded once;
//           rows of what lies between stay in rings and never leave fast memory
//   tiles   one work in stripes of rows and tiles of channels. Row by row with all constants there;
//           or inputs there as a whole and constants streamed once; or, where neither fits, the
//           order and sizes that move least
// and, between intervals, which tensors stay in fast memory as a whole. A dynamic programme over
// the works finds the sequence that moves least; of equals, the one of fewer steps.
//
// Time. In slot k step k computes; beside it run the fills of step k + 1 and the spills of step
// k - 1. None of these touches what another writes. A step that `waits` is one where that can't be:
// everything before it is done first, then its fills, then it.
//
// Bytes moved are exact. While choosing, a run of bytes shorter than a line of slow memory counts
// as a line.

#include <cstdint>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/plan/traffic/network.h"

namespace pinhole::engine::plan::traffic {

inline constexpr std::uint32_t kFastAlignment = 16;  // of everything that a step reads or writes
inline constexpr std::uint64_t kMostFastBytes = std::uint64_t{1} << 30;
inline constexpr std::size_t kMostSteps = 1'000'000;
inline constexpr std::uint64_t kMostLookedAt = 50'000'000;
inline constexpr std::uint64_t kLookedAtEach = 2'000;  // of these, at least, for every work

struct TrafficOptions {
  std::uint64_t fast_bytes = 0;
  std::uint32_t line_bytes = 64;  // the least that slow memory gives or takes well
};

inline constexpr std::int32_t kConstants = -1;

// Bytes between the memories. Piece p lies at offset + p * stride of a tensor (or of the packed
// constants) in slow memory, and at address + p * piece_bytes in fast memory.
struct Transfer {
  std::int32_t tensor = kConstants;  // index into Network::tensors
  std::uint32_t pieces = 1;
  std::uint32_t piece_bytes = 0;
  std::uint32_t stride = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;

  [[nodiscard]] std::uint64_t bytes() const { return std::uint64_t{pieces} * piece_bytes; }
};

// Where an operand lies while a step reads or writes it. The channels [begin_channel, end_channel)
// of row r are at address + (r % held) * row_bytes. A tensor that is there `whole` lies as it does
// in slow memory (which differs for operands of several pieces).
struct Place {
  std::int32_t tensor = 0;
  std::uint32_t held = 1;
  std::uint32_t row_bytes = 0;
  std::uint32_t begin_channel = 0, end_channel = 1;
  bool whole = false;
  std::uint64_t address = 0;
};

struct Step {
  std::uint32_t work = 0;  // index into Network::works
  Rows rows;               // of the output
  Rows channels;
  std::vector<Place> inputs, outputs;  // as the work's
  std::uint64_t constants = 0;         // address of the constants of `channels`, one behind another
  std::vector<Transfer> fills, spills;
  bool waits = false;
};

// The constants in the order in which they are first read: for each piece, of every constant of the
// work in turn, last one first (biases before weights), what belongs to the channels.
struct PackedPiece {
  std::uint32_t work = 0;
  Rows channels;
  std::uint64_t offset = 0;  // in the packed constants
};

struct Traffic {
  std::uint64_t constants = 0, loaded = 0, spilled = 0;  // bytes of constants, activations in, out

  [[nodiscard]] std::uint64_t bytes() const { return constants + loaded + spilled; }
};

struct Interval {
  std::uint32_t first_work = 0, end_work = 0;
  std::uint32_t first_step = 0, end_step = 0;
  bool rows = false;             // in turns of rows; otherwise in tiles
  std::uint32_t fast_bytes = 0;  // held while it runs
  Traffic traffic;
};

struct TrafficPlan {
  std::uint64_t fast_bytes = 0;  // as asked for
  std::uint64_t used_bytes = 0;  // of these
  std::vector<Interval> intervals;
  std::vector<Step> steps;
  std::vector<PackedPiece> packing;
  std::uint64_t packed_bytes = 0;
  // Per tensor: where it lies in slow memory. Tensors that never do have kNoPlace.
  std::vector<std::uint64_t> slow_offsets;
  std::uint64_t slow_bytes = 0;  // of the tensors
  Traffic traffic;
  std::uint64_t waiting_bytes = 0;  // of the fills: those that no computation runs beside
  std::uint64_t looked_at = 0;      // possibilities, while searching
  bool cut_short = false;           // the search's bound was met: a better plan may exist
};

inline constexpr std::uint64_t kNoPlace = ~std::uint64_t{0};

// The same network and options give the same plan. Each work has its share of kMostLookedAt
// possibilities (kLookedAtEach where that is more); one that has used up its share leads to no
// longer groups (`cut_short`), so that the time is bounded and every network has a plan.
// Errors: kInvalidArgument (no fast memory, more than kMostFastBytes, a line that is no power of
// two); kTooLarge where fast memory is too small for some work (`why` names it and the least that
// works for all), or the plan would have more than kMostSteps steps.
base::Result<TrafficPlan> MakeTrafficPlan(const Network& network, const TrafficOptions& options,
                                          base::Diagnosis& why);

// The least fast memory that any plan of this network can do with.
std::uint64_t LeastFastBytes(const Network& network);

}  // namespace pinhole::engine::plan::traffic
