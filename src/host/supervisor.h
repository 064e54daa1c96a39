// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps a live sensor running: starts its processes, starts what died again after a while that
// grows, ends when told to.
//
//   an inside that ended by itself (code 0)       the film is over: the sensor ends
//   an inside or source that died                 both again, after first_s, 2 first_s, ... most_s
//   an inside that nobody would read (SIGPIPE)    cut off: not started again, and "no reading"
//                                                 stays; with half a sensor here again after a
//                                                 while, and it waits where the FIFO stays shut
//   an outside that died                          all again
//   a source that can't use a file                the sensor ends with code 1
//   whatever fails before it ever ran             the sensor ends with code 1: it would fail again
//
// A part that ran for a minute is taken for sound: the next wait is first_s again. SIGINT and
// SIGTERM end the parts in order, the outside last, so that it can say that there is no reading any
// more. Killed with SIGKILL we take all of them with us: no orphans.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/sensor_parts.h"

namespace pinhole::host {

struct SupervisorOptions {
  InsideNeeds inside;
  bool run_inside = true, run_outside = true;
  bool input_is_file = false;  // a source that can't use it will not be able to next time either
  std::string facts_path;      // a FIFO, where only one of them runs here
  std::string config;          // for the outside
  std::vector<std::string> overrides;
  std::chrono::seconds first_wait{1}, longest_wait{60};
  std::optional<std::chrono::seconds> lasts;  // ends by itself after that
};

// An exit code. Throws Failure.
int Supervise(const SupervisorOptions& options);

}  // namespace pinhole::host
