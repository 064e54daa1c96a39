// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/chip/second_core.h"

#include <cstdint>

#include "firmware/hal/multicore.h"

namespace pinhole::firmware::person {

namespace {

using Job = void(void*);

// The FIFO carries addresses; both cores see the same memory.
[[noreturn]] void RunJobs() {
  for (;;) {
    auto* const job = reinterpret_cast<Job*>(multicore_fifo_pop_blocking());
    auto* const context = reinterpret_cast<void*>(multicore_fifo_pop_blocking());
    job(context);
    multicore_fifo_push_blocking(0);
  }
}

void Start(Job* job, void* context) {
  multicore_fifo_push_blocking(reinterpret_cast<std::uint32_t>(job));
  multicore_fifo_push_blocking(reinterpret_cast<std::uint32_t>(context));
}

void Wait() { multicore_fifo_pop_blocking(); }

}  // namespace

const pinhole_nn::SecondCore& StartSecondCore() {
  static const pinhole_nn::SecondCore second{Start, Wait};
  multicore_launch_core1(RunJobs);
  return second;
}

}  // namespace pinhole::firmware::person
