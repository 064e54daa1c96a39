// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dynamic programme of the planner: which works go together, how, and what stays in fast memory
// between them. Used by planner.cc alone.
//
// A state is a boundary between two works and a set of tensors that lie in fast memory as a whole
// there: of those alive at most five, the ones that are needed next. From a state an interval of
// works leads to a later one; a resident tensor may be sent to slow memory at a boundary. The bytes
// in fast memory are summed, not placed: addresses come later (layout.h), with less room where the
// sum turns out not to be placeable.

#include <cstdint>
#include <vector>

#include "engine/plan/traffic/groups.h"
#include "engine/plan/traffic/network.h"
#include "engine/plan/traffic/tiles.h"

namespace pinhole::engine::plan::traffic {

struct Choice {
  std::uint32_t first = 0, end = 0;  // works
  bool rows = false;                 // in turns of rows; else in tiles
  std::uint32_t turn_rows = 1;
  Tiling tiling;
  std::vector<std::int32_t> before, after;  // tensors that are resident at its begin, at its end
  std::vector<std::int32_t> evicted;        // sent away just before it begins
};

struct SearchLimits {
  std::uint64_t fast_bytes = 0;
  std::uint32_t line_bytes = 64;
  std::size_t most_residents = 5;
  std::uint64_t looks = 0;  // possibilities to look at
};

struct Found {
  std::vector<Choice> choices;        // in order; all works
  std::vector<std::int32_t> evicted;  // after the last
  bool cut_short = false;
  std::uint64_t looked_at = 0;
};

// The cheapest sequence. fast_bytes is at least LeastFastBytes(network).
Found Search(const Network& network, const SearchLimits& limits);

// How the tensors of an interval are to lie, given what is resident before and after it.
Stay StayOf(const Network& network, std::int32_t tensor, bool produced, std::uint32_t end,
            const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after);
void StaysOf(const Network& network, const Choice& choice, std::vector<Stay>& inputs,
             std::vector<Stay>& outputs);

// Bytes that a group holds in fast memory, residents that it touches included.
std::uint64_t GroupFastBytes(const Network& network, const Group& group, const Choice& choice);

// The rows of a turn: as few turns as memory allows, yet enough for loads to run beside them.
std::uint32_t WidestTurn(const Network& network, const Choice& choice, std::uint64_t fast_bytes);

}  // namespace pinhole::engine::plan::traffic
