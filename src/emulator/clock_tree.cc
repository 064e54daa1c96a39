// SPDX-License-Identifier: Apache-2.0
#include "emulator/clock_tree.h"

namespace pinhole::emulator {

std::uint32_t Resets::Read(std::uint32_t offset) {
  switch (offset) {
    case 0: return held_;
    case 4: return watchdog_select_;
    case 8: return ~held_ & kAll;
    default: return 0;
  }
}

void Resets::Write(std::uint32_t offset, std::uint32_t value) {
  if (offset == 4) {
    watchdog_select_ = value & kAll;
  }
  if (offset != 0) {
    return;
  }
  const std::uint32_t newly = value & kAll & ~held_;
  held_ = value & kAll;
  for (unsigned bit = 0; bit < devices_.size(); ++bit) {
    if ((newly >> bit & 1) != 0 && devices_[bit] != nullptr) {
      devices_[bit]->Reset();
    }
  }
}

void Resets::Reset() {
  held_ = 0;
  Write(0, kAll);
}

std::uint32_t Xosc::Read(std::uint32_t offset) {
  constexpr std::uint32_t kStable = 1u << 31;
  constexpr std::uint32_t kEnabled = 1u << 12;
  return offset == 4 ? kStable | kEnabled : PlainRegisters::Read(offset);
}

std::uint32_t Rosc::Read(std::uint32_t offset) {
  constexpr std::uint32_t kStable = 1u << 31;
  constexpr std::uint32_t kEnabled = 1u << 12;
  if (offset == 0x18) {
    return kStable | kEnabled;
  }
  if (offset == 0x1C) {
    // A bit that a program may take for noise: the same sequence in every run.
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_ & 1;
  }
  return PlainRegisters::Read(offset);
}

void Pll::Reset() { words_ = {1, 0x2D, 0, 0x0007'7000}; }

std::uint32_t Pll::Read(std::uint32_t offset) {
  constexpr std::uint32_t kLocked = 1u << 31;
  return PlainRegisters::Read(offset) | (offset == 0 ? kLocked : 0);
}

std::uint32_t Pll::Hz() const {
  const std::uint32_t reference = words_[0] & 0x3F;
  const std::uint32_t divided = (words_[3] >> 16 & 7) * (words_[3] >> 12 & 7);
  if (reference == 0 || divided == 0) {
    return 0;
  }
  const std::uint64_t vco = std::uint64_t{kCrystalHz} / reference * (words_[2] & 0xFFF);
  return static_cast<std::uint32_t>(vco / divided);
}

void Clocks::Reset() {
  words_.fill(0);
  for (unsigned clock = 0; clock < 10; ++clock) {
    words_[clock * 3 + 1] = 1 << 8;
  }
  Update();
}

std::uint32_t Clocks::Divided(unsigned clock, std::uint32_t hz) const {
  std::uint32_t divisor = words_[clock * 3 + 1];
  if (clock == kPeri || divisor == 0) {
    divisor = 1 << 8;
  }
  return static_cast<std::uint32_t>((std::uint64_t{hz} << 8) / divisor);
}

std::uint32_t Clocks::Hz(unsigned clock) const {
  const std::uint32_t control = words_[clock * 3];
  const std::uint32_t auxiliary = control >> 5 & 7;
  if (clock == kRef) {
    const std::uint32_t source = control & 3;
    return Divided(clock, source == 2 ? kCrystalHz : source == 0 ? kRingHz : usb_->Hz());
  }
  if (clock == kSys) {
    if ((control & 1) == 0) {
      return Divided(clock, Hz(kRef));
    }
    const std::uint32_t sources[] = {sys_->Hz(), usb_->Hz(), kRingHz, kCrystalHz};
    return Divided(clock, auxiliary < 4 ? sources[auxiliary] : kCrystalHz);
  }
  if (clock == kPeri) {
    switch (auxiliary) {
      case 0: return Hz(kSys);
      case 1: return sys_->Hz();
      case 2: return usb_->Hz();
      case 3: return kRingHz;
      default: return kCrystalHz;
    }
  }
  const std::uint32_t sources[] = {usb_->Hz(), sys_->Hz(), kRingHz, kCrystalHz};
  return Divided(clock, auxiliary < 4 ? sources[auxiliary] : kCrystalHz);
}

void Clocks::Update() {
  const std::uint32_t sys = Hz(kSys);
  if (sys != signals_->sys_hz) {
    signals_->SetSystemClock(sys);
  }
  const std::uint32_t peri = Hz(kPeri);
  signals_->peri_hz = peri != 0 ? peri : 1;
}

std::uint32_t Clocks::Read(std::uint32_t offset) {
  constexpr std::uint32_t kStatus = 0x98;
  constexpr std::uint32_t kResult = 0x9C;
  if (offset < 0x78 && offset % 12 == 8) {
    const unsigned clock = offset / 12;
    const std::uint32_t control = words_[clock * 3];
    return clock == kRef ? 1u << (control & 3) : clock == kSys ? 1u << (control & 1) : 1;
  }
  if (offset == kStatus) {
    return 1u << 4;  // done
  }
  if (offset == kResult) {
    // The frequency counter: kHz with five bits behind the point.
    const std::uint32_t source = words_[0x94 / 4] & 0xFF;
    const std::uint32_t hz[] = {0, sys_->Hz(), usb_->Hz(), kRingHz,   kRingHz, kCrystalHz, 0,
                                0, Hz(kRef),   Hz(kSys),   Hz(kPeri), Hz(7),   Hz(8),      Hz(9)};
    return source < std::size(hz) ? hz[source] / 1000 << 5 : 0;
  }
  return PlainRegisters::Read(offset);
}

void Clocks::Write(std::uint32_t offset, std::uint32_t value) {
  PlainRegisters::Write(offset, value);
  Update();
}

void Watchdog::Reset() {
  words_[0] = 0x0700'0000;
  words_[11] = 0;
  fired_ = false;
}

std::uint64_t Watchdog::Left() const {
  const std::uint64_t now = signals_->Micros();
  return ends_at_us_ > now ? ends_at_us_ - now : 0;
}

std::uint32_t Watchdog::Read(std::uint32_t offset) {
  constexpr std::uint32_t kTickRunning = 1u << 10;
  switch (offset) {
    case 0: {
      const auto left = static_cast<std::uint32_t>(Left() * 2);
      return (words_[0] & ~(0xFF'FFFFu | kTrigger)) | (left < 0xFF'FFFF ? left : 0xFF'FFFF);
    }
    case 8: return reason_;
    case 0x2C: return words_[11] | ((words_[11] & 0x200) != 0 ? kTickRunning : 0);
    default: return PlainRegisters::Read(offset);
  }
}

void Watchdog::Write(std::uint32_t offset, std::uint32_t value) {
  if (offset == 8) {
    return;
  }
  PlainRegisters::Write(offset, value);
  if (offset == 4) {
    ends_at_us_ = signals_->Micros() + (value & 0xFF'FFFF) / 2;
  }
  if (offset == 0 && (value & kTrigger) != 0) {
    fired_ = true;
    reason_ = 2;
  }
}

std::uint64_t Watchdog::NextEvent() const {
  if (fired_) {
    return 0;
  }
  return (words_[0] & kEnable) != 0 ? signals_->CycleAt(ends_at_us_) : kNever;
}

void Watchdog::Advance() {
  if (!fired_ && (words_[0] & kEnable) != 0 && Left() == 0) {
    fired_ = true;
    reason_ = 1;
  }
}

std::uint32_t SysInfo::Read(std::uint32_t offset) {
  switch (offset) {
    case 0: return 0x2000'2927;
    case 4: return 2;
    default: return 0;
  }
}

std::uint32_t Psm::Read(std::uint32_t offset) {
  return offset == 12 ? 0x1FFFF & ~words_[1] : PlainRegisters::Read(offset);
}

}  // namespace pinhole::emulator
