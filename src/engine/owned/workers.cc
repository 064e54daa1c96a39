// SPDX-License-Identifier: Apache-2.0
#include "engine/owned/workers.h"

#include <algorithm>

#include "system/futex.h"

namespace pinhole::engine::owned {

WorkerPool::WorkerPool(int threads) : workers_{&WorkerPool::ForRanges, this} {
  ranges_ = std::clamp(threads, 1, kMaxThreads);
  threads_.reserve(static_cast<std::size_t>(ranges_ - 1));
  for (int i = 1; i < ranges_; ++i) {
    threads_.emplace_back([this, i] { Work(i); });
  }
}

WorkerPool::~WorkerPool() {
  ending_.store(true, std::memory_order_relaxed);
  turn_.fetch_add(1, std::memory_order_release);
  system::WakeAll(turn_);
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void WorkerPool::RunRange(int index) const {
  const auto edge = [this](int i) {
    return static_cast<int>(std::int64_t{job_.count} * i / ranges_);
  };
  const int begin = edge(index);
  const int end = edge(index + 1);
  if (begin < end) {
    job_.body(job_.argument, begin, end);
  }
}

void WorkerPool::Work(int index) {
  std::uint32_t seen = 0;
  for (;;) {
    system::WaitWhile(turn_, seen);
    // Each job is waited for before the next one begins, so no turn is ever missed.
    ++seen;
    if (ending_.load(std::memory_order_relaxed)) {
      return;
    }
    RunRange(index);
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      system::WakeAll(unfinished_);
    }
  }
}

void WorkerPool::ForRanges(void* self, int count, void (*body)(void*, int, int), void* argument) {
  auto& pool = *static_cast<WorkerPool*>(self);
  pool.job_ = {body, argument, count};
  if (count < 2) {
    pool.job_.body(argument, 0, count);
    return;
  }
  pool.unfinished_.store(static_cast<std::uint32_t>(pool.threads_.size()),
                         std::memory_order_relaxed);
  pool.turn_.fetch_add(1, std::memory_order_release);
  system::WakeAll(pool.turn_);
  pool.RunRange(0);
  for (std::uint32_t left; (left = pool.unfinished_.load(std::memory_order_acquire)) != 0;) {
    system::WaitWhile(pool.unfinished_, left);
  }
}

}  // namespace pinhole::engine::owned
