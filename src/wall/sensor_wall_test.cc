// SPDX-License-Identifier: Apache-2.0
// The lock by itself. Whether it holds against a hundred attempts is for `pinhole audit wall`,
// which a test of the command runs.

#include "wall/sensor_wall.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <array>
#include <set>
#include <string>
#include <thread>

#include "base/sanitized.h"
#include "system/child_process.h"
#include "system/futex.h"
#include "wall/attempts.h"
#include "wall/in_child.h"
#include "wall/rehearsal.h"

namespace pinhole::wall {
namespace {

constexpr std::size_t kRecord = 37;

// A child behind the lock that does `body(facts_fd)`; what came through the pipe goes to `out`.
template <typename Body>
ChildEnd Locked(Doorway doorway, const Body& body, std::string* out = nullptr) {
  system::PipeEnds pipe = system::MakePipe();
  const ChildEnd end = InChild([&] {
    doorway.facts_fd = pipe.writing.get();
    doorway.record_bytes = kRecord;
    Standing standing = Separate({});
    base::Diagnosis why;
    if (!Seal(doorway, {}, standing, why)) {
      return 99;
    }
    EndChild(body(doorway.facts_fd));
  });
  pipe.writing.Close();
  std::array<char, 4096> text{};
  const ssize_t n = ::read(pipe.reading.get(), text.data(), text.size());
  if (out != nullptr) {
    out->assign(text.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  return end;
}

constexpr std::array<char, 64> kBytes{};

TEST(SensorWall, LetsOneWholeRecordThrough) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  std::string out;
  const auto write_record = [](int fd) {
    return ::write(fd, kBytes.data(), kRecord) == kRecord ? 0 : 1;
  };
  EXPECT_EQ(Locked({}, write_record, &out), (ChildEnd{0, 0}));
  EXPECT_EQ(out.size(), kRecord);
}

TEST(SensorWall, KillsAtAnyOtherLengthOrDescriptor) {
  for (const std::size_t bytes : {std::size_t{0}, kRecord - 1, kRecord + 1}) {
    std::string out;
    EXPECT_EQ(
        Locked(
            {}, [&](int fd) { return static_cast<int>(::write(fd, kBytes.data(), bytes)); }, &out),
        (ChildEnd{SIGSYS, 0}))
        << bytes;
    EXPECT_EQ(out, "");
  }
  EXPECT_EQ(Locked({}, [](int) { return static_cast<int>(::write(2, kBytes.data(), kRecord)); }),
            (ChildEnd{SIGSYS, 0}));
}

TEST(SensorWall, AllowsOnlyTheDevicesOwnRequests) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  constexpr unsigned long kAllowed = 0x5401;  // TCGETS, which /dev/null has none of
  const int device = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  Doorway doorway;
  doorway.device_fd = device;
  doorway.device_requests = {kAllowed};
  const auto call = [device](unsigned long request) {
    return [=](int) { return ::syscall(16 /* ioctl */, device, request, nullptr) < 0 ? 0 : 1; };
  };
#ifdef __x86_64__
  EXPECT_EQ(Locked(doorway, call(kAllowed)), (ChildEnd{0, 0}));
  EXPECT_EQ(Locked(doorway, call(0x5402)), (ChildEnd{SIGSYS, 0}));
#endif
  ::close(device);
}

TEST(SensorWall, ThreadsGoOnWaitingForEachOther) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's threads make calls of their own";
  }
  const ChildEnd end = InChild([] {
    system::PipeEnds pipe = system::MakePipe();
    Doorway doorway;
    doorway.facts_fd = pipe.writing.get();
    doorway.record_bytes = kRecord;
    doorway.threads = true;
    Standing standing = Separate({});
    static std::atomic<std::uint32_t> asked = 0;
    static std::atomic<std::uint32_t> answered = 0;
    std::thread([] {
      for (std::uint32_t i = 0;; ++i) {
        system::WaitWhile(asked, i);
        answered.store(i + 1);
        system::WakeAll(answered);
      }
    }).detach();
    base::Diagnosis why;
    if (!Seal(doorway, {}, standing, why)) {
      return 99;
    }
    for (std::uint32_t i = 0; i < 1000; ++i) {
      asked.store(i + 1);
      system::WakeAll(asked);
      system::WaitWhile(answered, i);
    }
    EndChild(0);
  });
  EXPECT_EQ(end, (ChildEnd{0, 0}));
}

TEST(SensorWall, AThreadIsLockedToo) {
  const ChildEnd end = InChild([] {
    Doorway doorway;
    doorway.facts_fd = 2;
    doorway.record_bytes = kRecord;
    Standing standing = Separate({});
    static std::atomic<bool> locked = false;
    std::thread([] {
      while (!locked.load()) {
      }
      ::syscall(39 /* getpid */);
    }).detach();
    base::Diagnosis why;
    if (!Seal(doorway, {}, standing, why)) {
      return 99;
    }
    locked.store(true);
    for (;;) {
    }
  });
  EXPECT_EQ(end, (ChildEnd{SIGSYS, 0}));
}

TEST(SensorWall, TheGradeIsThatOfTheWeakestPart) {
  Standing standing;
  standing.namespaces = true;
  standing.landlock_abi = 1;
  EXPECT_EQ(GradeOf(standing, true), Grade::kA);
  EXPECT_EQ(GradeOf(standing, false), Grade::kB);
  standing.landlock_abi = 0;
  EXPECT_EQ(GradeOf(standing, true), Grade::kC);
  standing.landlock_abi = 7;
  standing.namespaces = false;
  EXPECT_EQ(GradeOf(standing, true), Grade::kC);
}

TEST(Attempts, AreManyAndEachHasItsName) {
  std::set<std::string_view> names;
  for (const Attempt& attempt : AllAttempts()) {
    EXPECT_TRUE(names.insert(attempt.name).second) << attempt.name;
    EXPECT_EQ(AttemptNamed(attempt.name), &attempt);
  }
  EXPECT_GE(names.size(), 70U);
  EXPECT_EQ(AttemptNamed("none"), nullptr);
}

TEST(Rehearsal, AnAnswerComesBackAsItWas) {
  std::array<std::byte, kRecord> record{};
  EncodeAnswer({-1, 13}, record);
  const auto answer = DecodeAnswer(record);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->result, -1);
  EXPECT_EQ(answer->error, 13);
  record[0] = std::byte{0};
  EXPECT_FALSE(DecodeAnswer(record).has_value());
}

}  // namespace
}  // namespace pinhole::wall
