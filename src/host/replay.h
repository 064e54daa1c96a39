// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pictures of one's own through the sensor, one by one: what it would say at each.
//
// The very processes of a live sensor, wall and all, but in step: the source goes on once the
// record of the frame before has come. Nothing is published and nothing reduced to a profile, since
// nobody is being watched: the pictures are the user's, and the answers go to the user's terminal.

#include <cstddef>
#include <functional>

#include "facts/person_facts.h"
#include "host/sensor_parts.h"

namespace pinhole::host {

// Calls `seen` with the record of each of the first `frames` frames, in order. Answers an exit
// code: 1 where a process could not begin and has said why. Throws Failure where one failed later.
int Replay(const InsideNeeds& needs, std::size_t frames,
           const std::function<void(const facts::PersonFacts&)>& seen);

}  // namespace pinhole::host
