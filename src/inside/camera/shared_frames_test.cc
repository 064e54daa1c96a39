// SPDX-License-Identifier: Apache-2.0
// Laws: what is captured is a frame that was published, whole, whatever the interleaving; nothing
// goes back; after set-up the reader asks the kernel for nothing but to wait; whatever lies in the
// memory, the reader stays inside it.
#include "inside/camera/shared_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/heap_count.h"
#include "base/sanitized.h"
#include "inside/camera/shared_frames_for_tests.h"

namespace pinhole::inside::camera {
namespace {

using base::Error;
using capture::Frame;
using capture::FrameShape;
using testing::HasSubstr;

// Pixel i of the frame `number`: no two frames share a row, and a piece of one shows in another.
std::uint8_t PixelOf(std::uint32_t number, std::size_t i) {
  return static_cast<std::uint8_t>((number * 2654435761U + i * 40503U) >> 8);
}

FrameShape ShapeOf(std::uint32_t number) {
  return {.width = 20 + static_cast<int>(number % 37),
          .height = 30 + static_cast<int>(number % 11),
          .channels = number % 2 == 0 ? 1 : 3};
}

std::vector<std::uint8_t> PixelsOf(std::uint32_t number) {
  const FrameShape shape = ShapeOf(number);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.width * shape.height) *
                                   static_cast<std::size_t>(shape.channels));
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = PixelOf(number, i);
  }
  return pixels;
}

// True where `frame` is frame `number` and nothing else.
bool Is(const Frame& frame, std::uint32_t number) {
  const FrameShape shape = ShapeOf(number);
  if (frame.width() != shape.width || frame.height() != shape.height ||
      frame.channels() != shape.channels) {
    return false;
  }
  const auto bytes = frame.stride() * static_cast<std::size_t>(frame.height());
  for (std::size_t i = 0; i < bytes; ++i) {
    if (frame.pixels()[i] != PixelOf(number, i)) {
      return false;
    }
  }
  return true;
}

constexpr std::size_t kRoom = 64 * 48 * 3;

struct Pair {
  explicit Pair(std::size_t room = kRoom) {
    base::Result<FrameWriter> made = FrameWriter::Create(room, why);
    EXPECT_TRUE(made) << why.text();
    writer.emplace(*std::move(made));
    SocketPair sockets;
    EXPECT_TRUE(writer->SendTo(sockets.ends[0], why)) << why.text();
    base::Result<std::unique_ptr<FrameReader>> received =
        FrameReader::Receive(sockets.ends[1], why);
    EXPECT_TRUE(received) << why.text();
    reader = *std::move(received);
  }
  void Publish(std::uint32_t number) {
    EXPECT_TRUE(writer->Publish(ShapeOf(number), PixelsOf(number), why)) << why.text();
  }

  base::Diagnosis why;
  std::optional<FrameWriter> writer;
  std::unique_ptr<FrameReader> reader;
};

TEST(SharedFrames, GoOverWhole) {
  Pair pair;
  for (std::uint32_t number = 1; number < 50; ++number) {
    pair.Publish(number);
    base::Result<Frame> frame = pair.reader->Capture(pair.why);
    ASSERT_TRUE(frame) << pair.why.text();
    EXPECT_TRUE(Is(*frame, number)) << number;
  }
}

TEST(SharedFrames, TheNewestWins) {
  Pair pair;
  for (std::uint32_t number = 1; number <= 5; ++number) {
    pair.Publish(number);
  }
  EXPECT_TRUE(Is(pair.reader->Capture(pair.why).value(), 5));
}

