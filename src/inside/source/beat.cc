// SPDX-License-Identifier: Apache-2.0
#include "inside/source/beat.h"

#include <unistd.h>

#include <cerrno>
#include <thread>

namespace pinhole::inside::source {

bool Beat::Next() {
  if (steps()) {
    char step = 0;
    for (;;) {
      const ssize_t n = ::read(step_fd_, &step, 1);
      if (n >= 0 || errno != EINTR) {
        return n == 1;
      }
    }
  }
  const Clock::time_point now = Clock::now();
  if (due_ == Clock::time_point{} || now > due_ + period_) {
    due_ = now;
  }
  std::this_thread::sleep_until(due_);
  due_ += period_;
  return true;
}

}  // namespace pinhole::inside::source
