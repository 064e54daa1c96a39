// SPDX-License-Identifier: Apache-2.0
#pragma once

// The process that sees raw data, from its arguments to its end.
//
//   pinhole-inside --facts-fd 4 --camera /dev/video0                 owns its camera: grade A
//   pinhole-inside --facts-fd 4 --handover-fd 5                      frames of a source process:
//   grade B
//
// Everything that needs a name or a library is done first: the model is read and planned, the
// camera set up, memory taken, threads started. Then it says one line on standard output,
//
//   locked grade=B landlock=7 namespaces=yes clock=no
//
// locks itself (wall/sensor_wall.h), and from then on writes one record a frame to the facts pipe:
// what it believes, or "no reading" for a frame that failed. A record that finds the pipe full is
// dropped. When the frames end it ends, as wall/endings.h says.
//
// Errors before the lock are one line on standard error, `pinhole: SENTENCE`, and code 1 (2: wrong
// arguments). After the lock there is nothing that it could say: SIGSYS means that it tried what it
// may not, SIGPIPE that nobody takes its records any more.

#include <cstdint>
#include <optional>
#include <string>

#include "wall/sensor_wall.h"

namespace pinhole::inside::process {

struct InsideOptions {
  int facts_fd = -1;
  std::string facts_path;                   // a FIFO, opened for writing; instead of facts_fd
  int handover_fd = -1;                     // AF_UNIX socket to the source process
  std::string camera;                       // instead of handover_fd
  int width = 640, height = 480, fps = 30;  // wanted of the camera
  std::string model;
  int threads = 1;
  wall::Grade at_least = wall::Grade::kC;

  // For the audit, which gives neither camera nor model: the process then becomes this instead.
  std::string attempt;  // a name of wall/attempts.h
  std::string send;     // a name of senders.h
  std::string plant;    // a leak planted into the wall, that the audit must find
  std::uint32_t seed = 1;
  int beat_fd = -1;     // memory with a word that counts up (wall/rehearsal.h); with send
  wall::Layers layers;  // only with attempt
};

// Throws system::WrongUsage.
InsideOptions ParseInside(int argc, const char* const* argv);

// Returns only before the lock, with an exit code; throws system::Failure.
int RunInside(const InsideOptions& options);

}  // namespace pinhole::inside::process