TEST(SharedFrames, GapsBetweenRowsStayBehind) {
  Pair pair;
  const std::vector<std::uint8_t> pixels = {1, 2, 9, 9, 9, 3, 4, 9, 9, 9, 5, 6};
  ASSERT_TRUE(pair.writer->Publish({.width = 2, .height = 3, .channels = 1, .stride = 5}, pixels,
                                   pair.why));
  const Frame frame = pair.reader->Capture(pair.why).value();
  EXPECT_EQ(frame.stride(), 2U);
  EXPECT_THAT(frame.pixels().first(6), testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(SharedFrames, FailuresAndTheEnd) {
  Pair pair;
  pair.writer->PublishFailed();
  EXPECT_EQ(pair.reader->Capture(pair.why).error(), Error::kMalformed);
  pair.Publish(3);
  EXPECT_TRUE(Is(pair.reader->Capture(pair.why).value(), 3));
  pair.writer->PublishEnd();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pair.reader->Capture(pair.why).error(), Error::kNotFound);
  }
  EXPECT_EQ(pair.writer->Publish(ShapeOf(4), PixelsOf(4), pair.why).error(), Error::kNotReady);
  EXPECT_EQ(pair.reader->Capture(pair.why).error(), Error::kNotFound);
}

TEST(SharedFrames, AWriterThatLeavesEndsTheFilm) {
  Pair pair;
  pair.Publish(1);
  pair.writer.reset();
  EXPECT_EQ(pair.reader->Capture(pair.why).error(), Error::kNotFound);
}

TEST(SharedFrames, RefusesWhatIsNoFrame) {
  Pair pair(100);
  const std::vector<std::uint8_t> pixels(400, 7);
  const auto error = [&](const FrameShape& shape, std::size_t given) {
    return pair.writer->Publish(shape, std::span(pixels).first(given), pair.why).error();
  };
  EXPECT_EQ(error({0, 5, 1}, 400), Error::kInvalidArgument);
  EXPECT_EQ(error({5, -1, 1}, 400), Error::kInvalidArgument);
  EXPECT_EQ(error({5, 5, 2}, 400), Error::kInvalidArgument);
  EXPECT_EQ(error({5, 5, 1, 4}, 400), Error::kInvalidArgument);
  EXPECT_EQ(error({5, 5, 1}, 24), Error::kInvalidArgument);
  EXPECT_EQ(error({5, 5, 1, SIZE_MAX}, 400), Error::kInvalidArgument);
  EXPECT_EQ(error({101, 1, 1}, 400), Error::kTooLarge);
  EXPECT_EQ(error({1 << 16, 1 << 16, 1}, 400), Error::kTooLarge);
  EXPECT_TRUE(pair.writer->Publish({10, 10, 1}, std::span(pixels).first(100), pair.why));
  EXPECT_EQ(pair.reader->Capture(pair.why).value().width(), 10);
}

TEST(SharedFrames, SizesOfTheMemory) {
  base::Diagnosis why;
  EXPECT_EQ(FrameWriter::Create(0, why).error(), Error::kInvalidArgument);
  EXPECT_EQ(FrameWriter::Create(kMaxSharedFrameBytes + 1, why).error(), Error::kTooLarge);
  Pair largest(kMaxSharedFrameBytes);
  const std::vector<std::uint8_t> pixels(kMaxSharedFrameBytes, 77);
  ASSERT_TRUE(largest.writer->Publish({1920, 1440, 3}, pixels, largest.why));
  EXPECT_TRUE(std::ranges::equal(largest.reader->Capture(largest.why).value().pixels(), pixels));
}

// ------------------------------------------------------------------------------------- secrecy

// All of a writer's memory, as the kernel shows it through the reader's descriptor.
std::vector<std::byte> MemoryBehind(int socket) {
  char mark = 0;
  iovec piece{&mark, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  EXPECT_EQ(::recvmsg(socket, &message, 0), 1);
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  std::vector<std::byte> bytes(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)));
  EXPECT_EQ(::pread(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(::pwrite(fd, bytes.data(), 1, 0), -1);
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  const int again = ::open(path.data(), O_RDWR | O_CLOEXEC);  // root may
  if (again >= 0) {
    EXPECT_EQ(::pwrite(again, bytes.data(), 1, 0), -1);
    EXPECT_EQ(::mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_SHARED, again, 0),
              MAP_FAILED);
    ::close(again);
  }
  ::close(fd);
  return bytes;
}

