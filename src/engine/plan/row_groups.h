// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a row group needs of memory, found by walking it: how many rows of each tensor are alive at
// one time, and how far its last output may lie on what it reads.

#include <cstdint>
#include <span>

#include "engine/plan/lifetimes.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::plan {

// A group while it is being looked for.
struct Group {
  std::uint32_t first = 0, last = 0;
  std::int32_t rows_per_turn = 1;
  // The last output begins `shift` bytes (a multiple of kAlignment, at most 0) behind the beginning
  // of tensor `over`; -1: it has a place of its own.
  std::int32_t over = -1;
  std::int32_t shift = 0;

  [[nodiscard]] bool contains(std::size_t op) const { return first <= op && op <= last; }
};

// What becomes of a tensor that is made inside a group.
struct RowFate {
  std::uint16_t held = 0;  // rows that have a place; 0: all
  bool fleeting = false;   // each turn reads all that it makes: nothing stays for the next turn
};

// True where operator `op` may be part of a group.
bool CanBeInGroup(const Graph& graph, std::span<const OpDemand> demands, std::size_t op);

// The work that may still be done, in steps of a walk and the like; nothing more is begun when it
// is used up.
struct Work {
  std::uint64_t left = 0;

  bool Take(std::uint64_t amount) {
    left = left > amount ? left - amount : 0;
    return left > 0;
  }
};

// Walks `group`, all of whose operators CanBeInGroup, and sets its over and shift and the fate of
// every tensor that it makes. `lifetimes` are those of the whole graph without groups; `windows`
// hold each operator's window. False, with nothing to rely on, where the group is too large, a
// tensor needs too many rows, or the work is used up.
bool WalkGroup(const Graph& graph, std::span<const OpDemand> demands,
               std::span<const RowWindow> windows, std::span<const Lifetime> lifetimes,
               Group& group, std::span<RowFate> fates, Work& work);

// Bytes of one row of a tensor of rank 4.
inline std::uint32_t RowBytes(const Tensor& tensor) {
  return tensor.bytes / static_cast<std::uint32_t>(tensor.shape.dim(1));
}

}  // namespace pinhole::engine::plan
