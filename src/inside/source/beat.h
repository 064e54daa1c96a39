// SPDX-License-Identifier: Apache-2.0
#pragma once

// When the next frame is due: by the clock, or when somebody says so.
//
//   Beat beat(options.step_fd, fps);
//   while (beat.Next()) { ... publish one ... }
//
// By the clock: the first at once, then one each 1/fps seconds of a clock that is never set. Who is
// late by more than that takes the next one at once and goes on from there; nothing is made up for.
// By steps: each byte read from a descriptor is one frame. That is lock-step, for evaluations: the
// reader of frames gets every one, in order, however slow it is.

#include <chrono>

namespace pinhole::inside::source {

class Beat {
 public:
  // `step_fd` below 0: by the clock. `fps` is above 0.
  Beat(int step_fd, double fps)
      : step_fd_(step_fd),
        period_(
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / fps))) {}

  [[nodiscard]] bool steps() const { return step_fd_ >= 0; }
  // Waits until it is time. False where the steps have ended: there will be no next.
  bool Next();

 private:
  using Clock = std::chrono::steady_clock;

  int step_fd_;
  Clock::duration period_;
  Clock::time_point due_{};
};

}  // namespace pinhole::inside::source
