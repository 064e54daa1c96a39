// SPDX-License-Identifier: Apache-2.0
#pragma once

// The 64-bit microsecond timer and its four alarms (RP2040 datasheet, chapter 4.6).
//
// In: Signals' time. Out: interrupts 0 to 3. An alarm is armed by writing it and fires when the low
// 32 bits of the time equal it. Not modelled: pausing for a debugger.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

class Timer : public Device {
 public:
  explicit Timer(Signals& signals) : signals_(&signals) {}
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override {
    return offset == 0x20 || offset == 0x34;
  }
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;

 private:
  [[nodiscard]] std::uint64_t Now() const;
  void Raise();

  Signals* signals_;
  std::uint64_t offset_us_ = 0;  // added to the time since the start
  std::uint32_t latched_high_ = 0;
  std::uint32_t written_low_ = 0;
  std::array<std::uint32_t, 4> alarms_{};
  std::array<std::uint64_t, 4> due_us_{};
  std::uint32_t armed_ = 0;
  std::uint32_t raw_ = 0;
  std::uint32_t enabled_ = 0;
  std::uint32_t forced_ = 0;
  bool paused_ = false;
  std::uint64_t paused_at_ = 0;
};

}  // namespace pinhole::emulator
