// SPDX-License-Identifier: Apache-2.0
#include "emulator/counters.h"

#include <algorithm>

namespace pinhole::emulator {

// --- Adc ----------------------------------------------------------------------------------------

void Adc::Reset() {
  control_ = fifo_control_ = divisor_ = result_ = irq_enable_ = force_ = 0;
  fifo_.Clear();
  converting_ = false;
  done_at_ = kNever;
  Raise();
}

std::uint64_t Adc::Clocks(std::uint64_t of_48_mhz) const {
  return of_48_mhz * signals_->sys_hz / 48'000'000 + 1;
}

void Adc::Raise() {
  const bool reached =
      (fifo_control_ & 1) != 0 && fifo_.size() >= (fifo_control_ >> 24 & 15) && !fifo_.empty();
  signals_->SetIrq(22, (reached && (irq_enable_ & 1) != 0) || (force_ & 1) != 0);
  signals_->SetDreq(36, (fifo_control_ & 8) != 0 && reached);
}

void Adc::Advance() {
  if (signals_->now < done_at_) {
    return;
  }
  const unsigned input = control_ >> 12 & 7;
  constexpr std::uint32_t kRoomTemperature = 876;
  const bool thermometer = input == 4 && (control_ & 2) != 0;
  result_ = source_ != nullptr ? source_->Sample(signals_->now, input) & 0xFFF
            : thermometer      ? kRoomTemperature
                               : 0;
  if ((fifo_control_ & 1) != 0) {
    const std::uint32_t kept = (fifo_control_ & 2) != 0 ? result_ >> 4 : result_;
    if (!fifo_.Push(static_cast<std::uint16_t>(kept))) {
      fifo_control_ |= 1u << 11;
    }
  }
  const std::uint32_t robin = control_ >> 16 & 31;
  if (robin != 0) {
    unsigned next = input;
    do {
      next = (next + 1) % 5;
    } while ((robin >> next & 1) == 0);
    control_ = (control_ & ~0x7000u) | next << 12;
  }
  converting_ = false;
  const bool again = (control_ & 9) == 9;
  const std::uint64_t period = std::max<std::uint64_t>(96, (divisor_ >> 8) + 1);
  done_at_ = again ? std::max(signals_->now, done_at_ + Clocks(period) - 1) : kNever;
  if (again && done_at_ == signals_->now) {
    ++done_at_;
  }
  converting_ = again;
  Raise();
}

std::uint32_t Adc::Read(std::uint32_t offset) {
  if (offset == 0x0C) {
    if (fifo_.empty()) {
      fifo_control_ |= 1u << 10;
      return 0;
    }
    const std::uint32_t value = fifo_.Pop();
    Raise();
    return value;
  }
  return Peek(offset);
}

std::uint32_t Adc::Peek(std::uint32_t offset) {
  const bool reached =
      (fifo_control_ & 1) != 0 && fifo_.size() >= (fifo_control_ >> 24 & 15) && !fifo_.empty();
  switch (offset) {
    case 0x00: return control_ | ((control_ & 1) != 0 && !converting_ ? 0x100u : 0);
    case 0x04: return result_;
    case 0x08:
      return fifo_control_ | (fifo_.empty() ? 0x100u : 0) | (fifo_.full() ? 0x200u : 0) |
             fifo_.size() << 16;
    case 0x0C: return fifo_.empty() ? 0 : fifo_.front();
    case 0x10: return divisor_;
    case 0x14: return reached ? 1 : 0;
    case 0x18: return irq_enable_;
    case 0x1C: return force_;
    case 0x20: return (reached ? irq_enable_ : 0) | force_;
    default: return 0;
  }
}

void Adc::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00:
      control_ = value & 0x001F'700B;
      if ((control_ & 1) != 0 && (value & 0xC) != 0 && !converting_) {
        converting_ = true;
        done_at_ = signals_->now + Clocks(96);
      }
      if ((control_ & 1) == 0) {
        converting_ = false;
        done_at_ = kNever;
      }
      break;
    case 0x08: fifo_control_ = (value & 0x0F00'000F) | (fifo_control_ & 0xC00 & ~value); break;
    case 0x10: divisor_ = value & 0x00FF'FFFF; break;
    case 0x18: irq_enable_ = value & 1; break;
    case 0x1C: force_ = value & 1; break;
    default: break;
  }
  Raise();
}

// --- Rtc ----------------------------------------------------------------------------------------

void Rtc::Reset() {
  moment_ = {};
  setup_.fill(0);
  match_.fill(0);
  divisor_ = control_ = irq_enable_ = force_ = latched_ = 0;
  Raise();
}

