// SPDX-License-Identifier: Apache-2.0
#include "emulator/core.h"

#include <bit>
#include <cstring>

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kExceptionReturn = 0xFFFF'FFF1;  // to a handler
constexpr std::uint32_t kThumbBit = 1u << 24;
constexpr std::uint32_t kRealigned = 1u << 9;
constexpr unsigned kEntryCycles = 15;
constexpr unsigned kTailChainCycles = 6;
constexpr unsigned kReturnCycles = 12;
constexpr std::uint32_t kNoVector = 0xFFFF'FFFF;

constexpr std::uint64_t Bit(unsigned n) { return std::uint64_t{1} << n; }

}  // namespace

void Core::Reset(std::uint32_t vectors) {
  std::uint32_t sp = 0;
  std::uint32_t pc = 0;
  const bool good = ReadMemory(vectors, 4, sp) && ReadMemory(vectors + 4, 4, pc) && (pc & 1) != 0;
  Start(vectors, sp, good ? pc : kNoVector);
}

void Core::Start(std::uint32_t vectors, std::uint32_t sp, std::uint32_t pc) {
  r_.fill(0);
  r_[13] = sp & ~3u;
  r_[14] = 0xFFFF'FFFF;
  r_[15] = pc & ~1u;
  set_flags(0);
  other_sp_ = 0;
  on_process_stack_ = false;
  control_ = 0;
  primask_ = false;
  ipsr_ = 0;
  state_ = CoreState::kRunning;
  event_ = reset_requested_ = false;
  pending_ = active_ = 0;
  enabled_ = Bit(2) | Bit(kHardFault) | Bit(kSvcall) | Bit(kPendSv) | Bit(kSysTick);
  priority_.fill(0);
  vtor_ = vectors;
  scr_ = 0;
  systick_control_ = systick_reload_ = 0;
  systick_counted_ = false;
  systick_zero_ = 0;
  mpu_.fill(0);
  fault_ = {};
  stack_overflowed_ = false;
  WatchStack(r_[13]);
}

void Core::set_stack_limit(std::uint32_t address) {
  stack_limit_ = address;
  WatchStack(r_[13]);
}

bool Core::Overflows(std::uint32_t sp) {
  if (on_process_stack_ || sp >= stack_floor_) {
    return false;
  }
  stack_overflowed_ = true;
  Yield();
  return true;
}

