// SPDX-License-Identifier: Apache-2.0
#include "emulator/pio.h"

#include <algorithm>
#include <bit>

namespace pinhole::emulator {
namespace {

constexpr std::uint32_t kInRight = 1u << 18;
constexpr std::uint32_t kOutRight = 1u << 19;
constexpr std::uint32_t kAutoPush = 1u << 16;
constexpr std::uint32_t kAutoPull = 1u << 17;
constexpr std::uint32_t kJoinSend = 1u << 30;
constexpr std::uint32_t kJoinReceive = 1u << 31;
constexpr std::uint32_t kSideEnable = 1u << 30;
constexpr std::uint32_t kSideDirection = 1u << 29;

constexpr unsigned OrThirtyTwo(std::uint32_t count) { return count == 0 ? 32 : count; }
constexpr std::uint32_t LowMask(unsigned bits) { return bits >= 32 ? ~0u : (1u << bits) - 1; }

std::uint32_t Reversed(std::uint32_t value) {
  std::uint32_t reversed = 0;
  for (unsigned i = 0; i < 32; ++i) {
    reversed |= (value >> i & 1) << (31 - i);
  }
  return reversed;
}

// An interrupt flag's number: bit 4 counts from the state machine's own.
constexpr unsigned FlagIndex(std::uint32_t field, unsigned machine) {
  return (field & 16) != 0 ? (field & 4) | ((field + machine) & 3) : field & 7;
}

}  // namespace

void Pio::Reset() {
  program_.fill(0);
  machines_ = {};
  enabled_ = debug_ = flags_ = out_ = enable_ = bypass_ = 0;
  irq_enable_.fill(0);
  irq_force_.fill(0);
  only_takes_in_ = false;
  slice_ = kSlice;
  pins_->Drive(number_ == 0 ? PinSource::kPio0 : PinSource::kPio1, 0, 0);
  Raise();
}

std::uint64_t Pio::Period(const Machine& machine) {
  const std::uint64_t whole = machine.divisor >> 16;
  return (whole == 0 ? 65536 : whole) << 8 | (machine.divisor >> 8 & 0xFF);
}

std::uint64_t Pio::NextEvent() const {
  // Stuck machines wait for a write, which catches up by itself, or for a pin, which may change at
  // any time.
  std::uint64_t next = kNever;
  for (unsigned i = 0; i < kMachines; ++i) {
    if ((enabled_ >> i & 1) == 0) {
      continue;
    }
    const Machine& machine = machines_[i];
    const bool on_fifo = machine.stalled && (machine.last_instruction >> 13 == 4 ||
                                             machine.last_instruction >> 13 == 3);
    if (!on_fifo) {
      next = std::min(next, std::max(caught_up_at_ + slice_, machine.next_256ths >> 8));
    }
  }
  return next;
}

void Pio::CatchUp() {
  caught_up_at_ = signals_->now;
  if (enabled_ == 0) {
    return;
  }
  const std::uint64_t now = signals_->now << 8;
  for (;;) {
    unsigned first = kMachines;
    std::uint64_t due = now;
    for (unsigned i = 0; i < kMachines; ++i) {
      if ((enabled_ >> i & 1) != 0 && machines_[i].next_256ths < due) {
        due = machines_[i].next_256ths;
        first = i;
      }
    }
    if (first == kMachines) {
      break;
    }
    Machine& machine = machines_[first];
    const std::uint64_t period = Period(machine);
    step_cycle_ = due >> 8;
    StepMachine(first);
    std::uint64_t steps = 1;
    const std::uint64_t left = (now - due) / period;
    const std::uint32_t again = program_[machine.pc];
    if (machine.stalled) {
      // What it waits for can change only at somebody else's step or a write.
      const std::uint64_t change = pins_->NextInputChange(step_cycle_);
      std::uint64_t others = change < signals_->now ? change << 8 : now;
      for (unsigned i = 0; i < kMachines; ++i) {
        if (i != first && (enabled_ >> i & 1) != 0 && !machines_[i].stalled) {
          others = std::min(others, machines_[i].next_256ths);
        }
      }
      steps = others > due ? std::max<std::uint64_t>(1, (others - due) / period) : 1;
    } else if (machine.delay == 0 && !machine.has_forced && (again & 0xE0E0) == 0x0040 &&
               (again & 31) == machine.pc && (again & 0x1F00) == 0 && machine.x > 1) {
      // `jmp x--` to itself, no delay, no side-set.
      const std::uint64_t passes = std::min<std::uint64_t>(machine.x - 1, left);
      machine.x -= static_cast<std::uint32_t>(passes);
      steps += passes;
    } else if (machine.delay > 0) {
      const std::uint64_t passes = std::min<std::uint64_t>(machine.delay, left);
      machine.delay -= static_cast<unsigned>(passes);
      steps += passes;
    }
    machine.next_256ths = due + steps * period;
  }
  ChooseSlice();
  Raise();
}

// How far the machines may be left behind. Where all they do is to take pins in, nobody sees it
// before they push. Pushes so far apart that two of a slice at most can come late, and FIFOs with
// room for them, make later as good as now.
void Pio::ChooseSlice() {
  slice_ = kSlice;
  if (!only_takes_in_ || !pins_->has_input() || pushes_ < kKnownPushes) {
    return;
  }
  for (const Machine& machine : machines_) {
    if (machine.receive.size + 2 > machine.receive.depth) {
      return;
    }
  }
  slice_ = std::clamp(shortest_push_gap_, kSlice, kLongestSlice);
}

// Whether no instruction changes a pin or a flag, and nobody waits for an interrupt.
bool Pio::OnlyTakesIn() const {
  for (const std::uint32_t instruction : program_) {
    const unsigned to = instruction >> 5 & 7;
    switch (instruction >> 13) {
      case 3:  // OUT pins, directions, or what to run
      case 5:  // MOV
        if (to == 0 || to == 4 || to == 7) {
          return false;
        }
        break;
      case 6: return false;  // IRQ
      case 7:
        if (to == 0 || to == 4) {
          return false;
        }
        break;
      default: break;
    }
  }
  for (const Machine& machine : machines_) {
    if (machine.pin >> 29 != 0) {
      return false;  // side-set
    }
  }
  return irq_enable_[0] == 0 && irq_enable_[1] == 0;
}

void Pio::StepMachine(unsigned number) {
  Machine& machine = machines_[number];
  if (machine.delay > 0) {
    --machine.delay;
    return;
  }
  const bool forced = machine.has_forced;
  const std::uint32_t at = machine.pc;
  const std::uint32_t instruction = forced ? machine.forced : program_[at];
  machine.last_instruction = instruction;
  machine.has_forced = false;
  if (!forced) {
    const std::uint32_t top = machine.exec >> 12 & 31;
    machine.pc = at == top ? machine.exec >> 7 & 31 : (at + 1) & 31;
  }
  SideSet(machine, instruction);
  const bool done = Run(number, instruction);
  machine.stalled = !done;
  if (!done) {
    if (forced) {
      machine.has_forced = true;
    } else {
      machine.pc = at;
    }
    return;
  }
  const unsigned side_bits = machine.pin >> 29;
  const std::uint32_t field = instruction >> 8 & 31;
  if (!forced) {
    machine.delay = field & LowMask(side_bits < 5 ? 5 - side_bits : 0);
  }
}

void Pio::SideSet(Machine& machine, std::uint32_t instruction) {
  unsigned bits = machine.pin >> 29;
  if (bits == 0) {
    return;
  }
  bits = std::min(bits, 5u);
  std::uint32_t field = (instruction >> 8 & 31) >> (5 - bits);
  if ((machine.exec & kSideEnable) != 0) {
    if ((field >> (bits - 1) & 1) == 0) {
      return;
    }
    --bits;
    field &= LowMask(bits);
  }
  SetPins((machine.exec & kSideDirection) != 0 ? enable_ : out_, field, machine.pin >> 10 & 31,
          bits);
}

void Pio::SetPins(std::uint32_t& word, std::uint32_t value, unsigned base, unsigned count) {
  const std::uint32_t mask = std::rotl(LowMask(count), static_cast<int>(base));
  word = (word & ~mask) | (std::rotl(value, static_cast<int>(base)) & mask);
  pins_->Drive(number_ == 0 ? PinSource::kPio0 : PinSource::kPio1, out_, enable_);
}

std::uint32_t Pio::InputPins(const Machine& machine) const {
  return std::rotr(pins_->LevelsAt(step_cycle_), static_cast<int>(machine.pin >> 15 & 31));
}

std::uint32_t Pio::Status(const Machine& machine) const {
  const unsigned level = machine.exec & 15;
  const unsigned size = (machine.exec & 16) != 0 ? machine.receive.size : machine.send.size;
  return size < level ? ~0u : 0;
}

bool Pio::Run(unsigned number, std::uint32_t instruction) {
  Machine& machine = machines_[number];
  switch (instruction >> 13) {
    case 0: return RunJump(machine, instruction);
    case 1: return RunWait(number, machine, instruction);
    case 2: return RunIn(number, machine, instruction);
    case 3: return RunOut(number, machine, instruction);
    case 4: return RunPushPull(number, machine, instruction);
    case 5: return RunMove(machine, instruction);
    case 6: return RunIrq(number, machine, instruction);
    default: {
      const std::uint32_t value = instruction & 31;
      switch (instruction >> 5 & 7) {
        case 0: SetPins(out_, value, machine.pin >> 5 & 31, machine.pin >> 26 & 7); break;
        case 1: machine.x = value; break;
        case 2: machine.y = value; break;
        case 4: SetPins(enable_, value, machine.pin >> 5 & 31, machine.pin >> 26 & 7); break;
        default: break;
      }
      return true;
    }
  }
}

bool Pio::RunJump(Machine& machine, std::uint32_t instruction) {
  bool taken = false;
  switch (instruction >> 5 & 7) {
    case 0: taken = true; break;
    case 1: taken = machine.x == 0; break;
    case 2: taken = machine.x-- != 0; break;
    case 3: taken = machine.y == 0; break;
    case 4: taken = machine.y-- != 0; break;
    case 5: taken = machine.x != machine.y; break;
    case 6: taken = (pins_->LevelsAt(step_cycle_) >> (machine.exec >> 24 & 31) & 1) != 0; break;
    default: taken = machine.out_count < OrThirtyTwo(machine.shift >> 25 & 31); break;
  }
  if (taken) {
    machine.pc = instruction & 31;
  }
  return true;
}

bool Pio::RunWait(unsigned number, Machine& machine, std::uint32_t instruction) {
  const bool wanted = (instruction & 0x80) != 0;
  const std::uint32_t index = instruction & 31;
  switch (instruction >> 5 & 3) {
    case 0: return ((pins_->LevelsAt(step_cycle_) >> index & 1) != 0) == wanted;
    case 1: return ((InputPins(machine) >> index & 1) != 0) == wanted;
    case 2: {
      const std::uint32_t bit = 1u << FlagIndex(index, number);
      if (((flags_ & bit) != 0) != wanted) {
        return false;
      }
      if (wanted) {
        flags_ &= ~bit;
      }
      return true;
    }
    default: return true;
  }
}

bool Pio::Push(unsigned number, Machine& machine) {
  if (machine.receive.full()) {
    debug_ |= 1u << number;
    return false;
  }
  machine.receive.Push(machine.in);
  machine.in = 0;
  machine.in_count = 0;
  if (pushes_ != 0) {
    shortest_push_gap_ = std::min(shortest_push_gap_, step_cycle_ - last_push_at_);
  }
  last_push_at_ = step_cycle_;
  ++pushes_;
  return true;
}

bool Pio::RunIn(unsigned number, Machine& machine, std::uint32_t instruction) {
  const unsigned threshold = OrThirtyTwo(machine.shift >> 20 & 31);
  const unsigned count = OrThirtyTwo(instruction & 31);
  const bool automatic = (machine.shift & kAutoPush) != 0;
  if (automatic && machine.receive.full() && std::min(32u, machine.in_count + count) >= threshold) {
    debug_ |= 1u << number;
    return false;
  }
  std::uint32_t source = 0;
  switch (instruction >> 5 & 7) {
    case 0: source = InputPins(machine); break;
    case 1: source = machine.x; break;
    case 2: source = machine.y; break;
    case 6: source = machine.in; break;
    case 7: source = machine.out; break;
    default: break;
  }
  source &= LowMask(count);
  if (count == 32) {
    machine.in = source;
  } else if ((machine.shift & kInRight) != 0) {
    machine.in = machine.in >> count | source << (32 - count);
  } else {
    machine.in = machine.in << count | source;
  }
  machine.in_count = std::min(32u, machine.in_count + count);
  return !automatic || machine.in_count < threshold || Push(number, machine);
}

bool Pio::Refill(unsigned number, Machine& machine) {
  if (machine.send.size == 0) {
    debug_ |= 1u << (24 + number);
    return false;
  }
  machine.out = machine.send.Pop();
  machine.out_count = 0;
  return true;
}

bool Pio::RunOut(unsigned number, Machine& machine, std::uint32_t instruction) {
  const unsigned threshold = OrThirtyTwo(machine.shift >> 25 & 31);
  if ((machine.shift & kAutoPull) != 0 && machine.out_count >= threshold &&
      !Refill(number, machine)) {
    return false;
  }
  const unsigned count = OrThirtyTwo(instruction & 31);
  std::uint32_t value;
  if (count == 32) {
    value = machine.out;
    machine.out = 0;
  } else if ((machine.shift & kOutRight) != 0) {
    value = machine.out & LowMask(count);
    machine.out >>= count;
  } else {
    value = machine.out >> (32 - count);
    machine.out <<= count;
  }
  machine.out_count = std::min(32u, machine.out_count + count);
  const unsigned base = machine.pin & 31;
  const unsigned pins = machine.pin >> 20 & 63;
  switch (instruction >> 5 & 7) {
    case 0: SetPins(out_, value, base, pins); break;
    case 1: machine.x = value; break;
    case 2: machine.y = value; break;
    case 4: SetPins(enable_, value, base, pins); break;
    case 5: machine.pc = value & 31; break;
    case 6:
      machine.in = value;
      machine.in_count = count;
      break;
    case 7:
      machine.forced = value & 0xFFFF;
      machine.has_forced = true;
      break;
    default: break;
  }
  return true;
}

bool Pio::RunPushPull(unsigned number, Machine& machine, std::uint32_t instruction) {
  const bool conditional = (instruction & 0x40) != 0;
  const bool block = (instruction & 0x20) != 0;
  if ((instruction & 0x80) == 0) {
    if (conditional && machine.in_count < OrThirtyTwo(machine.shift >> 20 & 31)) {
      return true;
    }
    if (Push(number, machine)) {
      return true;
    }
    if (!block) {
      machine.in = 0;
      machine.in_count = 0;
    }
    return !block;
  }
  const unsigned threshold = OrThirtyTwo(machine.shift >> 25 & 31);
  if (conditional && machine.out_count < threshold) {
    return true;
  }
  if ((machine.shift & kAutoPull) != 0 && machine.out_count < threshold) {
    return true;
  }
  if (machine.send.size == 0 && !block) {
    machine.out = machine.x;
    machine.out_count = 0;
    return true;
  }
  return Refill(number, machine);
}

bool Pio::RunMove(Machine& machine, std::uint32_t instruction) {
  std::uint32_t value = 0;
  switch (instruction & 7) {
    case 0: value = InputPins(machine); break;
    case 1: value = machine.x; break;
    case 2: value = machine.y; break;
    case 5: value = Status(machine); break;
    case 6: value = machine.in; break;
    case 7: value = machine.out; break;
    default: break;
  }
  switch (instruction >> 3 & 3) {
    case 1: value = ~value; break;
    case 2: value = Reversed(value); break;
    default: break;
  }
  switch (instruction >> 5 & 7) {
    case 0: SetPins(out_, value, machine.pin & 31, machine.pin >> 20 & 63); break;
    case 1: machine.x = value; break;
    case 2: machine.y = value; break;
    case 4:
      machine.forced = value & 0xFFFF;
      machine.has_forced = true;
      break;
    case 5: machine.pc = value & 31; break;
    case 6:
      machine.in = value;
      machine.in_count = 0;
      break;
    case 7:
      machine.out = value;
      machine.out_count = 0;
      break;
    default: break;
  }
  return true;
}

bool Pio::RunIrq(unsigned number, Machine& machine, std::uint32_t instruction) {
  const std::uint32_t bit = 1u << FlagIndex(instruction & 31, number);
  if ((instruction & 0x40) != 0) {
    flags_ &= ~bit;
    return true;
  }
  if (machine.waits_for_irq) {
    if ((flags_ & bit) != 0) {
      return false;
    }
    machine.waits_for_irq = false;
    return true;
  }
  flags_ |= bit;
  machine.waits_for_irq = (instruction & 0x20) != 0;
  return !machine.waits_for_irq;
}

void Pio::Join(Machine& machine) {
  const bool send = (machine.shift & kJoinSend) != 0;
  const bool receive = (machine.shift & kJoinReceive) != 0;
  machine.send = {};
  machine.receive = {};
  machine.send.depth = receive ? 0 : send ? 8 : 4;
  machine.receive.depth = send ? 0 : receive ? 8 : 4;
}

void Pio::Restart(Machine& machine) {
  machine.in = 0;
  machine.in_count = 0;
  machine.out_count = 32;
  machine.delay = 0;
  machine.has_forced = machine.stalled = machine.waits_for_irq = false;
}

std::uint32_t Pio::RawInterrupts() const {
  std::uint32_t raw = (flags_ & 15) << 8;
  for (unsigned i = 0; i < kMachines; ++i) {
    raw |= (machines_[i].receive.size != 0 ? 1u : 0) << i;
    raw |= (machines_[i].send.full() ? 0u : 1u) << (4 + i);
  }
  return raw;
}

void Pio::Raise() {
  const std::uint32_t raw = RawInterrupts();
  for (unsigned i = 0; i < 2; ++i) {
    signals_->SetIrq(7 + number_ * 2 + i, ((raw & irq_enable_[i]) | irq_force_[i]) != 0);
  }
  for (unsigned i = 0; i < kMachines; ++i) {
    signals_->SetDreq(number_ * 8 + i, !machines_[i].send.full());
    signals_->SetDreq(number_ * 8 + 4 + i, machines_[i].receive.size != 0);
  }
}

std::uint32_t Pio::Read(std::uint32_t offset) {
  CatchUp();
  if (offset >= 0x20 && offset < 0x30) {
    const unsigned i = (offset - 0x20) / 4;
    Queue& queue = machines_[i].receive;
    if (queue.size == 0) {
      debug_ |= 1u << (8 + i);
      return 0;
    }
    const std::uint32_t value = queue.Pop();
    Raise();
    return value;
  }
  return Peek(offset);
}

std::uint32_t Pio::Peek(std::uint32_t offset) {
  if (offset >= 0x48 && offset < 0xC8) {
    return program_[(offset - 0x48) / 4];
  }
  if (offset >= 0xC8 && offset < 0x128) {
    const Machine& machine = machines_[(offset - 0xC8) / 24];
    switch ((offset - 0xC8) % 24 / 4) {
      case 0: return machine.divisor;
      case 1: return machine.exec | (machine.has_forced ? 1u << 31 : 0);
      case 2: return machine.shift;
      case 3: return machine.pc;
      case 4: return program_[machine.pc];
      default: return machine.pin;
    }
  }
  const unsigned which = offset >= 0x138 ? 1 : 0;
  std::uint32_t value = 0;
  switch (offset) {
    case 0x00: return enabled_;
    case 0x04:
      for (unsigned i = 0; i < kMachines; ++i) {
        const Machine& machine = machines_[i];
        value |= (machine.receive.full() ? 1u : 0) << i |
                 (machine.receive.size == 0 ? 1u : 0) << (8 + i) |
                 (machine.send.full() ? 1u : 0) << (16 + i) |
                 (machine.send.size == 0 ? 1u : 0) << (24 + i);
      }
      return value;
    case 0x08: return debug_;
    case 0x0C:
      for (unsigned i = 0; i < kMachines; ++i) {
        value |= machines_[i].send.size << i * 8 | machines_[i].receive.size << (i * 8 + 4);
      }
      return value;
    case 0x30: return flags_;
    case 0x38: return bypass_;
    case 0x3C: return out_;
    case 0x40: return enable_;
    case 0x44: return 32u << 16 | kMachines << 8 | 4;
    case 0x128: return RawInterrupts();
    case 0x12C:
    case 0x138: return irq_enable_[which];
    case 0x130:
    case 0x13C: return irq_force_[which];
    case 0x134:
    case 0x140: return (RawInterrupts() & irq_enable_[which]) | irq_force_[which];
    default: return 0;
  }
}

void Pio::Write(std::uint32_t offset, std::uint32_t value) {
  CatchUp();
  if (offset >= 0x10 && offset < 0x20) {
    const unsigned i = (offset - 0x10) / 4;
    if (machines_[i].send.full()) {
      debug_ |= 1u << (16 + i);
    } else {
      machines_[i].send.Push(value);
    }
  } else if (offset >= 0x48 && offset < 0xC8) {
    program_[(offset - 0x48) / 4] = static_cast<std::uint16_t>(value);
  } else if (offset >= 0xC8 && offset < 0x128) {
    const unsigned number = (offset - 0xC8) / 24;
    Machine& machine = machines_[number];
    switch ((offset - 0xC8) % 24 / 4) {
      case 0: machine.divisor = value & 0xFFFF'FF00; break;
      case 1: machine.exec = value & 0x7FFF'FFFF; break;
      case 2: {
        const std::uint32_t joins = (machine.shift ^ value) & (kJoinSend | kJoinReceive);
        machine.shift = value & 0xFFFF'0000;
        if (joins != 0) {
          Join(machine);
        }
        break;
      }
      case 4:
        // Runs at once, enabled or not; where it waits, it goes on waiting.
        machine.delay = 0;
        machine.forced = value & 0xFFFF;
        machine.has_forced = true;
        step_cycle_ = signals_->now;
        StepMachine(number);
        break;
      case 5: machine.pin = value; break;
      default: break;
    }
  } else {
    const unsigned which = offset >= 0x138 ? 1 : 0;
    switch (offset) {
      case 0x00:
        for (unsigned i = 0; i < kMachines; ++i) {
          const bool starts = (value >> i & 1) != 0 && (enabled_ >> i & 1) == 0;
          if ((value >> (4 + i) & 1) != 0) {
            Restart(machines_[i]);
          }
          if (starts || (value >> (8 + i) & 1) != 0) {
            machines_[i].next_256ths = signals_->now << 8;
          }
        }
        enabled_ = value & 15;
        break;
      case 0x08: debug_ &= ~value; break;
      case 0x30: flags_ &= ~value; break;
      case 0x34: flags_ |= value & 0xFF; break;
      case 0x38: bypass_ = value; break;
      case 0x12C:
      case 0x138: irq_enable_[which] = value & 0xFFF; break;
      case 0x130:
      case 0x13C: irq_force_[which] = value & 0xFFF; break;
      default: break;
    }
  }
  for (Machine& machine : machines_) {
    // Whatever was written may be what a machine waits for; its clock stood still meanwhile.
    if (machine.stalled && machine.next_256ths < signals_->now << 8) {
      machine.next_256ths = signals_->now << 8;
    }
  }
  only_takes_in_ = OnlyTakesIn();
  slice_ = kSlice;
  pushes_ = 0;
  shortest_push_gap_ = kNever;
  Raise();
}

}  // namespace pinhole::emulator
