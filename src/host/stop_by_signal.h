// SPDX-License-Identifier: Apache-2.0
#pragma once

// SIGTERM, SIGINT and SIGHUP as a flag, for work that looks at one now and then.
//
// To be made before other threads are started: they must not get the signals.

#include <poll.h>

#include <atomic>
#include <thread>

#include "system/child_process.h"

namespace pinhole::host {

class StopBySignal {
 public:
  StopBySignal()
      : signals_(system::EndingSignals()),
        done_(system::MakePipe()),
        watcher_([this] { Watch(); }) {}
  ~StopBySignal() {
    done_.writing = {};  // which wakes the watcher
    watcher_.join();
  }
  StopBySignal(const StopBySignal&) = delete;
  StopBySignal& operator=(const StopBySignal&) = delete;

  [[nodiscard]] const std::atomic<bool>& flag() const { return stop_; }

 private:
  void Watch() {
    pollfd either[] = {{signals_.get(), POLLIN, 0}, {done_.reading.get(), POLLIN, 0}};
    while (::poll(either, 2, -1) < 0) {
    }
    stop_ = either[0].revents != 0;
  }

  system::UniqueFd signals_;
  system::PipeEnds done_;
  std::atomic<bool> stop_ = false;
  std::thread watcher_;
};

}  // namespace pinhole::host