std::uint32_t Core::xpsr() const {
  return (n_ & 0x8000'0000) | (z_ == 0 ? 1u << 30 : 0) | c_ << 29 | v_ >> 31 << 28 | kThumbBit |
         ipsr_;
}

void Core::set_flags(std::uint32_t apsr) {
  n_ = apsr & 0x8000'0000;
  z_ = (apsr >> 30 & 1) ^ 1;
  c_ = apsr >> 29 & 1;
  v_ = apsr << 3 & 0x8000'0000;
}

std::uint32_t Core::ReadSpecial(unsigned number) const {
  switch (number) {
    case 0:
    case 2: return xpsr() & 0xF000'0000;
    case 1:
    case 3: return xpsr() & 0xF000'003F;
    case 5:
    case 7: return ipsr_;
    case 8: return on_process_stack_ ? other_sp_ : r_[13];
    case 9: return on_process_stack_ ? r_[13] : other_sp_;
    case 16: return primask_ ? 1 : 0;
    case 20: return control_;
    default: return 0;
  }
}

void Core::WriteSpecial(unsigned number, std::uint32_t value) {
  const bool privileged = InHandler() || (control_ & 1) == 0;
  if (number <= 3) {
    set_flags(value);
    return;
  }
  if (!privileged) {
    return;
  }
  switch (number) {
    case 8:
      (on_process_stack_ ? other_sp_ : r_[13]) = value & ~3u;
      WatchStack(value);
      break;
    case 9: (on_process_stack_ ? r_[13] : other_sp_) = value & ~3u; break;
    case 16:
      primask_ = (value & 1) != 0;
      attention_ = true;
      break;
    case 20:
      if (InHandler()) {
        control_ = (control_ & 2) | (value & 1);
      } else {
        control_ = value & 3;
        UseStack((value & 2) != 0);
      }
      break;
    default: break;
  }
}

void Core::UseStack(bool process) {
  if (process != on_process_stack_) {
    std::swap(r_[13], other_sp_);
    on_process_stack_ = process;
  }
}

// --- exceptions ---------------------------------------------------------------------------------

int Core::Priority(unsigned exception) const {
  switch (exception) {
    case 1: return -3;
    case 2: return -2;
    case kHardFault: return -1;
    default: return priority_[exception];
  }
}

int Core::CurrentPriority(bool with_primask) const {
  int best = 256;
  for (std::uint64_t left = active_; left != 0; left &= left - 1) {
    const int priority = Priority(static_cast<unsigned>(std::countr_zero(left)));
    best = priority < best ? priority : best;
  }
  return with_primask && primask_ && best > 0 ? 0 : best;
}

std::uint64_t Core::PendingNow() const { return pending_ | (lines_ & ~active_); }

unsigned Core::BestPending(int priority) const {
  unsigned found = 0;
  for (std::uint64_t left = PendingNow() & enabled_; left != 0; left &= left - 1) {
    const auto exception = static_cast<unsigned>(std::countr_zero(left));
    if (Priority(exception) < priority) {
      priority = Priority(exception);
      found = exception;
    }
  }
  return found;
}

void Core::SetLine(unsigned irq, bool high) {
  const std::uint64_t bit = Bit(16 + irq);
  if (high) {
    if ((lines_ & bit) == 0) {
      lines_ |= bit;
      attention_ = true;
      if ((scr_ & 0x10) != 0) {
        SetEvent();
      }
    }
  } else {
    lines_ &= ~bit;
  }
}

void Core::SetEvent() {
  event_ = true;
  attention_ = true;
}

bool Core::Asleep() const {
  switch (state_) {
    case CoreState::kOff:
    case CoreState::kLockup: return true;
    case CoreState::kRunning: return false;
    case CoreState::kWaitingForEvent: return !event_ && BestPending(CurrentPriority(true)) == 0;
    case CoreState::kWaitingForInterrupt: return BestPending(CurrentPriority(false)) == 0;
  }
  return true;
}

void Core::GoToSleep(CoreState state) { state_ = state; }

bool Core::TakePending() {
  UpdateSysTick();
  if (state_ == CoreState::kOff || state_ == CoreState::kLockup || Asleep()) {
    return false;
  }
  if (state_ == CoreState::kWaitingForEvent) {
    event_ = false;
  }
  state_ = CoreState::kRunning;
  if ((PendingNow() & enabled_) == 0) {
    return false;
  }
  const unsigned exception = BestPending(CurrentPriority(true));
  if (exception == 0) {
    return false;
  }
  Enter(exception, r_[15]);
  return true;
}

bool Core::Enter(unsigned exception, std::uint32_t return_address) {
  const bool process = on_process_stack_;
  const std::uint32_t exc_return = InHandler() ? kExceptionReturn
                                   : process   ? kExceptionReturn + 12
                                               : kExceptionReturn + 8;
  const std::uint32_t realign = r_[13] & 4;
  const std::uint32_t frame = (r_[13] - 32) & ~7u;
  const std::array<std::uint32_t, 8> saved = {
      r_[0],  r_[1],  r_[2],          r_[3],
      r_[12], r_[14], return_address, xpsr() | (realign != 0 ? kRealigned : 0)};
  bool good = true;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    good &= WriteMemory(frame + static_cast<std::uint32_t>(i) * 4, 4, saved[i]);
  }
  r_[13] = frame;
  UseStack(false);
  r_[14] = exc_return;
  pending_ &= ~Bit(exception);
  active_ |= Bit(exception);
  ipsr_ = exception;
  control_ &= ~2u;
  event_ = true;
  cycles_ += kEntryCycles;
  if (!good) {
    // A stack in the void. In a fault's own entry there is nowhere left to go.
    if (fault_.count == 0 || exception != kHardFault) {
      RaiseFault(FaultKind::kWrite, frame, return_address);
    } else {
      state_ = CoreState::kLockup;
    }
    if (exception == kHardFault) {
      state_ = CoreState::kLockup;
    }
    return false;
  }
  return JumpToVector(exception);
}

