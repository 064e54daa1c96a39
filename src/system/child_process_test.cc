// SPDX-License-Identifier: Apache-2.0
#include "system/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "system/failure.h"

namespace pinhole::system {
namespace {

std::string ReadAll(int fd) {
  std::string all;
  std::array<char, 256> some{};
  for (ssize_t n = 0; (n = ::read(fd, some.data(), some.size())) > 0;) {
    all.append(some.data(), static_cast<std::size_t>(n));
  }
  return all;
}

TEST(ChildProcess, HasTheDescriptorsThatWereHandedAndNoOthers) {
  PipeEnds out = MakePipe();
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // not close-on-exec
  Child child = Child::Start({"/bin/sh", "-c", "ls /proc/self/fd >&5"}, {{out.writing.get(), 5}});
  out.writing.Close();
  const std::string seen = ReadAll(out.reading.get());
  // ls itself opens one more, the folder: 3.
  EXPECT_EQ(seen, "0\n1\n2\n3\n5\n");
  EXPECT_EQ(child.Wait().exit_code, 0);
}

TEST(ChildProcess, DescriptorsMayChangePlaces) {
  PipeEnds a = MakePipe();
  PipeEnds b = MakePipe();
  const int first = a.writing.get();
  const int second = b.writing.get();
  Child child = Child::Start(
      {"/bin/sh", "-c",
       "echo one >&" + std::to_string(second) + "; echo two >&" + std::to_string(first)},
      {{first, second}, {second, first}});
  a.writing.Close();
  b.writing.Close();
  EXPECT_EQ(ReadAll(a.reading.get()), "one\n");
  EXPECT_EQ(ReadAll(b.reading.get()), "two\n");
}

TEST(ChildProcess, SaysHowItEnded) {
  Child fine = Child::Start({"/bin/sh", "-c", "exit 3"});
  pollfd ended{fine.pidfd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  const std::optional<Ending> ending = fine.Ended();
  ASSERT_TRUE(ending.has_value());
  EXPECT_EQ(ending->Text(), "exit code 3");
  EXPECT_FALSE(fine.running());
  EXPECT_FALSE(fine.Ended().has_value());

  Child killed = Child::Start({"/bin/sleep", "1000"});
  EXPECT_FALSE(killed.Ended().has_value());
  killed.Signal(SIGTERM);
  EXPECT_EQ(killed.Wait().Text(), "killed by SIGTERM");
}

TEST(ChildProcess, IsKilledWithItsOwner) {
  pid_t pid = 0;
  {
    const Child child = Child::Start({"/bin/sleep", "1000"});
    pid = child.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ChildProcess, AMissingProgramIsAnError) {
  try {
    Child::Start({"/none/such"});
    FAIL() << "started";
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(),
                 "/none/such: can't be started: No such file or directory; install Pinhole again");
  }
}

}  // namespace
}  // namespace pinhole::system
