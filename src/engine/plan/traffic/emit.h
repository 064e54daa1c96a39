// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the planner's choices to steps: who is filled when, where in its buffer, what goes back. The
// buffers have no address yet (layout.h gives them one): an address is a buffer's number and an
// offset in it. Used by planner.cc alone.

#include <cstdint>
#include <vector>

#include "engine/plan/traffic/search.h"
#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

constexpr std::uint64_t InBuffer(std::size_t buffer, std::uint64_t offset) {
  return std::uint64_t{buffer} << 32 | offset;
}
constexpr std::size_t BufferOf(std::uint64_t address) { return address >> 32; }
constexpr std::uint64_t OffsetOf(std::uint64_t address) { return address & 0xFFFFFFFFU; }

// Bytes of fast memory that an interval, or several, need.
struct Buffer {
  std::uint64_t bytes = 0;
  std::uint32_t first = 0, last = 0;  // intervals, both included
};

struct Draft {
  std::vector<Buffer> buffers;
  TrafficPlan plan;
};

// Error: kTooLarge (more than kMostSteps steps).
base::Result<Draft> Emit(const Network& network, const Found& found, const TrafficOptions& options,
                         base::Diagnosis& why);

}  // namespace pinhole::engine::plan::traffic
