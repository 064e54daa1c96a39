// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signals are for the program's own threads: those that are started while this lives never get one.
//
//   const system::NoSignals inherited;
//   thread_ = std::thread(...);

#include <signal.h>

namespace pinhole::system {

class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace pinhole::system