TEST(SharedFrames, OnlyTheNewestPictureLiesInTheMemory) {
  base::Diagnosis why;
  FrameWriter writer = FrameWriter::Create(1000, why).value();
  const auto count = [&](int value) {
    SocketPair sockets;
    EXPECT_TRUE(writer.SendTo(sockets.ends[0], why));
    const std::vector<std::byte> bytes = MemoryBehind(sockets.ends[1]);
    return std::count(bytes.begin(), bytes.end(), static_cast<std::byte>(value));
  };
  for (const int value : {201, 202, 203}) {
    const std::vector<std::uint8_t> pixels(1000, static_cast<std::uint8_t>(value));
    ASSERT_TRUE(writer.Publish({40, 25, 1}, pixels, why));
    EXPECT_EQ(count(value), 1000);
    EXPECT_EQ(count(value - 1), 0);
  }
  writer.PublishFailed();
  EXPECT_EQ(count(203), 0);
}

TEST(SharedFrames, NothingCanBeWrittenThroughTheReadersDescriptor) {
  base::Diagnosis why;
  FrameWriter writer = FrameWriter::Create(1000, why).value();
  SocketPair sockets;
  ASSERT_TRUE(writer.SendTo(sockets.ends[0], why));
  EXPECT_FALSE(MemoryBehind(sockets.ends[1]).empty());  // tries
}

TEST(SharedFrames, TheReadersCopyIsWipedWithTheFrame) {
  Pair pair;
  pair.Publish(9);
  std::span<const std::uint8_t> pixels;
  {
    const Frame frame = pair.reader->Capture(pair.why).value();
    pixels = frame.pixels();
    EXPECT_TRUE(std::any_of(pixels.begin(), pixels.end(), [](auto p) { return p != 0; }));
  }
  EXPECT_TRUE(std::all_of(pixels.begin(), pixels.end(), [](auto p) { return p == 0; }));
}

// ------------------------------------------------------------------------------- interleavings

// Runs `meanwhile` when the reader first touches a page of its mapping: between two words of a
// copy, at a place that the test chooses.
class Interruption {
 public:
  Interruption(std::size_t page, std::function<void()> meanwhile)
      : meanwhile_(std::move(meanwhile)) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find("memfd:pinhole-frames") != std::string::npos &&
          line.find(" r--s ") != std::string::npos) {
        const std::uintptr_t begin = std::stoull(line, nullptr, 16);
        const std::uintptr_t end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
        pages_ = (end - begin) / kPage;
        page_ = reinterpret_cast<void*>(begin + page % pages_ * kPage);
      }
    }
    EXPECT_NE(page_, nullptr);
    current_ = this;
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t*, void*) { current_->Fire(); };
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &before_);
    ::mprotect(page_, kPage, PROT_NONE);
  }
  ~Interruption() {
    ::mprotect(page_, kPage, PROT_READ);
    ::sigaction(SIGSEGV, &before_, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] bool fired() const { return fired_; }
  [[nodiscard]] std::size_t pages() const { return pages_; }

 private:
  static constexpr std::size_t kPage = 4096;

  void Fire() {
    if (fired_) {
      std::abort();  // a fault that is not this one's
    }
    fired_ = true;
    ::mprotect(page_, kPage, PROT_READ);
    meanwhile_();
  }

  static inline Interruption* current_ = nullptr;
  std::function<void()> meanwhile_;
  struct sigaction before_{};
  void* page_ = nullptr;
  std::size_t pages_ = 0;
  bool fired_ = false;
};