bool Core::JumpToVector(unsigned exception) {
  std::uint32_t target = 0;
  if (!ReadMemory(vtor_ + exception * 4, 4, target)) {
    RaiseFault(FaultKind::kVector, vtor_ + exception * 4, r_[15]);
    return false;
  }
  r_[15] = target & ~1u;
  if ((target & 1) == 0) {
    RaiseFault(FaultKind::kNotThumb, target, target);
    return false;
  }
  return true;
}

void Core::Return(std::uint32_t exc_return) {
  const std::uint32_t kind = exc_return & 15;
  if ((exc_return | 15) != 0xFFFF'FFFF || (kind != 1 && kind != 9 && kind != 13)) {
    RaiseFault(FaultKind::kExceptionReturn, exc_return, r_[15]);
    return;
  }
  active_ &= ~Bit(ipsr_);
  event_ = true;
  // Another exception that is due runs at once, on the frame that is there.
  const unsigned next = BestPending(CurrentPriority(true));
  if (next != 0) {
    pending_ &= ~Bit(next);
    active_ |= Bit(next);
    ipsr_ = next;
    r_[14] = exc_return;
    cycles_ += kTailChainCycles;
    JumpToVector(next);
    return;
  }
  if ((kind == 1) != (active_ != 0)) {
    RaiseFault(FaultKind::kExceptionReturn, exc_return, r_[15]);
    return;
  }
  UseStack(kind == 13);
  if (kind != 1) {
    control_ = (control_ & 1) | (kind == 13 ? 2 : 0);
  }
  const std::uint32_t frame = r_[13];
  std::array<std::uint32_t, 8> saved{};
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (!ReadMemory(frame + static_cast<std::uint32_t>(i) * 4, 4, saved[i])) {
      RaiseFault(FaultKind::kRead, frame, r_[15]);
      return;
    }
  }
  std::memcpy(r_.data(), saved.data(), 16);
  r_[12] = saved[4];
  r_[14] = saved[5];
  r_[15] = saved[6] & ~1u;
  r_[13] = (frame + 32) | ((saved[7] & kRealigned) != 0 ? 4 : 0);
  set_flags(saved[7]);
  ipsr_ = kind == 1 ? saved[7] & 0x3F : 0;
  cycles_ += kReturnCycles;
  if ((saved[7] & kThumbBit) == 0) {
    RaiseFault(FaultKind::kNotThumb, saved[6], saved[6]);
    return;
  }
  if (ipsr_ == 0 && (scr_ & 2) != 0) {
    GoToSleep(CoreState::kWaitingForInterrupt);
  }
}

void Core::RaiseFault(FaultKind kind, std::uint32_t detail, std::uint32_t pc) {
  if (fault_.count++ == 0) {
    fault_.kind = kind;
    fault_.detail = detail;
    fault_.registers = r_;
    fault_.registers[15] = pc;
    fault_.xpsr = xpsr();
  }
  r_[15] = pc;
  attention_ = true;
  if (CurrentPriority(false) <= -1) {
    state_ = CoreState::kLockup;
    return;
  }
  Enter(kHardFault, pc);
}

// --- memory and the private peripheral bus ------------------------------------------------------

bool Core::ReadMemory(std::uint32_t address, unsigned size, std::uint32_t& value) {
  return ReadSlow(address, size, value);
}

