// SPDX-License-Identifier: Apache-2.0
#include "inside/process/senders.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "facts/person_codec.h"
#include "facts/person_facts.h"
#include "wall/rehearsal.h"

namespace pinhole::inside::process {

namespace {

using facts::PersonFacts;
using Record = std::array<std::byte, facts::kPersonFactsBytes>;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPagesOfOne = 64;  // resident pages that stand for a 1

struct Sender {
  const std::atomic<std::uint32_t>* beat = nullptr;
  int facts_fd = -1;
  std::uint32_t seed = 0;
  bool planted = false;              // memory calls are possible
  unsigned char* reserve = nullptr;  // mapped, never touched before the lock
  std::uint64_t half_beat_spins = 0;

  // The next beat, which is beat `seen` no longer; ends the process after the last.
  std::uint32_t NextBeat(std::uint32_t seen) const {
    for (;;) {
      const std::uint32_t now = beat->load(std::memory_order_acquire);
      if (now == wall::kLastBeat) {
        ::_exit(0);
      }
      if (now != seen) {
        return now;
      }
      ::syscall(SYS_futex, beat, FUTEX_WAIT, seen, nullptr, nullptr, 0);
    }
  }

  void Write(const PersonFacts& facts) const {
    Record record{};
    static_cast<void>(facts::EncodePerson(facts, record));
    static_cast<void>(!::write(facts_fd, record.data(), record.size()));
  }
};

// The beat's length is the audit's; spinning is counted out before the lock takes the clock away.
void Spin(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    asm volatile("" ::: "memory");
  }
}

std::uint64_t SpinsIn(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kSample = 20'000'000;
  timespec a{};
  timespec b{};
  ::clock_gettime(CLOCK_MONOTONIC, &a);
  Spin(kSample);
  ::clock_gettime(CLOCK_MONOTONIC, &b);
  const auto took =
      static_cast<std::uint64_t>((b.tv_sec - a.tv_sec) * 1'000'000'000 + (b.tv_nsec - a.tv_nsec));
  return kSample * nanoseconds / (took == 0 ? 1 : took);
}

PersonFacts Somebody() {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 1;
  facts.faces[0] = {200, 64, 64, 127, 127, 0, 0, 1};
  return facts;
}

void SendByResidentMemory(const Sender& sender, std::uint32_t beat) {
  const bool one = wall::MessageBit(sender.seed, beat);
  if (!sender.planted) {
    for (std::size_t i = 0; one && i < kPagesOfOne; ++i) {
      sender.reserve[(std::size_t{beat} * kPagesOfOne + i) * kPage] = 1;
    }
    return;
  }
  static void* held = nullptr;
  if (held != nullptr) {
    ::munmap(held, kPagesOfOne * kPage);
    held = nullptr;
  }
  if (one) {
    held = ::mmap(nullptr, kPagesOfOne * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    for (std::size_t i = 0; i < kPagesOfOne; ++i) {
      static_cast<volatile unsigned char*>(held)[i * kPage] = 1;
    }
  }
}

void SendByBusyness(const Sender& sender, std::uint32_t beat) {
  if (wall::MessageBit(sender.seed, beat)) {
    Spin(sender.half_beat_spins);
  }
}

void SendByMoment(const Sender& sender, std::uint32_t beat) {
  if (wall::MessageBit(sender.seed, beat)) {
    Spin(sender.half_beat_spins);
  }
  sender.Write(Somebody());
}

void SendByNumber(const Sender& sender, std::uint32_t beat) {
  const int count = wall::MessageBit(sender.seed, beat) ? 8 : 1;
  for (int i = 0; i < count; ++i) {
    sender.Write(Somebody());
  }
}

// Two low bits of every coordinate of four faces: the same 32 bits again and again.
void SendByLowBits(const Sender& sender, std::uint32_t) {
  PersonFacts facts = Somebody();
  facts.count = facts::kMaxFaces;
  std::uint32_t bit = 0;
  const auto hidden = [&](std::uint8_t base) {
    const int low = wall::MessageBit(sender.seed, bit) ? 1 : 0;
    const int high = wall::MessageBit(sender.seed, bit + 1) ? 2 : 0;
    bit += 2;
    return static_cast<std::uint8_t>(base + low + high);
  };
  for (std::size_t i = 0; i < facts::kMaxFaces; ++i) {
    facts::FaceFacts& face = facts.faces[i];
    face = facts.faces[0];
    const auto shrink = static_cast<std::uint8_t>(8 * i);  // larger faces first
    face.left = hidden(40);
    face.top = hidden(40);
    face.right = hidden(static_cast<std::uint8_t>(160 - shrink));
    face.bottom = hidden(static_cast<std::uint8_t>(160 - shrink));
  }
  sender.Write(facts);
}

struct Channel {
  std::string_view name;
  void (*send)(const Sender& sender, std::uint32_t beat);
};

constexpr std::array<Channel, 5> kChannels = {{{"rss", SendByResidentMemory},
                                               {"cpu", SendByBusyness},
                                               {"timing", SendByMoment},
                                               {"flood", SendByNumber},
                                               {"lsb", SendByLowBits}}};

const Channel* ChannelNamed(std::string_view name) {
  for (const Channel& channel : kChannels) {
    if (channel.name == name) {
      return &channel;
    }
  }
  return nullptr;
}

}  // namespace

bool IsSender(std::string_view name) { return ChannelNamed(name) != nullptr; }

base::Status Send(const InsideOptions& options, int facts_fd, base::Diagnosis& why) {
  constexpr std::size_t kMostBeats = 256;
  constexpr std::uint64_t kHalfBeatNs = 60'000'000;  // of the timing and busyness channels
  const Channel* const channel = ChannelNamed(options.send);
  void* const beat = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, options.beat_fd, 0);
  void* const reserve = ::mmap(nullptr, kMostBeats * kPagesOfOne * kPage, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (channel == nullptr || beat == MAP_FAILED || reserve == MAP_FAILED) {
    return why.Fail(base::Error::kInvalidArgument,
                    "a sender needs its beat: ", std::strerror(errno));
  }
  static Sender sender;
  sender.beat = static_cast<const std::atomic<std::uint32_t>*>(beat);
  sender.facts_fd = facts_fd;
  sender.seed = options.seed;
  sender.planted = options.plant == "rss";
  sender.reserve = static_cast<unsigned char*>(reserve);
  sender.half_beat_spins = SpinsIn(kHalfBeatNs);

  static wall::Standing standing = wall::Separate({});
  static wall::Doorway doorway;
  doorway.facts_fd = facts_fd;
  doorway.record_bytes = facts::kPersonFactsBytes;
  doorway.shared_frames = true;
  const base::Status sealed = sender.planted ? wall::SealWithMemoryCalls(doorway, standing, why)
                                             : wall::Seal(doorway, {}, standing, why);
  if (!sealed) {
    return sealed;
  }
  for (std::uint32_t now = sender.NextBeat(0);; now = sender.NextBeat(now)) {
    channel->send(sender, now % kMostBeats);
  }
}

}  // namespace pinhole::inside::process