TEST(SharedFrames, AFrameThatIsOvertakenInTheMiddleOfItsCopyIsNotGiven) {
  if (::sysconf(_SC_PAGESIZE) != 4096) {
    GTEST_SKIP() << "this test counts in pages of 4096 bytes";
  }
  constexpr int kWidth = 1000;
  constexpr int kHeight = 50;
  const std::vector<std::uint8_t> first(kWidth * kHeight, 1);
  const std::vector<std::uint8_t> second(kWidth * kHeight, 2);
  int in_the_middle = 0;
  for (std::size_t page = 0; page < 30; ++page) {
    Pair pair(kWidth * kHeight);
    base::Diagnosis why;
    ASSERT_TRUE(pair.writer->Publish({kWidth, kHeight, 1}, first, why));
    const Interruption interruption(
        page, [&] { EXPECT_TRUE(pair.writer->Publish({kWidth, kHeight, 1}, second, why)); });
    const base::Result<Frame> frame = pair.reader->Capture(pair.why);
    ASSERT_TRUE(frame) << pair.why.text();
    const std::uint8_t expected = interruption.fired() ? 2 : 1;
    EXPECT_TRUE(std::ranges::all_of(frame->pixels().first(kWidth * kHeight),
                                    [&](auto p) { return p == expected; }))
        << "page " << page;
    in_the_middle += interruption.fired() ? 1 : 0;
  }
  EXPECT_GE(in_the_middle, 13);  // a page at least for every 4096 bytes of one slot
}

// The same by chance: frames in bursts, and a reader that comes at any moment of them.
TEST(SharedFrames, AnyInterleavingGivesWholeFrames) {
  constexpr int kHeight = PINHOLE_SANITIZED != 0 ? 512 : 4096;
  constexpr std::size_t kLarge = 512 * kHeight;
  // A sanitizer's copies are slow, and a writer that is faster is what makes the reader begin
  // again.
  constexpr int kFrames = PINHOLE_SANITIZED != 0 ? 40 : 500;
  Pair pair(kLarge);
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    base::Diagnosis why;
    std::vector<std::uint8_t> pixels(kLarge);
    for (int number = 0; !stop; ++number) {
      const int value = 1 + number % 251;
      std::memset(pixels.data(), value, pixels.size());
      EXPECT_TRUE(pair.writer->Publish({.width = 256 + value, .height = kHeight, .channels = 1},
                                       pixels, why))
          << why.text();
      if (number % 16 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    }
    pair.writer->PublishEnd();
  });
  int torn = 0;
  for (int i = 0; i < kFrames; ++i) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i % 50 * 20);
    while (std::chrono::steady_clock::now() < until) {
    }
    const base::Result<Frame> frame = pair.reader->Capture(pair.why);
    ASSERT_TRUE(frame) << pair.why.text();
    const auto pixels = frame->pixels().first(frame->stride() * kHeight);
    // All bytes are equal, and say the width.
    const bool whole = std::memcmp(pixels.data(), pixels.data() + 1, pixels.size() - 1) == 0 &&
                       256 + pixels[0] == frame->width();
    torn += whole ? 0 : 1;
  }
  EXPECT_EQ(torn, 0);
  stop = true;
  writing.join();
  while (pair.reader->Capture(pair.why)) {
  }
  EXPECT_EQ(pair.reader->Capture(pair.why).error(), Error::kNotFound);
}

