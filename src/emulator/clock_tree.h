// SPDX-License-Identifier: Apache-2.0
#pragma once

// Resets, oscillators, PLLs, clocks, the power-on state machine, the watchdog and the registers
// that only say who the chip is (RP2040 datasheet, chapters 2.13 to 2.20, 4.7).
//
// In: writes to their registers. Out: the frequency of the system and peripheral clocks in Signals,
// resets of other devices, a watchdog's reset of the chip. Oscillators are steady and PLLs locked
// at once; a crystal of 12 MHz. Not modelled: brown-outs, resuscitation, clocks on pins.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

inline constexpr std::uint32_t kCrystalHz = 12'000'000;
inline constexpr std::uint32_t kRingHz = 6'500'000;

// Registers that keep what is written.
template <unsigned kCount>
class PlainRegisters : public Device {
 public:
  std::uint32_t Read(std::uint32_t offset) override {
    return offset / 4 < kCount ? words_[offset / 4] : 0;
  }
  void Write(std::uint32_t offset, std::uint32_t value) override {
    if (offset / 4 < kCount) {
      words_[offset / 4] = value;
    }
  }
  void Reset() override { words_.fill(0); }

 protected:
  std::array<std::uint32_t, kCount> words_{};
};

class Resets : public Device {
 public:
  // `device` is reset while bit `bit` is set; null for a bit that nobody minds.
  void Connect(unsigned bit, Device* device) { devices_[bit] = device; }

  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;

 private:
  static constexpr std::uint32_t kAll = 0x01FF'FFFF;
  std::uint32_t held_ = kAll;
  std::uint32_t watchdog_select_ = 0;
  std::array<Device*, 25> devices_{};
};

class Xosc : public PlainRegisters<8> {
 public:
  std::uint32_t Read(std::uint32_t offset) override;
};

class Rosc : public PlainRegisters<9> {
 public:
  std::uint32_t Read(std::uint32_t offset) override;

 private:
  std::uint32_t random_ = 0x1234'5678;
};

class Pll : public PlainRegisters<4> {
 public:
  Pll() { Pll::Reset(); }
  std::uint32_t Read(std::uint32_t offset) override;
  void Reset() override;
  [[nodiscard]] std::uint32_t Hz() const;
};

class Clocks : public PlainRegisters<50> {
 public:
  Clocks(Signals& signals, const Pll& sys, const Pll& usb)
      : signals_(&signals), sys_(&sys), usb_(&usb) {
    Clocks::Reset();
  }
  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  // Works out the frequencies anew: a PLL was written.
  void Update();

 private:
  static constexpr unsigned kRef = 4;
  static constexpr unsigned kSys = 5;
  static constexpr unsigned kPeri = 6;
  [[nodiscard]] std::uint32_t Hz(unsigned clock) const;
  [[nodiscard]] std::uint32_t Divided(unsigned clock, std::uint32_t hz) const;

  Signals* signals_;
  const Pll* sys_;
  const Pll* usb_;
};

// Counts down every microsecond (twice, as the chip's erratum 1 has it) while it is enabled.
class Watchdog : public PlainRegisters<12> {
 public:
  explicit Watchdog(Signals& signals) : signals_(&signals) {}
  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  // Keeps the scratch registers and why the reset came, as the chip does.
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;
  // The chip is to be reset; cleared by the reset.
  [[nodiscard]] bool fired() const { return fired_; }

 private:
  static constexpr std::uint32_t kEnable = 1u << 30;
  static constexpr std::uint32_t kTrigger = 1u << 31;
  [[nodiscard]] std::uint64_t Left() const;

  Signals* signals_;
  std::uint64_t ends_at_us_ = 0;
  std::uint32_t reason_ = 0;
  bool fired_ = false;
};

// What the chip says of itself: an RP2040 B2.
class SysInfo : public PlainRegisters<1> {
 public:
  std::uint32_t Read(std::uint32_t offset) override;
};

// Power-on state machine: everything is on; bit 16 of FRCE_OFF holds core 1.
class Psm : public PlainRegisters<4> {
 public:
  std::uint32_t Read(std::uint32_t offset) override;
  [[nodiscard]] bool core1_held() const { return (words_[1] >> 16 & 1) != 0; }
};

}  // namespace pinhole::emulator
