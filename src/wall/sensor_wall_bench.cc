// SPDX-License-Identifier: Apache-2.0
// What the lock costs: a system call that it lets through, beside the same call without it, in
// nanoseconds. A frame makes two (wait for it, write its record), or three with a camera of one's
// own. Not measured: start-up, and what shared memory costs (inside/camera/shared_frames_bench.cc).

#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "system/child_process.h"
#include "wall/in_child.h"
#include "wall/sensor_wall.h"

namespace pinhole::wall {
namespace {

constexpr std::size_t kRecord = 37;
constexpr int kCalls = 1'000'000;

// Between the record that says "now" and the one that says "done", by the parent's clock: the
// locked child has none.
double NanosecondsACall(bool locked) {
  system::PipeEnds pipe = system::MakePipe();
  static std::atomic<std::uint32_t> word = 1;
  const pid_t child = ::fork();
  if (child == 0) {
    Doorway doorway;
    doorway.facts_fd = pipe.writing.get();
    doorway.record_bytes = kRecord;
    doorway.shared_frames = true;
    if (locked) {
      Standing standing = Separate({});
      base::Diagnosis why;
      if (!Seal(doorway, {}, standing, why)) {
        ::_exit(1);
      }
    }
    std::array<char, kRecord> record{};
    static_cast<void>(!::write(doorway.facts_fd, record.data(), record.size()));
    for (int i = 0; i < kCalls; ++i) {
      ::syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr, nullptr, 0);  // another value: comes back
    }
    static_cast<void>(!::write(doorway.facts_fd, record.data(), record.size()));
    ::_exit(0);
  }
  pipe.writing.Close();
  std::array<char, kRecord> record{};
  static_cast<void>(!::read(pipe.reading.get(), record.data(), record.size()));
  const auto begin = std::chrono::steady_clock::now();
  static_cast<void>(!::read(pipe.reading.get(), record.data(), record.size()));
  const auto end = std::chrono::steady_clock::now();
  int status = 0;
  ::waitpid(child, &status, 0);
  return std::chrono::duration<double, std::nano>(end - begin).count() / kCalls;
}

void BM_SystemCall(benchmark::State& state) {
  for (auto _ : state) {
    state.SetIterationTime(NanosecondsACall(state.range(0) != 0) * 1e-9);
  }
  state.SetLabel(state.range(0) != 0 ? "locked" : "not locked");
}
BENCHMARK(BM_SystemCall)
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Iterations(9)
    ->Repetitions(3)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace pinhole::wall
