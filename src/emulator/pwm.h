// SPDX-License-Identifier: Apache-2.0
#pragma once

// Eight counters with two outputs each (RP2040 datasheet, chapter 4.5).
//
// In: registers, the level of a slice's B pin where it counts by that. Out: levels of the pins
// whose function is PWM, interrupt 4, a DMA request at each wrap. Counting up, up and down, by
// time, by the time B is high, by its edges; compare and top values that change at a wrap.
//
// A counter is worked out from the time that passed; events are only what somebody can see. Outputs
// with a period below kShownCycles are clocks for other chips and not put on pins edge by edge:
// such a pin stays low, and Duty says what it would be driven with.

#include <array>
#include <cstdint>

#include "emulator/device.h"
#include "emulator/pins.h"

namespace pinhole::emulator {

class Pwm : public Device, public PinListener {
 public:
  static constexpr unsigned kSlices = 8;
  static constexpr std::uint64_t kShownCycles = 128;

  Pwm(Signals& signals, Pins& pins);
  Pwm(const Pwm&) = delete;
  Pwm& operator=(const Pwm&) = delete;

  std::uint32_t Read(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override { return offset == 0xA4; }
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override;
  void OnPins(std::uint64_t cycle, std::uint32_t levels, std::uint32_t changed) override;
  // Functions of pins changed.
  void PinsChanged();

  // How long output A (0) or B (1) of a slice is high, in 65536ths; 0 where it is off.
  [[nodiscard]] std::uint32_t Duty(unsigned slice, unsigned output) const;

 private:
  struct Slice {
    std::uint32_t control = 0;
    std::uint32_t divisor = 16;
    std::uint32_t compare = 0;
    std::uint32_t top = 0xFFFF;
    // What counts until the next wrap.
    std::uint32_t compare_now = 0;
    std::uint32_t top_now = 0xFFFF;
    // 0 to Period - 1; counting up and down it goes on where the counter turns.
    std::uint32_t position = 0;
    std::uint64_t sixteenths = 0;  // of a step that has begun
    std::uint64_t since = 0;       // the cycle at which all this was true
    bool input = false;            // the level of B
  };

  [[nodiscard]] static bool On(const Slice& slice) { return (slice.control & 1) != 0; }
  [[nodiscard]] static unsigned Mode(const Slice& slice) { return slice.control >> 4 & 3; }
  [[nodiscard]] static bool UpAndDown(const Slice& slice) { return (slice.control & 2) != 0; }
  [[nodiscard]] static bool RunsByTime(const Slice& slice);
  [[nodiscard]] static std::uint64_t StepSixteenths(const Slice& slice);
  [[nodiscard]] static std::uint32_t Period(const Slice& slice);
  [[nodiscard]] static std::uint32_t Counter(const Slice& slice);
  [[nodiscard]] static bool Output(const Slice& slice, unsigned output);
  // The cycle at which a slice that runs by time is `steps` further.
  [[nodiscard]] static std::uint64_t CycleOf(const Slice& slice, std::uint64_t steps);
  [[nodiscard]] static std::uint64_t NextEdge(const Slice& slice);
  [[nodiscard]] bool Shown(unsigned number) const;
  void Settle(unsigned number);
  void SettleAll();
  void Count(unsigned number, std::uint64_t steps);
  // Puts levels on pins and works out when to look again.
  void Update();
  void WriteSlice(unsigned number, unsigned place, std::uint32_t value);

  Signals* signals_;
  Pins* pins_;
  std::array<Slice, kSlices> slices_{};
  std::uint32_t raw_ = 0;
  std::uint32_t irq_enable_ = 0;
  std::uint32_t force_ = 0;
  std::uint32_t on_pins_ = 0;  // slices that a pin shows or is counted by
  std::uint64_t next_ = kNever;
  bool driving_ = false;
};

}  // namespace pinhole::emulator