bool Core::WriteMemory(std::uint32_t address, unsigned size, std::uint32_t value) {
  Region& ram = memory_->ram;
  if ((address & (size - 1)) == 0 && ram.Contains(address)) {
    std::memcpy(ram.bytes.get() + (address - ram.base), &value, size);
    memory_->Forget(address, size);
    return true;
  }
  return WriteSlow(address, size, value);
}

bool Core::ReadSlow(std::uint32_t address, unsigned size, std::uint32_t& value) {
  if ((address & (size - 1)) != 0) {
    return false;
  }
  if (const Region* const region = memory_->Find(address); region != nullptr) {
    if (watcher_ != nullptr && region == &memory_->flash) {
      watcher_->FlashRead(*this, address);
    }
    value = 0;
    std::memcpy(&value, region->bytes.get() + (address - region->base), size);
    return true;
  }
  if (address >> 20 == 0xE00) {
    if (!InHandler() && (control_ & 1) != 0) {
      return false;
    }
    std::uint32_t word = 0;
    if (!ReadPrivate(address & ~3u, word)) {
      return false;
    }
    value = word >> (address & 3) * 8 & (size == 4 ? ~0u : (1u << size * 8) - 1);
    return true;
  }
  return bus_->Read(*this, address, size, value);
}

bool Core::WriteSlow(std::uint32_t address, unsigned size, std::uint32_t value) {
  if ((address & (size - 1)) != 0) {
    return false;
  }
  if (address >> 20 == 0xE00) {
    return size == 4 && (InHandler() || (control_ & 1) == 0) && WritePrivate(address, value);
  }
  return bus_->Write(*this, address, size, value);
}

std::uint32_t Core::ReadPriorities(unsigned first) const {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= std::uint32_t{priority_[first + i]} << i * 8;
  }
  return value;
}

void Core::WritePriorities(unsigned first, std::uint32_t value, std::uint32_t writable) {
  for (unsigned i = 0; i < 4; ++i) {
    if ((writable >> i & 1) != 0) {
      priority_[first + i] = static_cast<std::uint8_t>(value >> i * 8 & 0xC0);
    }
  }
}

bool Core::ReadPrivate(std::uint32_t address, std::uint32_t& value) {
  value = 0;
  const std::uint32_t offset = address & 0xFFFFF;
  if (offset >= 0xE400 && offset < 0xE420) {
    value = ReadPriorities(16 + (offset - 0xE400));
    return true;
  }
  switch (offset) {
    case 0xE010:
      UpdateSysTick();
      value = systick_control_ | (systick_counted_ ? 1u << 16 : 0);
      systick_counted_ = false;
      break;
    case 0xE014: value = systick_reload_; break;
    case 0xE018: value = SysTickValue(); break;
    case 0xE01C: value = 0xC000'0000; break;
    case 0xE100:
    case 0xE180: value = static_cast<std::uint32_t>(enabled_ >> 16); break;
    case 0xE200:
    case 0xE280: value = static_cast<std::uint32_t>(PendingNow() >> 16); break;
    case 0xED00: value = 0x410C'C601; break;
    case 0xED04: {
      const unsigned next = BestPending(256);
      value = ipsr_ | next << 12 | ((PendingNow() >> 16) != 0 ? 1u << 22 : 0) |
              ((pending_ & Bit(kSysTick)) != 0 ? 1u << 26 : 0) |
              ((pending_ & Bit(kPendSv)) != 0 ? 1u << 28 : 0) |
              ((pending_ & Bit(2)) != 0 ? 1u << 31 : 0);
      break;
    }
    case 0xED08: value = vtor_; break;
    case 0xED0C: value = 0xFA05'0000; break;
    case 0xED10: value = scr_; break;
    case 0xED14: value = 0x208; break;
    case 0xED1C: value = ReadPriorities(8); break;
    case 0xED20: value = ReadPriorities(12); break;
    case 0xED24: value = (pending_ & Bit(kSvcall)) != 0 ? 1u << 15 : 0; break;
    case 0xED90: value = 8u << 8; break;
    default:
      if (offset > 0xED90 && offset <= 0xEDA0) {
        value = mpu_[(offset - 0xED90) / 4];
      }
      break;
  }
  return true;
}

