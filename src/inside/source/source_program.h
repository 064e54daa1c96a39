// SPDX-License-Identifier: Apache-2.0
#pragma once

// The source process from its arguments to its end.
//
//   1  dies with whoever started it
//   2  makes the frames' memory, hands it over, and closes that socket: there is no way back
//   3  closes its wall (wall/confine.h): it may read the input and libraries, write nothing but
//      the camera devices it needs, and reach a network only for rtsp (one port) and PipeWire
//   4  only then starts GStreamer, opens the input and decodes
//   5  publishes the end
//
// Exit codes: 0 the input, or the steps, came to an end; 1 something failed and was said in one
// sentence on standard error, `pinhole: SENTENCE`; 2 wrong arguments. Once the memory was
// handed over the end is published in every case but a signal's.

#include "inside/source/source_options.h"
#include "wall/confine.h"

namespace pinhole::inside::source {

// What the process may still do for this input.
wall::Confinement ConfinementFor(const Input& input);

// Throws system::Failure.
int RunSource(const SourceOptions& options);

}  // namespace pinhole::inside::source
