// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flash chip behind its serial interface, and the cache in front of it (RP2040 datasheet,
// chapters 2.6.3 and 4.10).
//
// FlashInterface: the SSI's registers, far enough for second-stage boot loaders and for programs
// that talk to the chip themselves: a W25Q-class chip that knows its identity and status and can be
// written and erased by commands. XipControl: the cache's own registers and its stream.
// XipCache: a model to count with: 16 KB, two ways, lines of 8 bytes. It holds no data, only which
// lines would be there; every miss costs the cycles that the serial transfer takes.

#include <array>
#include <cstdint>

#include "emulator/device.h"
#include "emulator/memory.h"

namespace pinhole::emulator {

class FlashInterface : public Device {
 public:
  explicit FlashInterface(Memory& memory) : memory_(&memory) {}
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  // Chip select: low begins a command, high ends it.
  void Select(bool selected);

  // Programs (only 1 to 0) and erases, as the chip would. Addresses count from the chip's start;
  // what lies outside is ignored.
  void Program(std::uint32_t address, std::uint8_t byte);
  void Erase(std::uint32_t address, std::uint32_t size);

 private:
  std::uint8_t Exchange(std::uint8_t byte);

  Memory* memory_;
  std::array<std::uint32_t, 64> registers_{};
  Fifo<std::uint32_t, 16> receive_;
  bool held_ = false;  // a program drives the chip select itself
  bool write_enabled_ = false;
  unsigned position_ = 0;
  std::uint8_t command_ = 0;
  std::uint32_t address_ = 0;
};

class XipCache {
 public:
  static constexpr unsigned kLineBytes = 8;
  static constexpr unsigned kSets = 1024;
  static constexpr unsigned kWays = 2;

  // An access at `address`; true where the line was there.
  bool Access(std::uint32_t address);
  void Flush();

  struct Counts {
    std::uint64_t accesses = 0;
    std::uint64_t hits = 0;
    [[nodiscard]] std::uint64_t flash_bytes() const { return (accesses - hits) * kLineBytes; }
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Set {
    std::array<std::uint32_t, kWays> tags{};  // tag + 1; 0 is empty
    std::uint8_t oldest = 0;
  };
  std::array<Set, kSets> sets_{};
  Counts counts_;
};

class XipControl : public Device {
 public:
  XipControl(Signals& signals, Memory& memory, XipCache& cache)
      : signals_(&signals), memory_(&memory), cache_(&cache) {}
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;

 private:
  void Raise() { signals_->SetDreq(37, stream_left_ != 0); }

  Signals* signals_;
  Memory* memory_;
  XipCache* cache_;
  std::uint32_t control_ = 3;
  std::uint64_t hits_from_ = 0;
  std::uint64_t accesses_from_ = 0;
  std::uint32_t stream_address_ = 0;
  std::uint32_t stream_left_ = 0;
};

}  // namespace pinhole::emulator
