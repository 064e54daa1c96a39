// SPDX-License-Identifier: Apache-2.0
#pragma once

// Proves that a plan for two memories is right, without trusting the planner: it shares no code
// with it beside the words of network.h and traffic_plan.h.
//
// It goes through the slots as a machine would and keeps, for every byte of fast memory, whose byte
// lies there. A step may read only bytes that are there: the rows that its window asks for, the
// constants of its channels. So whatever overwrites something still needed is found by the one who
// needs it. Every byte of every output is computed exactly once; what a step writes, what the
// fills and spills beside it touch, and what it reads are apart; nothing lies beyond fast memory;
// slow memory is read only where something has been written; all outputs are there in the end.

#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

struct Verified {
  std::uint64_t filled_bytes = 0, spilled_bytes = 0;  // counted anew
  // The same with every run of bytes rounded out to whole lines of slow memory.
  std::uint64_t line_bytes = 0;

  [[nodiscard]] std::uint64_t bytes() const { return filled_bytes + spilled_bytes; }
};

// Error: kInternal, `why` names the step and what is wrong. Working memory: 12 bytes for each byte
// of fast memory in use, and 1/4 of a byte for each byte of every tensor.
base::Result<Verified> VerifyTrafficPlan(const Network& network, const TrafficPlan& plan,
                                         std::uint32_t line_bytes, base::Diagnosis& why);

}  // namespace pinhole::engine::plan::traffic
