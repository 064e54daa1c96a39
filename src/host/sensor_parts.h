// SPDX-License-Identifier: Apache-2.0
#pragma once

// The processes of a sensor, started with just what each is to have:
//
//   source ──shared memory──► inside ──facts pipe──► outside          and we watch
//
// The source (where the inside owns no camera itself) and the inside meet over a pair of sockets
// that nobody else holds, so that this process and the outside never have a picture within reach.

#include <string>
#include <string_view>
#include <vector>

#include "system/child_process.h"

namespace pinhole::host {

struct InsideNeeds {
  std::string input;  // as in the configuration, but never empty
  std::string model;  // a path
  unsigned width = 640, height = 480, fps = 10, threads = 1;
  bool loop = false;
  std::string at_least = "C";
  bool lock_step = false;  // the source goes on only for a byte of InsideParts::step
};

// True for v4l2:/dev/videoN: the inside owns the camera.
bool OwnsCamera(std::string_view input);

struct InsideParts {
  system::Child source;  // not running where the inside owns its camera
  system::Child inside;
  system::UniqueFd says;  // the inside's standard output: one line, once it is locked
  system::UniqueFd step;  // where lock_step
};

// `facts` is the writing end, or `facts_path` a FIFO. Throws Failure.
InsideParts StartInside(const InsideNeeds& needs, int facts, const std::string& facts_path);

// The line that an inside said, for a person: "grade B: ..."; empty for another line.
std::string StandingText(std::string_view line);

}  // namespace pinhole::host
