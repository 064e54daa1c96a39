// SPDX-License-Identifier: Apache-2.0
#pragma once

// The single-cycle I/O block (RP2040 datasheet, chapter 2.3.1): pins, the FIFOs between the cores,
// 32 spinlocks, and for each core a divider and two interpolators.
//
// In: reads and writes by a core. Out: pins, quotients, interpolated lanes; whether a core's FIFO
// wants an interrupt. A division is ready at once, where the chip takes eight cycles that programs
// wait for anyway.

#include <array>
#include <cstdint>

#include "emulator/device.h"
#include "emulator/pins.h"

namespace pinhole::emulator {

// Two lanes of shift, mask, add.
class Interpolator {
 public:
  // `first` has blend mode, the other clamp mode.
  explicit Interpolator(bool first) : first_(first) {}
  // `word` counts from ACCUM0.
  std::uint32_t Read(unsigned word);
  void Write(unsigned word, std::uint32_t value);

 private:
  struct Results {
    std::array<std::uint32_t, 3> value;
    // What stands behind shift and mask, before the base is added.
    std::array<std::uint32_t, 2> masked;
    std::array<bool, 2> overflow;
  };
  [[nodiscard]] Results Compute() const;
  void Step(const Results& results);

  bool first_;
  std::array<std::uint32_t, 2> accumulator_{};
  std::array<std::uint32_t, 3> base_{};
  std::array<std::uint32_t, 2> control_{};
};

class Divider {
 public:
  // `word` counts from UDIVIDEND.
  std::uint32_t Read(unsigned word);
  void Write(unsigned word, std::uint32_t value);

 private:
  void Divide(bool is_signed);

  std::uint32_t dividend_ = 0;
  std::uint32_t divisor_ = 0;
  std::uint32_t quotient_ = 0;
  std::uint32_t remainder_ = 0;
  bool dirty_ = false;
};

class Sio {
 public:
  Sio(const Signals& signals, Pins& pins) : signals_(&signals), pins_(&pins) {}

  std::uint32_t Read(unsigned core, std::uint32_t offset);
  void Write(unsigned core, std::uint32_t offset, std::uint32_t value);
  void Reset();

  // The FIFO that `core` reads. A write to it, and a read that makes room, wake the other core.
  [[nodiscard]] bool Interrupts(unsigned core) const;
  // True once after a FIFO changed.
  [[nodiscard]] bool TakeFifoChanged();
  // As the other core would read and write it; for the boot ROM.
  [[nodiscard]] bool FifoEmpty(unsigned core) const { return fifos_[core].empty(); }
  std::uint32_t PopFifo(unsigned core);
  void PushFifo(unsigned to_core, std::uint32_t value);

 private:
  void WritePins(std::uint32_t offset, std::uint32_t value);

  const Signals* signals_;
  Pins* pins_;
  std::uint32_t out_ = 0;
  std::uint32_t enable_ = 0;
  std::uint32_t high_out_ = 0;
  std::uint32_t high_enable_ = 0;
  std::uint32_t spinlocks_ = 0;
  // fifos_[n] is what core n reads.
  std::array<Fifo<std::uint32_t, 8>, 2> fifos_{};
  std::array<std::uint32_t, 2> fifo_errors_{};
  bool fifo_changed_ = false;
  std::array<Divider, 2> dividers_{};
  std::array<std::array<Interpolator, 2>, 2> interpolators_{
      {{Interpolator(true), Interpolator(false)}, {Interpolator(true), Interpolator(false)}}};
};

}  // namespace pinhole::emulator