// Scribbles over everything behind the first line, sequence word included, while frames are taken.
TEST(SharedFrames, AHostileWriterCannotLeadTheReaderAstray) {
  constexpr std::size_t kCapacity = 4096;
  ForgedMemory memory(*layout::MemoryBytes(kCapacity));
  memory.control().magic.store(layout::kMagic);
  memory.control().capacity.store(kCapacity);
  base::Diagnosis why;
  base::Result<std::unique_ptr<FrameReader>> reader = memory.Receive(why);
  ASSERT_TRUE(reader) << why.text();
  std::atomic<bool> stop{false};
  std::thread scribbling([&] {
    std::minstd_rand random(5);
    constexpr std::array<std::uint32_t, 5> kKinds = {0, 1, 1, 2, 4};  // all but the end
    auto* const words = reinterpret_cast<std::atomic<std::uint32_t>*>(memory.bytes().data());
    const std::size_t count = memory.bytes().size() / 4;
    const std::size_t slot = *layout::SlotBytes(kCapacity) / 4;
    while (!stop) {
      const std::uint32_t event = memory.control().sequence.load() + 1;
      const std::size_t begin = 16 + (event % layout::kSlots) * slot;
      words[begin].store(event);  // often what the reader looks for, so that it goes on
      words[begin + 1].store(0);
      words[begin + 2].store(kKinds[random() % kKinds.size()]);
      words[begin + 3].store(static_cast<std::uint32_t>(random() % 70));
      words[begin + 4].store(static_cast<std::uint32_t>(random() % 70));
      words[begin + 5].store(static_cast<std::uint32_t>(random() % 4));
      words[16 + random() % (count - 16)].store(static_cast<std::uint32_t>(random()));
      memory.control().sequence.store(event);
      memory.control().capacity.store(random());  // read once, before: of no use
      ::syscall(SYS_futex, &memory.control().sequence, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }
  });
  int frames = 0;
  for (int i = 0; i < 20000; ++i) {
    base::Result<Frame> frame = (*reader)->Capture(why);
    if (frame) {
      ++frames;
      EXPECT_LE(frame->stride() * static_cast<std::size_t>(frame->height()), kCapacity);
      EXPECT_LE(frame->pixels().size(), kCapacity);
    }
  }
  stop = true;
  scribbling.join();
  EXPECT_GT(frames, 0);
}

TEST(SharedFrames, AFrameLeftUnfinishedIsAFailedCapture) {
  ForgedMemory memory(*layout::MemoryBytes(64));
  memory.control().magic.store(layout::kMagic);
  memory.control().capacity.store(64);
  base::Diagnosis why;
  const std::unique_ptr<FrameReader> reader = memory.Receive(why).value();
  memory.control().sequence.store(7);  // but no slot says 7
  EXPECT_EQ(reader->Capture(why).error(), Error::kMalformed);
  EXPECT_THAT(std::string(why.text()), HasSubstr("unfinished"));
}

TEST(SharedFrames, WrongShapesAreFailedCaptures) {
  constexpr std::size_t kCapacity = 300;
  ForgedMemory memory(*layout::MemoryBytes(kCapacity));
  memory.control().magic.store(layout::kMagic);
  memory.control().capacity.store(kCapacity);
  base::Diagnosis why;
  const std::unique_ptr<FrameReader> reader = memory.Receive(why).value();
  std::uint32_t event = 0;
  const auto capture = [&](std::uint32_t kind, std::uint32_t width, std::uint32_t height,
                           std::uint32_t channels) {
    ++event;
    auto* const slot =
        reinterpret_cast<layout::Slot*>(memory.bytes().data() + sizeof(layout::Control) +
                                        (event % layout::kSlots) * *layout::SlotBytes(kCapacity));
    slot->event.store(event);
    slot->kind.store(kind);
    slot->width.store(width);
    slot->height.store(height);
    slot->channels.store(channels);
    memory.control().sequence.store(event);
    return reader->Capture(why);
  };
  EXPECT_TRUE(capture(1, 10, 10, 3));
  EXPECT_EQ(capture(1, 10, 10, 2).error(), Error::kMalformed);
  EXPECT_EQ(capture(1, 0, 10, 3).error(), Error::kMalformed);
  EXPECT_EQ(capture(1, 10, 0, 3).error(), Error::kMalformed);
  EXPECT_EQ(capture(1, 10, 11, 3).error(), Error::kMalformed);
  EXPECT_EQ(capture(1, 0xFFFFFFFF, 0xFFFFFFFF, 3).error(), Error::kMalformed);
  EXPECT_EQ(capture(1, 0x80000000, 2, 1).error(), Error::kMalformed);
  EXPECT_EQ(capture(0, 10, 10, 3).error(), Error::kMalformed);
  EXPECT_EQ(capture(4, 10, 10, 3).error(), Error::kMalformed);
  EXPECT_TRUE(capture(1, 300, 1, 1));
  EXPECT_EQ(capture(3, 0, 0, 0).error(), Error::kNotFound);
}

TEST(SharedFrames, TheSequenceWordMayWrapAround) {
  Pair pair;
  // The pair's own memory, seen from a second reader's side, can't be set forward; a forged one
  // can.
  ForgedMemory memory(*layout::MemoryBytes(64));
  memory.control().magic.store(layout::kMagic);
  memory.control().capacity.store(64);
  base::Diagnosis why;
  const std::unique_ptr<FrameReader> reader = memory.Receive(why).value();
  for (const std::uint32_t event : {0xFFFFFFFEU, 0xFFFFFFFFU, 0U, 1U}) {
    auto* const slot =
        reinterpret_cast<layout::Slot*>(memory.bytes().data() + sizeof(layout::Control) +
                                        (event % layout::kSlots) * *layout::SlotBytes(64));
    slot->kind.store(layout::kFailed);
    slot->event.store(event);
    memory.control().sequence.store(event);
    EXPECT_EQ(reader->Capture(why).error(), Error::kMalformed);
    EXPECT_THAT(std::string(why.text()), HasSubstr("could not capture"));
  }
}

// -------------------------------------------------------------------------------- handing over

TEST(SharedFrames, MemoryThatIsNotSafeIsRefused) {
  base::Diagnosis why;
  const std::size_t bytes = *layout::MemoryBytes(64);
  const auto sound = [](const ForgedMemory& memory) {
    memory.control().magic.store(layout::kMagic);
    memory.control().capacity.store(64);
  };
  {
    const ForgedMemory memory(bytes);
    sound(memory);
    EXPECT_TRUE(memory.Receive(why)) << why.text();
    EXPECT_EQ(memory.Receive(why, O_RDWR).error(), Error::kMalformed);
    EXPECT_THAT(std::string(why.text()), HasSubstr("not read-only"));
    EXPECT_EQ(memory.Receive(why, O_RDONLY, 'x').error(), Error::kMalformed);
    memory.control().capacity.store(65);  // another line
    EXPECT_EQ(memory.Receive(why).error(), Error::kMalformed);
    memory.control().capacity.store(UINT64_MAX);
    EXPECT_EQ(memory.Receive(why).error(), Error::kMalformed);
    memory.control().capacity.store(0);
    EXPECT_EQ(memory.Receive(why).error(), Error::kMalformed);
    sound(memory);
    memory.control().magic.store(1);
    EXPECT_EQ(memory.Receive(why).error(), Error::kMalformed);
  }
  for (const int missing : {F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_SEAL, 0x0010}) {
    const ForgedMemory memory(bytes, ForgedMemory::kAllSeals & ~missing);
    sound(memory);
    EXPECT_EQ(memory.Receive(why).error(), Error::kMalformed) << missing;
    EXPECT_THAT(std::string(why.text()), HasSubstr("not sealed"));
  }
  const ForgedMemory small(sizeof(layout::Control));
  EXPECT_EQ(small.Receive(why).error(), Error::kMalformed);
}

TEST(SharedFrames, WhatIsNoMemoryIsRefused) {
  base::Diagnosis why;
  SocketPair sockets;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(SendDescriptor(sockets.ends[0], null));
  ::close(null);
  EXPECT_EQ(FrameReader::Receive(sockets.ends[1], why).error(), Error::kMalformed);
  ASSERT_EQ(::send(sockets.ends[0], "F", 1, 0), 1);
  EXPECT_EQ(FrameReader::Receive(sockets.ends[1], why).error(), Error::kMalformed);
  sockets.CloseFirst();
  EXPECT_EQ(FrameReader::Receive(sockets.ends[1], why).error(), Error::kIo);
  FrameWriter writer = FrameWriter::Create(64, why).value();
  EXPECT_EQ(writer.SendTo(sockets.ends[1], why).error(), Error::kIo);
  EXPECT_EQ(writer.SendTo(-1, why).error(), Error::kIo);
}

TEST(SharedFrames, RefusedDescriptorsDoNotStayOpen) {
  const auto open = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
      count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
  };
  const int before = open();
  {
    base::Diagnosis why;
    const ForgedMemory memory(*layout::MemoryBytes(64));
    EXPECT_FALSE(memory.Receive(why));
    EXPECT_FALSE(memory.Receive(why, O_RDWR));
    Pair pair;
    pair.reader->CloseDescriptor();
    pair.Publish(5);
    EXPECT_TRUE(Is(pair.reader->Capture(why).value(), 5));
  }
  EXPECT_EQ(open(), before);
}