void Rtc::Raise() {
  const bool raw = (control_ & 1) != 0 && Matches();
  signals_->SetIrq(25, (raw && (irq_enable_ & 1) != 0) || (force_ & 1) != 0);
}

void Rtc::Tick(Moment& moment, bool force_no_leap) {
  static constexpr std::uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (++moment.second < 60) {
    return;
  }
  moment.second = 0;
  if (++moment.minute < 60) {
    return;
  }
  moment.minute = 0;
  if (++moment.hour < 24) {
    return;
  }
  moment.hour = 0;
  moment.weekday = (moment.weekday + 1) % 7;
  // The chip takes every fourth year for a leap year.
  const bool leap = moment.year % 4 == 0 && !force_no_leap;
  const std::uint32_t month = std::clamp(moment.month, 1u, 12u);
  const std::uint32_t days = kDays[month - 1] + (month == 2 && leap ? 1u : 0u);
  if (++moment.day <= days) {
    return;
  }
  moment.day = 1;
  if (++moment.month <= 12) {
    return;
  }
  moment.month = 1;
  moment.year = (moment.year + 1) & 0xFFF;
}

bool Rtc::Matches() const {
  const std::uint32_t a = match_[0];
  const std::uint32_t b = match_[1];
  if ((a >> 28 & 1) == 0) {
    return false;
  }
  return ((a >> 26 & 1) == 0 || (a >> 12 & 0xFFF) == moment_.year) &&
         ((a >> 25 & 1) == 0 || (a >> 8 & 15) == moment_.month) &&
         ((a >> 24 & 1) == 0 || (a & 31) == moment_.day) &&
         ((b >> 31 & 1) == 0 || (b >> 24 & 7) == moment_.weekday) &&
         ((b >> 30 & 1) == 0 || (b >> 16 & 31) == moment_.hour) &&
         ((b >> 29 & 1) == 0 || (b >> 8 & 63) == moment_.minute) &&
         ((b >> 28 & 1) == 0 || (b & 63) == moment_.second);
}

std::uint64_t Rtc::NextEvent() const {
  return (control_ & 1) != 0 ? signals_->CycleAt(next_us_) : kNever;
}

void Rtc::Advance() {
  while ((control_ & 1) != 0 && signals_->Micros() >= next_us_) {
    Tick(moment_, (control_ & 0x100) != 0);
    next_us_ += 1'000'000;
  }
  Raise();
}

std::uint32_t Rtc::Read(std::uint32_t offset) {
  Advance();
  const bool raw = (control_ & 1) != 0 && Matches();
  switch (offset) {
    case 0x00: return divisor_;
    case 0x04:
    case 0x08: return setup_[offset / 4 - 1];
    case 0x0C: return control_ | ((control_ & 1) != 0 ? 2u : 0);
    case 0x10: return match_[0] | ((match_[0] >> 28 & 1) << 29);
    case 0x14: return match_[1];
    case 0x18: return latched_;
    case 0x1C:
      // The other half is held, so that the two belong together.
      latched_ = moment_.year << 12 | moment_.month << 8 | moment_.day;
      return moment_.weekday << 24 | moment_.hour << 16 | moment_.minute << 8 | moment_.second;
    case 0x20: return raw ? 1 : 0;
    case 0x24: return irq_enable_;
    case 0x28: return force_;
    case 0x2C: return (raw ? irq_enable_ : 0) | force_;
    default: return 0;
  }
}

void Rtc::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00: divisor_ = value & 0xFFFF; break;
    case 0x04:
    case 0x08: setup_[offset / 4 - 1] = value; break;
    case 0x0C:
      if ((value & 0x10) != 0) {
        moment_ = {setup_[0] >> 12 & 0xFFF, setup_[0] >> 8 & 15,  setup_[0] & 31,
                   setup_[1] >> 24 & 7,     setup_[1] >> 16 & 31, setup_[1] >> 8 & 63,
                   setup_[1] & 63};
        next_us_ = signals_->Micros() + 1'000'000;
      }
      if ((value & ~control_ & 1) != 0) {
        next_us_ = signals_->Micros() + 1'000'000;
      }
      control_ = value & 0x101;
      break;
    case 0x10:
    case 0x14: match_[offset / 4 - 4] = value; break;
    case 0x24: irq_enable_ = value & 1; break;
    case 0x28: force_ = value & 1; break;
    default: break;
  }
  Raise();
}

}  // namespace pinhole::emulator
