// SPDX-License-Identifier: Apache-2.0
#include "emulator/timer.h"

namespace pinhole::emulator {

void Timer::Reset() {
  offset_us_ = 0 - signals_->Micros();
  latched_high_ = written_low_ = 0;
  alarms_.fill(0);
  armed_ = raw_ = enabled_ = forced_ = 0;
  paused_ = false;
  Raise();
}

std::uint64_t Timer::Now() const { return paused_ ? paused_at_ : signals_->Micros() + offset_us_; }

void Timer::Raise() {
  for (unsigned i = 0; i < 4; ++i) {
    signals_->SetIrq(i, (((raw_ & enabled_) | forced_) >> i & 1) != 0);
  }
}

std::uint32_t Timer::Read(std::uint32_t offset) {
  const std::uint64_t now = Now();
  if (offset == 0x0C) {
    latched_high_ = static_cast<std::uint32_t>(now >> 32);
  }
  return Peek(offset);
}

std::uint32_t Timer::Peek(std::uint32_t offset) {
  const std::uint64_t now = Now();
  switch (offset) {
    case 0x08: return latched_high_;
    case 0x0C:
    case 0x28: return static_cast<std::uint32_t>(now);
    case 0x10:
    case 0x14:
    case 0x18:
    case 0x1C: return alarms_[(offset - 0x10) / 4];
    case 0x20: return armed_;
    case 0x24: return static_cast<std::uint32_t>(now >> 32);
    case 0x2C: return 7;
    case 0x30: return paused_ ? 1 : 0;
    case 0x34: return raw_;
    case 0x38: return enabled_;
    case 0x3C: return forced_;
    case 0x40: return (raw_ & enabled_) | forced_;
    default: return 0;
  }
}

void Timer::Write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case 0x00:
      offset_us_ = (std::uint64_t{value} << 32 | written_low_) - signals_->Micros();
      paused_at_ = std::uint64_t{value} << 32 | written_low_;
      break;
    case 0x04: written_low_ = value; break;
    case 0x10:
    case 0x14:
    case 0x18:
    case 0x1C: {
      const unsigned i = (offset - 0x10) / 4;
      const std::uint64_t now = Now();
      alarms_[i] = value;
      // The next moment whose low half is `value`; the present one has begun already.
      due_us_[i] =
          now + static_cast<std::uint32_t>(value - static_cast<std::uint32_t>(now) - 1) + 1;
      armed_ |= 1u << i;
      break;
    }
    case 0x20: armed_ &= ~value; break;
    case 0x30:
      if ((value & 1) != 0 && !paused_) {
        paused_at_ = Now();
        paused_ = true;
      } else if ((value & 1) == 0 && paused_) {
        offset_us_ = paused_at_ - signals_->Micros();
        paused_ = false;
      }
      break;
    case 0x34: raw_ &= ~value; break;
    case 0x38: enabled_ = value & 15; break;
    case 0x3C: forced_ = value & 15; break;
    default: break;
  }
  Raise();
}

std::uint64_t Timer::NextEvent() const {
  std::uint64_t next = kNever;
  for (unsigned i = 0; i < 4; ++i) {
    if ((armed_ >> i & 1) != 0 && !paused_) {
      const std::uint64_t at = signals_->CycleAt(due_us_[i] - offset_us_);
      next = at < next ? at : next;
    }
  }
  return next;
}

void Timer::Advance() {
  for (unsigned i = 0; i < 4; ++i) {
    if ((armed_ >> i & 1) != 0 && Now() >= due_us_[i]) {
      armed_ &= ~(1u << i);
      raw_ |= 1u << i;
    }
  }
  Raise();
}

}  // namespace pinhole::emulator
