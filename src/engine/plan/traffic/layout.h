// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses for a draft's buffers, and which steps have to wait. Used by planner.cc alone.

#include <cstdint>

#include "engine/plan/traffic/emit.h"

namespace pinhole::engine::plan::traffic {

// Gives the buffers addresses below `fast_bytes` and writes them into the plan; false where they
// don't fit. On success also: slow memory's places, waits, and what is moved.
bool LayOut(const Network& network, Draft& draft, std::uint64_t fast_bytes);

}  // namespace pinhole::engine::plan::traffic
