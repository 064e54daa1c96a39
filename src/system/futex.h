// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waiting for a number to change, within one process, by the kernel's own call and nothing else.
//
// std::atomic::wait does the same and more: it yields the processor first, which is a system call
// of its own, and a process behind the wall (wall/sensor_wall.h) may make none but this one.

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace pinhole::system {

// Returns once `word` is not `value`; what was written before that change is seen (acquire).
inline void WaitWhile(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  while (word.load(std::memory_order_acquire) == value) {
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
  }
}

inline void WakeAll(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace pinhole::system