// ---------------------------------------------------------------------------------- after the lock

TEST(SharedFrames, CaptureAllocatesNothing) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  Pair pair;
  pair.Publish(2);
  const long before = base::heap_calls;
  {
    const Frame frame = pair.reader->Capture(pair.why).value();
  }
  pair.writer->PublishFailed();
  const bool failed = !pair.reader->Capture(pair.why);
  pair.writer->PublishEnd();
  const bool ended = !pair.reader->Capture(pair.why);
  EXPECT_EQ(base::heap_calls, before);
  EXPECT_TRUE(failed && ended);
}

// From here on this process may wait on a futex without a time-out, and end. Anything else kills.
void LockDown() {
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
  constexpr std::uint32_t kArchitecture = 0;
#endif
  const auto argument = [](int i) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * i);
  };
  std::array<sock_filter, 12> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, 9),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(1)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FUTEX_WAIT, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(3)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    ::_exit(99);
  }
}

// The exit code of a child that does `work` after the lock; -signal where it was killed.
template <typename Work, typename Meanwhile>
int RunLocked(Work work, Meanwhile meanwhile) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(98);
  }
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    meanwhile();
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(SharedFrames, AfterTheLockOnlyFutexWait) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  GTEST_SKIP() << "the filter of this test knows x86-64 and ARM64 only";
#endif
  base::Diagnosis why;
  FrameWriter writer = FrameWriter::Create(kRoom, why).value();
  SocketPair sockets;
  ASSERT_TRUE(writer.SendTo(sockets.ends[0], why));
  std::uint32_t number = 0;
  const auto publish = [&] {
    ++number;
    EXPECT_TRUE(writer.Publish(ShapeOf(number), PixelsOf(number), why));
    std::this_thread::sleep_for(std::chrono::microseconds(300));  // so that the child waits, too
  };
  const int code = RunLocked(
      [&] {
        const std::unique_ptr<FrameReader> reader =
            FrameReader::Receive(sockets.ends[1], why).value();
        reader->CloseDescriptor();
        LockDown();
        std::uint32_t last = 0;
        for (int i = 0; i < 100; ++i) {
          const base::Result<Frame> frame = reader->Capture(why);
          do {
            ++last;
          } while (frame && last < 1000000 && !Is(*frame, last));
          if (!frame || last == 1000000) {
            ::syscall(SYS_exit_group, 1);
          }
        }
        ::syscall(SYS_exit_group, 0);
      },
      publish);
  EXPECT_EQ(code, 0);
  // And the filter would have seen more.
  EXPECT_EQ(RunLocked(
                [] {
                  LockDown();
                  ::syscall(SYS_getpid);
                  ::syscall(SYS_exit_group, 0);
                },
                [] { std::this_thread::yield(); }),
            -SIGSYS);
}

}  // namespace
}  // namespace pinhole::inside::camera
