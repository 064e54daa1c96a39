// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two devices that count: analogue samples and the calendar (RP2040 datasheet, chapters 4.8, 4.9).
//
// Adc: samples of 12 bits from a source of the caller's, 96 clocks of 48 MHz each, with FIFO,
// interrupt 22 and DMA request. Without a source inputs read 0 and the thermometer 27 °C. Rtc: a
// date and time that go on by the second, with interrupt 25 on a match.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

// Where samples come from. Device seam.
class AnalogSource {
 public:
  virtual ~AnalogSource() = default;
  // Input 0 to 4, a value of 0 to 4095.
  virtual std::uint32_t Sample(std::uint64_t cycle, unsigned input) = 0;
};

class Adc : public Device {
 public:
  explicit Adc(Signals& signals) : signals_(&signals) {}
  void set_source(AnalogSource* source) { source_ = source; }
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override { return done_at_; }
  void Advance() override;

 private:
  [[nodiscard]] std::uint64_t Clocks(std::uint64_t of_48_mhz) const;
  void Raise();

  Signals* signals_;
  AnalogSource* source_ = nullptr;
  std::uint32_t control_ = 0;
  std::uint32_t fifo_control_ = 0;
  std::uint32_t divisor_ = 0;
  std::uint32_t result_ = 0;
  std::uint32_t irq_enable_ = 0;
  std::uint32_t force_ = 0;
  Fifo<std::uint16_t, 4> fifo_;
  bool converting_ = false;
  std::uint64_t done_at_ = kNever;
};

class Rtc : public Device {
 public:
  explicit Rtc(Signals& signals) : signals_(&signals) {}
  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;

 private:
  struct Moment {
    std::uint32_t year = 0;
    std::uint32_t month = 1;
    std::uint32_t day = 1;
    std::uint32_t weekday = 0;
    std::uint32_t hour = 0;
    std::uint32_t minute = 0;
    std::uint32_t second = 0;
  };
  static void Tick(Moment& moment, bool force_no_leap);
  [[nodiscard]] bool Matches() const;
  void Raise();

  Signals* signals_;
  Moment moment_;
  std::array<std::uint32_t, 2> setup_{};
  std::array<std::uint32_t, 2> match_{};
  std::uint32_t divisor_ = 0;
  std::uint32_t control_ = 0;
  std::uint32_t irq_enable_ = 0;
  std::uint32_t force_ = 0;
  std::uint32_t latched_ = 0;
  std::uint64_t next_us_ = 0;
};

}  // namespace pinhole::emulator
