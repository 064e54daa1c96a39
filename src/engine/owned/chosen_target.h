// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which instruction set the engine uses on this machine.
//
// The best that the processor runs; or the one that the environment variable PINHOLE_ISA names
// ("reference", "avx2"; fast::AllTargets() has the list), for comparisons and when one is suspected.

#include "engine/kernels/fast/targets.h"
#include "engine/run/session.h"

namespace pinhole::engine::owned {

// Throws Failure where PINHOLE_ISA names none of this build's, or one that this processor lacks.
const kernels::fast::Target& ChosenTarget();

// What a session on a PC is loaded with: the chosen target's kernels, large tensors on cache lines,
// a plan that is found quickly.
run::SessionOptions HostSessionOptions();

}  // namespace pinhole::engine::owned