bool Core::WritePrivate(std::uint32_t address, std::uint32_t value) {
  const std::uint32_t offset = address & 0xFFFFF;
  attention_ = true;
  const std::uint64_t irqs = std::uint64_t{value} << 16;
  if (offset >= 0xE400 && offset < 0xE420) {
    WritePriorities(16 + (offset - 0xE400), value, 15);
    return true;
  }
  switch (offset) {
    case 0xE010:
      UpdateSysTick();
      if ((value & ~systick_control_ & 1) != 0) {
        systick_zero_ = cycles_ + systick_reload_;
      }
      systick_control_ = value & 7;
      break;
    case 0xE014: systick_reload_ = value & 0xFF'FFFF; break;
    case 0xE018:
      UpdateSysTick();
      systick_counted_ = false;
      systick_zero_ = cycles_ + systick_reload_ + 1;
      break;
    case 0xE100: enabled_ |= irqs; break;
    case 0xE180: enabled_ &= ~irqs; break;
    case 0xE200: pending_ |= irqs & (Bit(kExceptions) - 1); break;
    case 0xE280: pending_ &= ~irqs; break;
    case 0xED04:
      pending_ |= ((value >> 31 & 1) != 0 ? Bit(2) : 0) |
                  ((value >> 28 & 1) != 0 ? Bit(kPendSv) : 0) |
                  ((value >> 26 & 1) != 0 ? Bit(kSysTick) : 0);
      pending_ &= ~(((value >> 27 & 1) != 0 ? Bit(kPendSv) : 0) |
                    ((value >> 25 & 1) != 0 ? Bit(kSysTick) : 0));
      break;
    case 0xED08: vtor_ = value & ~0xFFu; break;
    case 0xED0C:
      if (value >> 16 == 0x05FA && (value & 4) != 0) {
        reset_requested_ = true;
        Yield();
      }
      break;
    case 0xED10: scr_ = value & 0x16; break;
    case 0xED1C: WritePriorities(8, value, 8); break;
    case 0xED20: WritePriorities(12, value, 12); break;
    default:
      if (offset > 0xED90 && offset <= 0xEDA0) {
        mpu_[(offset - 0xED90) / 4] = value;
      }
      break;
  }
  return true;
}

// --- SysTick ------------------------------------------------------------------------------------
// The counter is never stepped: `systick_zero_` is the cycle at which it reaches 0, one period of
// reload + 1 after the time before. It counts the processor's clock, whatever CLKSOURCE says.

std::uint64_t Core::NextSysTick() const {
  const bool counts = (systick_control_ & 3) == 3 && systick_reload_ != 0;
  return counts ? systick_zero_ : ~std::uint64_t{0};
}

void Core::UpdateSysTick() {
  if ((systick_control_ & 1) == 0 || systick_reload_ == 0 || cycles_ < systick_zero_) {
    return;
  }
  const std::uint64_t period = std::uint64_t{systick_reload_} + 1;
  systick_zero_ += ((cycles_ - systick_zero_) / period + 1) * period;
  systick_counted_ = true;
  if ((systick_control_ & 2) != 0) {
    pending_ |= Bit(kSysTick);
  }
}

std::uint32_t Core::SysTickValue() const {
  if ((systick_control_ & 1) == 0 || systick_reload_ == 0) {
    return 0;
  }
  const std::uint64_t period = std::uint64_t{systick_reload_} + 1;
  std::uint64_t zero = systick_zero_;
  if (zero < cycles_) {
    zero += ((cycles_ - zero) / period + 1) * period;
  }
  return static_cast<std::uint32_t>((zero - cycles_) % period);
}

}  // namespace pinhole::emulator
