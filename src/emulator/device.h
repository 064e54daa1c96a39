// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every device of the chip is, and the wires between them that are not buses.
//
// A Device answers for a few registers of 32 bits. It never asks what time it is: Signals says so.
// Where something of its own comes due it names the cycle in NextEvent, and Advance is called once
// that is reached; what happens between two events is worked out from the time that passed.
//
// Signals holds what devices tell one another: the time, interrupt lines, the DMA's requests, the
// clocks' frequencies. It belongs to the chip and outlives the devices.

#include <cstdint>

namespace pinhole::emulator {

inline constexpr std::uint64_t kNever = ~std::uint64_t{0};

struct Signals {
  // In cycles of the system clock since the start.
  std::uint64_t now = 0;
  std::uint32_t irqs = 0;
  std::uint64_t dreqs = 0;
  // Requests that a channel of the DMA waits for now.
  std::uint64_t dreqs_wanted = 0;
  bool irqs_changed = false;
  bool dreqs_changed = false;
  std::uint32_t sys_hz = 6'500'000;
  std::uint32_t peri_hz = 6'500'000;

  void SetIrq(unsigned irq, bool high) {
    const std::uint32_t next = high ? irqs | 1u << irq : irqs & ~(1u << irq);
    irqs_changed |= next != irqs;
    irqs = next;
  }
  void SetDreq(unsigned dreq, bool high) {
    const std::uint64_t bit = std::uint64_t{1} << dreq;
    const std::uint64_t next = high ? dreqs | bit : dreqs & ~bit;
    dreqs_changed |= next != dreqs;
    dreqs = next;
  }
  // Microseconds since the start; the clock's changes are taken into account.
  [[nodiscard]] std::uint64_t Micros() const {
    const std::uint64_t passed = now - clock_changed_at;
    return micros_then + passed / sys_hz * 1'000'000 + passed % sys_hz * 1'000'000 / sys_hz;
  }
  // The first cycle at which Micros() is at least `micros`.
  [[nodiscard]] std::uint64_t CycleAt(std::uint64_t micros) const {
    if (micros <= micros_then) {
      return clock_changed_at;
    }
    const std::uint64_t left = micros - micros_then;
    return clock_changed_at + left / 1'000'000 * sys_hz +
           (left % 1'000'000 * sys_hz + 999'999) / 1'000'000;
  }
  void SetSystemClock(std::uint32_t hz) {
    micros_then = Micros();
    clock_changed_at = now;
    sys_hz = hz != 0 ? hz : 1;
  }

  std::uint64_t micros_then = 0;
  std::uint64_t clock_changed_at = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  // `offset` is a multiple of 4 inside the device's window.
  virtual std::uint32_t Read(std::uint32_t offset) = 0;
  virtual void Write(std::uint32_t offset, std::uint32_t value) = 0;
  // The same without what reading does to a FIFO or a flag: what XOR, SET and CLR aliases start
  // from.
  virtual std::uint32_t Peek(std::uint32_t offset) { return Read(offset); }
  // A register whose bits are cleared by writing ones, whichever alias that comes through.
  [[nodiscard]] virtual bool ClearedByOnes(std::uint32_t) const { return false; }
  virtual void Reset() = 0;
  [[nodiscard]] virtual std::uint64_t NextEvent() const { return kNever; }
  virtual void Advance() {}
};

// A FIFO of a fixed depth.
template <typename T, unsigned kDepth>
class Fifo {
 public:
  [[nodiscard]] unsigned size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == kDepth; }
  // False where it is full; the value is lost.
  bool Push(T value) {
    if (full()) {
      return false;
    }
    items_[(first_ + size_++) % kDepth] = value;
    return true;
  }
  // Must not be empty.
  T Pop() {
    const T value = items_[first_];
    first_ = (first_ + 1) % kDepth;
    --size_;
    return value;
  }
  [[nodiscard]] T front() const { return items_[first_]; }
  void Clear() { first_ = size_ = 0; }

 private:
  T items_[kDepth] = {};
  unsigned first_ = 0;
  unsigned size_ = 0;
};

}  // namespace pinhole::emulator
