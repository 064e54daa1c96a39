// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where every byte lies while a network runs: decided before the first run, written down, checked
// by other code.
//
// One block of memory, the activation arena:
//   [0, state_bytes)            what stays from run to run: resources, variable tensors,
//                               operators' own state
//   [state_bytes, arena_bytes)  what lives for some operators only: tensors and scratch, packed by
//                               lifetime
// All offsets are from the block's start, aligned to kAlignment; the block must be too. An
// operator's output may share the place of an input that nobody reads afterwards, where the
// operator's kernel allows it; the two begin at the same byte. What READ_VARIABLE reads may lie in
// the resource itself while nobody assigns to it. Graph inputs live from the start of a run until
// their last reader, graph outputs and taps from their writer to the end of the run. Graphs that
// run once (CALL_ONCE) run before the main graph and share its memory above state_bytes.
//
// Operators of the main graph that can run by rows may form groups. A group is run in turns: each
// makes some rows of the last operator's output, and before them whatever rows of the operators in
// front are needed and not yet made (StripeWalk says which). What is made and read inside a group
// only has a place for as many rows as are ever needed at one time, in a ring: row r of a tensor
// with h held rows lies r % h rows behind its offset. No row is made twice, so the results are the
// same to the bit. The last operator's output may lie on what the group reads, as far as that is
// used up: it then begins some bytes before it (or where it does), not anywhere it likes.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"
#include "engine/tensor/row_window.h"

namespace pinhole::engine::plan {

inline constexpr std::size_t kAlignment = 16;
inline constexpr std::uint32_t kLargeBytes = 1024;
inline constexpr std::uint32_t kNowhere =
    0xFFFFFFFFU;  // constants, resource handles, tensors nobody writes or reads

// What a prepared operator asks for.
struct OpDemand {
  std::uint32_t scratch_bytes = 0;
  std::uint32_t state_bytes = 0;
  std::uint8_t in_place_inputs = 0;  // bit i: output 0 may take input i's place
  RowWindow rows = {};               // whether and how it runs by rows
};

// How long to look for groups and a tighter packing.
enum class Effort : std::uint8_t {
  kQuick,     // a few greedy passes, groups while little work is done: for a microcontroller
  kThorough,  // the same, then searches of bounded work: some milliseconds on a PC
};

// What to look for.
enum class Objective : std::uint8_t {
  kSmallest,  // the smallest arena
  kWhole,     // every tensor has its place as a whole: no groups
};

struct Request {
  const format::Model* model = nullptr;
  std::span<const std::span<const OpDemand>> demands;  // [graph][operator]
  std::span<const std::int32_t> taps;  // tensors of graph 0 to be readable after a run
  Effort effort = Effort::kThorough;
  Objective objective = Objective::kSmallest;
  // Of what takes kLargeBytes or more, a multiple of kAlignment: a cache line where kernels load
  // vectors as long as that. The arena is some bytes larger and must be aligned to it.
  std::uint32_t alignment = kAlignment;
};

inline constexpr std::size_t kMaxGroupOperators = 64;

// Operators [first, last], which run in turns.
struct RowGroup {
  std::uint32_t first = 0, last = 0;
  std::int32_t rows_per_turn = 1;      // of the last operator's output
  std::span<const RowWindow> windows;  // of operators first, first + 1, ... last
};

struct GraphPlan {
  std::span<const std::uint32_t> tensor_offsets;   // per tensor; kNowhere where it has no place
  std::span<const std::uint32_t> scratch_offsets;  // per operator, kNowhere where it wants none;
  std::span<const std::uint32_t> state_offsets;    // empty where no operator of the graph does
  std::span<const RowGroup> groups;                // in order, none overlapping another
  std::span<const std::uint16_t> held_rows;        // per tensor, 0: all; empty where no groups

  [[nodiscard]] std::uint32_t scratch_offset(std::size_t op) const {
    return scratch_offsets.empty() ? kNowhere : scratch_offsets[op];
  }
  [[nodiscard]] std::uint32_t state_offset(std::size_t op) const {
    return state_offsets.empty() ? kNowhere : state_offsets[op];
  }
  // Rows of the tensor that have a place at one time; 0: all of it.
  [[nodiscard]] std::uint32_t held(std::size_t tensor) const {
    return held_rows.empty() ? 0 : held_rows[tensor];
  }
};

struct Plan {
  std::span<const GraphPlan> graphs;
  std::span<const std::uint32_t> resource_offsets;
  std::uint32_t state_bytes = 0;
  std::uint32_t arena_bytes = 0;
  // No packing of these lifetimes can be smaller: state, and the most bytes that live at one time.
  std::uint32_t lower_bound_bytes = 0;
};

// Chooses groups and packs; the same request gives the same plan. The plan lies in `model_arena`;
// working memory, some 150 bytes a tensor, is taken from its back and given back, and the stack
// holds some 7 KiB.
// Errors: kOutOfMemory, kTooLarge (more than 2 GiB of activations).
base::Result<Plan> MakePlan(const Request& request, base::Arena& model_arena, base::Diagnosis& why);

}  // namespace pinhole::engine::plan
