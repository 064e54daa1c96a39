// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work split among the threads that the host lends (engine/kernels/kernel.h: Workers).

#include <atomic>

#include "engine/kernels/kernel.h"

namespace pinhole::speech {

struct Team {
  const engine::kernels::Workers* workers = nullptr;  // null: the caller alone
  int threads = 1;                                    // as many as the workers have

  // body(thread, piece) for every piece of [0, pieces); `thread` is below `threads` and no two
  // pieces run at once with the same one. Who is late takes fewer pieces, so that a thread which
  // the system holds up does not hold up the others.
  template <typename Body>
  void ForPieces(int pieces, const Body& body) const {
    if (workers == nullptr || threads <= 1 || pieces <= 1) {
      for (int piece = 0; piece < pieces; ++piece) {
        body(0, piece);
      }
      return;
    }
    Job<Body> job{body, pieces};
    workers->for_ranges(workers->self, threads, &Job<Body>::Run, &job);
  }

 private:
  template <typename Body>
  struct Job {
    const Body& body;
    int pieces;
    std::atomic<int> next = 0;

    static void Run(void* self, int begin, int /*end*/) {
      Job& job = *static_cast<Job*>(self);
      for (int piece = job.next++; piece < job.pieces; piece = job.next++) {
        job.body(begin, piece);
      }
    }
  };
};

}  // namespace pinhole::speech
