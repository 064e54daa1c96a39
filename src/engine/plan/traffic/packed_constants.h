// SPDX-License-Identifier: Apache-2.0
#pragma once

// The constants of a model laid out in the order in which a plan reads them: what stands in slow
// memory beside the tensors.

#include <cstddef>
#include <vector>

#include "engine/plan/traffic/traffic_plan.h"

namespace pinhole::engine::plan::traffic {

// plan.packed_bytes of them, see PackedPiece.
std::vector<std::byte> PackConstants(const Network& network, const TrafficPlan& plan);

}  // namespace pinhole::engine::plan::traffic
