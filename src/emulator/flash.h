// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flash chip behind its serial interface, and the cache in front of it (RP2040 datasheet,
// chapters 2.6.3 and 4.10).
//
// FlashInterface: the SSI's registers, far enough for second-stage boot loaders, for programs that
// talk to the chip themselves, and for bulk reads by DMA: a W25Q-class chip that knows its identity
// and status and can be written and erased by commands. XipControl: the cache's own registers and
// its stream. XipCache: which words would be in the cache, to count with; it holds no data.
//
// Time: the interface reads one word of 32 bits a transfer, with address, mode bits and dummy
// clocks before each, as its registers are set; a miss of the cache and a word of the stream take
// one such transfer, a bulk read has the address once. The serial bus does one thing at a time: who
// comes while it is busy waits, and the stream gives way to the cores. Bytes that a program sends
// by hand take no time.

#include <array>
#include <cstdint>

#include "emulator/device.h"
#include "emulator/memory.h"

namespace pinhole::emulator {

class FlashInterface : public Device {
 public:
  FlashInterface(Signals& signals, Memory& memory) : signals_(&signals), memory_(&memory) {}
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override { return bulk_at_; }
  void Advance() override;
  // Chip select: low begins a command, high ends it.
  void Select(bool selected);

  // Programs (only 1 to 0) and erases, as the chip would. Addresses count from the chip's start;
  // what lies outside is ignored.
  void Program(std::uint32_t address, std::uint8_t byte);
  void Erase(std::uint32_t address, std::uint32_t size);

  // What a word read through the cache or the stream takes, in cycles of the system clock.
  [[nodiscard]] std::uint64_t WordCycles() const;
  // When a word that is asked for at `cycle` is there; the bus is busy until then. `takes` is
  // WordCycles or a figure of the caller's.
  std::uint64_t ReadWord(std::uint64_t cycle, std::uint64_t takes);
  [[nodiscard]] std::uint64_t busy_until() const { return busy_until_; }

 private:
  static constexpr std::uint32_t kFifoDepth = 16;

  std::uint8_t Exchange(std::uint8_t byte);
  [[nodiscard]] std::uint64_t Divider() const;
  // Serial clocks before the data, and of a frame.
  [[nodiscard]] std::uint64_t AddressClocks() const;
  [[nodiscard]] std::uint64_t FrameClocks() const;
  [[nodiscard]] bool ReadsInBulk() const;
  void StartBulk(std::uint32_t command);
  void Raise();

  Signals* signals_;
  Memory* memory_;
  std::array<std::uint32_t, 64> registers_{};
  Fifo<std::uint32_t, kFifoDepth> receive_;
  bool held_ = false;  // a program drives the chip select itself
  bool write_enabled_ = false;
  unsigned position_ = 0;
  std::uint8_t command_ = 0;
  std::uint32_t address_ = 0;
  std::uint32_t bulk_address_ = 0;
  std::uint32_t bulk_left_ = 0;  // words
  std::uint64_t bulk_at_ = kNever;
  std::uint64_t busy_until_ = 0;
};

// 16 KB, two ways, lines of 8 bytes of which each half is filled by itself: the interface cannot
// read more than 4 bytes at once.
class XipCache {
 public:
  static constexpr unsigned kLineBytes = 8;
  static constexpr unsigned kFillBytes = 4;
  static constexpr unsigned kSets = 1024;
  static constexpr unsigned kWays = 2;

  // An access at `address`; true where the word was there. The alias says whether the cache is
  // asked and filled: 0x10 both, 0x11 asked, 0x12 filled, 0x13 neither.
  bool Access(std::uint32_t address);
  void Invalidate(std::uint32_t address);
  void Flush();

  struct Counts {
    std::uint64_t accesses = 0;
    std::uint64_t hits = 0;
    // Cycles that cores stood still for.
    std::uint64_t waited = 0;
    [[nodiscard]] std::uint64_t flash_bytes() const { return (accesses - hits) * kFillBytes; }
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  void CountWait(std::uint64_t cycles) { counts_.waited += cycles; }
  void set_enabled(bool enabled) { enabled_ = enabled; }

 private:
  struct Way {
    std::uint32_t tag = 0;
    std::uint32_t halves = 0;  // bit 0: bytes 0 to 3, bit 1: bytes 4 to 7
  };
  struct Set {
    std::array<Way, kWays> ways{};
    std::uint8_t oldest = 0;
  };
  std::array<Set, kSets> sets_{};
  Counts counts_;
  bool enabled_ = true;
};

class XipControl : public Device {
 public:
  XipControl(Signals& signals, Memory& memory, XipCache& cache, FlashInterface& flash)
      : signals_(&signals), memory_(&memory), cache_(&cache), flash_(&flash) {}
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override { return stream_at_; }
  void Advance() override;
  // The stream's FIFO, which lies at a second place of its own.
  std::uint32_t ReadStream();
  [[nodiscard]] std::uint64_t streamed_words() const { return streamed_words_; }

 private:
  void ScheduleStream();
  void Raise() { signals_->SetDreq(37, !stream_.empty()); }

  Signals* signals_;
  Memory* memory_;
  XipCache* cache_;
  FlashInterface* flash_;
  std::uint32_t control_ = 3;
  std::uint64_t hits_from_ = 0;
  std::uint64_t accesses_from_ = 0;
  std::uint32_t stream_address_ = 0;
  std::uint32_t stream_left_ = 0;
  Fifo<std::uint32_t, 2> stream_;
  std::uint64_t stream_at_ = kNever;
  bool stream_reading_ = false;  // a word is on the bus, there at stream_at_
  std::uint64_t streamed_words_ = 0;
};

}  // namespace pinhole::emulator
