// SPDX-License-Identifier: Apache-2.0
#pragma once

// When constants come from a slow memory into a fast one, and where they lie there.
//
// A network reads its constants in an order that is known before it runs. So nothing is cached: a
// buffer is a ring, into which each operator's block is copied before its step, as many steps
// ahead as there is room for it. While a step runs, what the next ones need is under way.
//
//   const FetchPlan plan = PlanFetches(blocks, steps, capacity);
//   for each step: queue what starts here; wait for what is used here; run it
//
// A block keeps its place until the end of its step, so that operators that take turns, which are
// one step, find theirs at every turn. What has no room in the buffer stays where it
// is. VerifyFetches checks a plan without knowing how it was made.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pinhole::engine::emit {

struct FetchBlock {
  std::size_t op = 0;
  std::size_t step = 0;     // that reads it
  std::uint32_t bytes = 0;  // a multiple of 4
};

struct Fetch {
  FetchBlock block;
  std::uint32_t offset = 0;  // in the buffer
  std::size_t start = 0;     // queued before this step
};

struct FetchPlan {
  std::vector<Fetch> fetches;  // in the order in which they are queued and used
  std::uint32_t bytes = 0;     // of the buffer
};

// `blocks` in the order of their steps, `steps` of them; the buffer takes at most `capacity` bytes.
FetchPlan PlanFetches(std::vector<FetchBlock> blocks, std::size_t steps, std::uint32_t capacity);

// How many fetches behind this one are queued by the beginning of its step: they may still be under
// way when it is used.
int FetchesLeft(const FetchPlan& plan, std::size_t fetch);

// Empty, or what is wrong: a block that lies outside of the buffer or on another one that lives, is
// queued after its step or out of its order.
std::string VerifyFetches(const FetchPlan& plan);

}  // namespace pinhole::engine::emit
