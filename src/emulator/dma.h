// SPDX-License-Identifier: Apache-2.0
#pragma once

// Twelve channels that copy without a core (RP2040 datasheet, chapter 2.5).
//
// In: registers, the devices' requests (Signals::dreqs). Out: reads and writes on the chip's bus,
// interrupts 11 and 12. A channel whose request is up moves one item a cycle, the channels taking
// turns; chaining, rings, byte swaps, the sniffer's CRC-32 and sum, and the four pacing timers
// included. A bus error stops the channel with its error bits set.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

// The bus as the DMA sees it: any size at a multiple of it; false is a bus error.
class BusMaster {
 public:
  virtual ~BusMaster() = default;
  virtual bool MasterRead(std::uint32_t address, unsigned size, std::uint32_t& value) = 0;
  virtual bool MasterWrite(std::uint32_t address, unsigned size, std::uint32_t value) = 0;
  // Cycles that the accesses since the last call took beyond one each.
  virtual std::uint64_t TakeMasterWait() = 0;
};

class Dma : public Device {
 public:
  static constexpr unsigned kChannels = 12;

  Dma(Signals& signals, BusMaster& bus) : signals_(&signals), bus_(&bus) {}
  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override {
    return offset == 0x400 || offset == 0x40C || offset == 0x41C;
  }
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  // Moves what may be moved now, at most kBurst items; NextEvent says when to go on.
  void Advance() override;
  [[nodiscard]] std::uint64_t items_moved() const { return items_moved_; }

 private:
  static constexpr unsigned kBurst = 64;
  struct Channel {
    std::uint32_t read = 0;
    std::uint32_t write = 0;
    std::uint32_t reload = 0;  // what the count starts from
    std::uint32_t left = 0;
    std::uint32_t control = 0;
    bool busy = false;
    // For a channel that a timer paces: the cycle of the next item.
    std::uint64_t next = 0;
  };

  void Trigger(unsigned channel);
  [[nodiscard]] bool Ready(const Channel& channel) const;
  [[nodiscard]] std::uint64_t Pace(unsigned timer) const;
  void Move(unsigned channel);
  void Finish(unsigned channel);
  void Sniff(std::uint32_t value, unsigned size);
  void Raise();
  // Tells the devices which requests somebody waits for.
  void SayWanted();

  Signals* signals_;
  BusMaster* bus_;
  std::array<Channel, kChannels> channels_{};
  std::array<std::uint32_t, 4> timers_{};
  std::uint32_t raw_ = 0;
  std::array<std::uint32_t, 2> enable_{};
  std::array<std::uint32_t, 2> force_{};
  std::uint32_t sniff_control_ = 0;
  std::uint32_t sniff_data_ = 0;
  unsigned turn_ = 0;
  std::uint64_t go_on_at_ = kNever;
  std::uint64_t stalled_until_ = 0;  // an access that goes on
  std::uint64_t items_moved_ = 0;
};

}  // namespace pinhole::emulator
