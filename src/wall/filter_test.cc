// SPDX-License-Identifier: Apache-2.0
#include "wall/filter.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/sanitized.h"
#include "wall/in_child.h"

namespace pinhole::wall {
namespace {

constexpr ChildEnd kKilled{SIGSYS, 0};

// exit_group and write(fd, any, count) with what else `more` allows; then `body`.
template <typename More, typename Body>
ChildEnd Filtered(const More& more, const Body& body) {
  return InChild([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    Filter filter;
    filter.Allow(SYS_exit_group);
    more(filter);
    base::Diagnosis why;
    return filter.Install(Otherwise::kKill, why) ? body() : 99;
  });
}

constexpr auto kNothing = [](Filter&) {};

TEST(Filter, KillsWhatNoRuleNames) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  EXPECT_EQ(Filtered(kNothing, [] { return 7; }), (ChildEnd{0, 7}));
  EXPECT_EQ(Filtered(kNothing, [] { return static_cast<int>(::syscall(SYS_getpid)); }), kKilled);
}

TEST(Filter, ComparesEveryArgumentOfARule) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  const auto rule = [](Filter& filter) {
    filter.Allow(SYS_lseek, {{0, 5}, {1, 0x100000002ULL, Width::k64}, {2, 3}});
  };
  const auto seek = [](long fd, unsigned long offset, long whence) {
    return [=] { return ::syscall(SYS_lseek, fd, offset, whence) < 0 && errno == EBADF ? 0 : 1; };
  };
  EXPECT_EQ(Filtered(rule, seek(5, 0x100000002UL, 3)), (ChildEnd{0, 0}));
  EXPECT_EQ(Filtered(rule, seek(6, 0x100000002UL, 3)), kKilled);
  EXPECT_EQ(Filtered(rule, seek(5, 0x000000002UL, 3)), kKilled);  // the upper half
  EXPECT_EQ(Filtered(rule, seek(5, 0x100000003UL, 3)), kKilled);
  EXPECT_EQ(Filtered(rule, seek(5, 0x100000002UL, 4)), kKilled);
}

TEST(Filter, LooksAt32BitsWhereTheKernelDoes) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  const auto rule = [](Filter& filter) { filter.Allow(SYS_close, {{0, 77}}); };
  const auto closed = [](unsigned long fd) {
    return [=] { return ::syscall(SYS_close, fd) < 0 && errno == EBADF ? 0 : 1; };
  };
  EXPECT_EQ(Filtered(rule, closed(77)), (ChildEnd{0, 0}));
  EXPECT_EQ(Filtered(rule, closed(0xABCD0000004DUL)), (ChildEnd{0, 0}));
  EXPECT_EQ(Filtered(rule, closed(78)), kKilled);
}

TEST(Filter, TriesTheNextRuleOfTheSameCall) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  const auto rules = [](Filter& filter) {
    filter.Allow(SYS_close, {{0, 77}});
    filter.Allow(SYS_getppid);
    filter.Allow(SYS_close, {{0, 78}});
  };
  const auto both = [] {
    return ::syscall(SYS_close, 78) < 0 && ::syscall(SYS_close, 77) < 0 &&
                   ::syscall(SYS_getppid) > 0
               ? 0
               : 1;
  };
  EXPECT_EQ(Filtered(rules, both), (ChildEnd{0, 0}));
}

TEST(Filter, RefusesWithTheErrorAskedFor) {
  const ChildEnd end = InChild([] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    Filter filter;
    filter.Refuse(SYS_getpid, EDOM);
    base::Diagnosis why;
    if (!filter.Install(Otherwise::kAllow, why)) {
      return 99;
    }
    return ::syscall(SYS_getpid) < 0 && errno == EDOM && ::syscall(SYS_getppid) > 0 ? 0 : 1;
  });
  EXPECT_EQ(end, (ChildEnd{0, 0}));
}

#ifdef __x86_64__
// The 32-bit gate has numbers of its own: 1 is exit there and write here.
TEST(Filter, KillsCallsOfAnotherAbi) {
  const auto rule = [](Filter& filter) { filter.Allow(SYS_write); };
  EXPECT_EQ(Filtered(rule,
                     [] {
                       long number = 20;  // getpid there, writev here
                       asm volatile("int $0x80" : "+a"(number) : : "memory");
                       return 0;
                     }),
            kKilled);
  EXPECT_EQ(Filtered(rule,
                     [] {
                       ::syscall(0x40000000 + SYS_write, 1, "", 0);  // the x32 ABI
                       return 0;
                     }),
            kKilled);
}
#endif

}  // namespace
}  // namespace pinhole::wall
