// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernels that are measured: the one place that says which. Those that the engine would choose
// on this processor, or the instruction set that the environment's PINHOLE_ISA names.

#include <cstdlib>
#include <string>

#include "benchmarks/worker_protocol.h"
#include "engine/kernels/fast/targets.h"

namespace pinhole::benchmarks {

// Throws Refused where PINHOLE_ISA names none of this build, or one that doesn't run here.
inline const engine::kernels::fast::Target& BenchTarget() {
  namespace fast = engine::kernels::fast;
  const char* const wanted = std::getenv("PINHOLE_ISA");
  if (wanted == nullptr) {
    return fast::BestTarget();
  }
  const fast::Target* const found = fast::FindTarget(wanted);
  if (found == nullptr) {
    std::string known;
    for (const fast::Target& target : fast::AllTargets()) {
      known += (known.empty() ? "" : ", ") + std::string(target.name);
    }
    throw Refused("instruction set '" + std::string(wanted) + "' is not known; give one of " +
                  known);
  }
  if (!found->runs_here()) {
    throw Refused("this processor does not run " + std::string(wanted) + ", which needs " +
                  std::string(found->needs));
  }
  return *found;
}

}  // namespace pinhole::benchmarks
