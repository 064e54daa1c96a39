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

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"

namespace pinhole::engine::plan {

inline constexpr std::size_t kAlignment = 16;
inline constexpr std::uint32_t kNowhere =
    0xFFFFFFFFU;  // constants, resource handles, tensors nobody writes or reads

// What a prepared operator asks for.
struct OpDemand {
  std::uint32_t scratch_bytes = 0;
  std::uint32_t state_bytes = 0;
  std::uint8_t in_place_inputs = 0;  // bit i: output 0 may take input i's place
};

// How long to look for a tighter packing.
enum class Effort : std::uint8_t {
  kQuick,     // a few greedy passes: for loading on a microcontroller
  kThorough,  // the same, then a search of bounded work: some milliseconds on a PC
};

struct Request {
  const format::Model* model = nullptr;
  std::span<const std::span<const OpDemand>> demands;  // [graph][operator]
  std::span<const std::int32_t> taps;  // tensors of graph 0 to be readable after a run
  Effort effort = Effort::kThorough;
};

struct GraphPlan {
  std::span<const std::uint32_t> tensor_offsets;   // per tensor; kNowhere where it has no place
  std::span<const std::uint32_t> scratch_offsets;  // per operator, kNowhere where it wants none;
  std::span<const std::uint32_t> state_offsets;    // empty where no operator of the graph does

  [[nodiscard]] std::uint32_t scratch_offset(std::size_t op) const {
    return scratch_offsets.empty() ? kNowhere : scratch_offsets[op];
  }
  [[nodiscard]] std::uint32_t state_offset(std::size_t op) const {
    return state_offsets.empty() ? kNowhere : state_offsets[op];
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

// Packs; the same request gives the same plan. The plan lies in `model_arena`; working memory, some
// 80 bytes a tensor, is taken from its back and given back.
// Errors: kOutOfMemory, kTooLarge (more than 2 GiB of activations).
base::Result<Plan> MakePlan(const Request& request, base::Arena& model_arena, base::Diagnosis& why);

}  // namespace pinhole::engine::plan
