// SPDX-License-Identifier: Apache-2.0
// The lock holds for ever, so each attempt to get out is a process of its own.
#include "speech/sound/sound_wall.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/sanitized.h"
#include "wall/in_child.h"

namespace pinhole::speech {
namespace {

using wall::ChildEnd;
using wall::InChild;

constexpr ChildEnd kKilled{SIGSYS, 0};

// Standard input is this program's own file.
template <typename Body>
ChildEnd Locked(const Body& body, std::uint64_t memory = std::uint64_t{1} << 30) {
  return InChild([&] {
    const int file = ::open("/proc/self/exe", O_RDONLY);
    ::dup2(file, STDIN_FILENO);
    ::close(file);
    base::Diagnosis why;
    return LockSoundProgram({.memory_bytes = memory}, why) ? body() : 99;
  });
}

TEST(SoundWall, LeavesReadingWritingAndMemory) {
  const ChildEnd end = Locked([] {
    std::uint32_t magic = 0;
    if (::pread(STDIN_FILENO, &magic, sizeof magic, 0) != sizeof magic || magic != 0x464C457F) {
      return 1;
    }
    for (int i = 0; i < 15; ++i) {  // from the heap and, being large, from the system
      std::vector<char> some(std::size_t{1000} << i, 'x');
      some.resize(some.size() * 2);
      if (some[some.size() / 2 - 1] != 'x') {
        return 2;
      }
    }
    return ::write(STDOUT_FILENO, "", 0) == 0 && ::write(STDERR_FILENO, "", 0) == 0 ? 0 : 3;
  });
  EXPECT_EQ(end, (ChildEnd{0, 0}));
}

TEST(SoundWall, EndsWhoeverTriesAnythingElse) {
  static char* const kNoWords[] = {nullptr};
  EXPECT_EQ(Locked([] { return ::open("/etc/passwd", O_RDONLY); }), kKilled);
  EXPECT_EQ(Locked([] { return ::open("/tmp/left-behind", O_CREAT | O_WRONLY, 0600); }), kKilled);
  EXPECT_EQ(Locked([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), kKilled);
  EXPECT_EQ(Locked([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), kKilled);
  EXPECT_EQ(Locked([] { return ::execve("/bin/true", kNoWords, kNoWords); }), kKilled);
  EXPECT_EQ(Locked([] { return static_cast<int>(::fork()); }), kKilled);
  EXPECT_EQ(Locked([] { return ::kill(::getppid(), 0); }), kKilled);
  EXPECT_EQ(Locked([] { return ::unlink("/tmp/nothing"); }), kKilled);
  EXPECT_EQ(Locked([] { return ::dup(STDIN_FILENO); }), kKilled);
  EXPECT_EQ(Locked([] { return static_cast<int>(::write(3, "", 0)); }), kKilled);
  EXPECT_EQ(Locked([] { return static_cast<int>(::pread(3, nullptr, 0, 0)); }), kKilled);
  EXPECT_EQ(Locked([] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); }), kKilled);
  EXPECT_EQ(Locked([] { return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)); }),
            kKilled);
}

TEST(SoundWall, LeavesNoMemoryThatCanBeRun) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time maps what it likes";
  }
  const auto map = [](int protection, int flags) {
    return [=] { return ::mmap(nullptr, 4096, protection, flags, -1, 0) == MAP_FAILED ? 1 : 0; };
  };
  constexpr int kOwn = MAP_PRIVATE | MAP_ANONYMOUS;
  EXPECT_EQ(Locked(map(PROT_READ | PROT_WRITE, kOwn)), (ChildEnd{0, 0}));
  EXPECT_EQ(Locked(map(PROT_READ | PROT_WRITE | PROT_EXEC, kOwn)), kKilled);
  EXPECT_EQ(Locked(map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS)), kKilled);
  EXPECT_EQ(Locked([] {
              return ::mprotect(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kOwn, -1, 0), 4096,
                                PROT_READ | PROT_EXEC);
            }),
            kKilled);
}

TEST(SoundWall, LimitsMemory) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's shadow is larger than any limit";
  }
  const auto take = [](std::size_t bytes) {
    return [bytes] {
      void* const volatile some = std::malloc(bytes);
      return some == nullptr ? 1 : 0;
    };
  };
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 30;
  EXPECT_EQ(Locked(take(std::size_t{100} << 20), kLimit), (ChildEnd{0, 0}));
  EXPECT_EQ(Locked(take(std::size_t{1} << 30), kLimit), (ChildEnd{0, 1}));
}

}  // namespace
}  // namespace pinhole::speech
