// SPDX-License-Identifier: Apache-2.0
#pragma once

// The accesses that a network makes in one memory, for a cache to serve: the same computation as
// the plan's, with nobody who plans.
//
// Three orders:
//   layers  one operator after the other, as the engine runs without such a plan; tensors lie where
//           the engine's memory plan puts them, one over the other as they die
//   planned the plan's own steps in the plan's order; every tensor has a place as a whole, one over
//           the other as they die
//   rings   the plan's own steps, and what never leaves the plan's fast memory lies in as few bytes
//           as there: rings of rows, tensors that stay. A program made by the planner, run on a
//           cache
//
// An operator reads, for each row of its output, the rows of its inputs once and its constants
// once, then writes the row. What is written is brought in first, as processors do. An inner loop
// of a real kernel goes through the constants for every pixel or every few; this stream is kinder
// to the cache. Addresses begin at multiples of 64; constants lie behind each other as they are
// first read.
//
// What has to be in slow memory after the run is flushed; other bytes that were written and are
// still in the cache at the end are not counted, though a cache can't know that they are dead.

#include <cstdint>
#include <functional>

#include "engine/plan/traffic/cache.h"
#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

enum class Order : std::uint8_t { kLayers, kPlanned, kRings };

// Calls visit(address, bytes, write) for each access, in order; address and bytes stay below what
// is returned.
using Visit = std::function<void(std::uint64_t address, std::uint64_t bytes, bool write)>;
std::uint64_t VisitAccesses(const Network& network, const TrafficPlan& plan, Order order,
                            const Visit& visit);

// Runs the network's accesses through `cache`, from empty to flushed.
void RunThroughCache(const Network& network, const TrafficPlan& plan, Order order, Cache& cache);

}  // namespace pinhole::engine::plan::traffic
