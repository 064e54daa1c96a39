// SPDX-License-Identifier: Apache-2.0
#pragma once

// Threads lent to the engine: kernels::Workers on a PC.
//
//   WorkerPool pool(4);                    // three threads beside the caller's
//   session.set_workers(pool.workers());   // null for a pool of one: the engine then has no split
//
// A count is split into as many ranges as there are threads, each the same length but for the last
// one by rounding, always in the same way: thread i does range i, and the caller does range 0. The
// pool must outlive the session's use of it; its destructor ends the threads. One caller at a time;
// a body must not call the pool again.

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/kernels/kernel.h"

namespace pinhole::engine::owned {

class WorkerPool {
 public:
  static constexpr int kMaxThreads = 256;

  // `threads` in 1..kMaxThreads, the caller's included.
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] const engine::kernels::Workers* workers() const {
    return threads_.empty() ? nullptr : &workers_;
  }

 private:
  struct Job {
    void (*body)(void* argument, int begin, int end) = nullptr;
    void* argument = nullptr;
    int count = 0;
  };

  static void ForRanges(void* self, int count, void (*body)(void*, int, int), void* argument);
  void Work(int index);
  void RunRange(int index) const;

  engine::kernels::Workers workers_;
  std::vector<std::thread> threads_;
  int ranges_;
  Job job_;                                    // written while no thread works
  std::atomic<std::uint32_t> turn_ = 0;        // rises once a job, and once to end
  std::atomic<std::uint32_t> unfinished_ = 0;  // threads that still work on the job
  std::atomic<bool> ending_ = false;
};

}  // namespace pinhole::engine::owned
