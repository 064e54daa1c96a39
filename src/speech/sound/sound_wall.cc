// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_wall.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitized.h"
#include "system/failure.h"
#include "wall/confine.h"
#include "wall/filter.h"

namespace pinhole::speech {

namespace {

using wall::Width;

#ifdef SYS_mmap2
constexpr long kMmap = SYS_mmap2;
#else
constexpr long kMmap = SYS_mmap;
#endif

void Limit(__rlimit_resource resource, std::uint64_t most) {
  const rlimit limit{most, most};
  ::setrlimit(resource, &limit);
}

void AllowInputAndOutput(wall::Filter& filter) {
  filter.Allow(SYS_pread64, {{0, STDIN_FILENO}});
  filter.Allow(SYS_write, {{0, STDOUT_FILENO}});
  filter.Allow(SYS_write, {{0, STDERR_FILENO}});
}

// What the heap asks for: memory of its own, never to be run.
void AllowMemory(wall::Filter& filter) {
  constexpr std::uint64_t kData = PROT_READ | PROT_WRITE;
  constexpr std::uint64_t kOwn = MAP_PRIVATE | MAP_ANONYMOUS;
  filter.Allow(SYS_brk);
  filter.Allow(kMmap, {{2, kData}, {3, kOwn}, {4, 0xFFFFFFFFU}});
  filter.Allow(SYS_mprotect, {{2, kData}});
  filter.Allow(SYS_munmap);
  filter.Allow(SYS_mremap);
  filter.Allow(SYS_madvise);
}

void AllowTheRest(wall::Filter& filter) {
  filter.Allow(SYS_exit_group);
  filter.Allow(SYS_rt_sigreturn);
  filter.Allow(SYS_restart_syscall);
  filter.Allow(SYS_clock_gettime);
  filter.Allow(SYS_getrandom);
  filter.Allow(SYS_futex, {{1, FUTEX_WAKE_PRIVATE}});
  filter.Allow(SYS_futex, {{1, FUTEX_WAIT_PRIVATE}});
#if PINHOLE_SANITIZED
  for (const long call : {kMmap, static_cast<long>(SYS_mprotect),
                          static_cast<long>(SYS_sched_yield), static_cast<long>(SYS_sigaltstack),
                          static_cast<long>(SYS_gettid), static_cast<long>(SYS_rt_sigprocmask)}) {
    filter.Allow(call);  // its run-time's
  }
#endif
}

}  // namespace

base::Status LockSoundProgram(const SoundWallLimits& limits, base::Diagnosis& why) {
  if (!wall::Filter::KnowsThisProcessor()) {
    return why.Fail(base::Error::kUnsupported,
                    "can't be decoded safely: this processor's system calls are not known to the "
                    "wall; x86-64, ARM and ARM64 are");
  }
  try {
    // What this kernel lacks of it is not needed: the filter below ends who tries to open anything.
    wall::Confine({});
  } catch (const system::Failure& failure) {
    return why.Fail(base::Error::kUnsupported, failure.what());
  }
  constexpr int kSetMdwe = 65;  // PR_SET_MDWE, from Linux 6.3
  ::prctl(kSetMdwe, 1, 0, 0, 0);
  if (PINHOLE_SANITIZED == 0) {
    Limit(RLIMIT_AS, limits.memory_bytes);
  }
  Limit(RLIMIT_CPU, limits.cpu_seconds);
  wall::Filter filter;
  AllowInputAndOutput(filter);
  AllowMemory(filter);
  AllowTheRest(filter);
  return filter.Install(wall::Otherwise::kKill, why);
}

}  // namespace pinhole::speech
