// SPDX-License-Identifier: Apache-2.0
#pragma once

// The 30 pins: which device drives each, what level it has, and the interrupts of its edges (RP2040
// datasheet, chapter 2.19: IO_BANK0 and PADS_BANK0).
//
// In: what PWM, SIO and the two PIO blocks put out, the boards' wires, the registers. Out: the
// level of every pin, interrupt 13, and a call at each change. A pin that nobody drives follows its
// pulls. The serial devices' own pins are not shown bit by bit: bytes go from device to wire whole.

#include <array>
#include <cstdint>

#include "emulator/device.h"

namespace pinhole::emulator {

inline constexpr unsigned kPins = 30;
inline constexpr std::uint32_t kAllPins = (1u << kPins) - 1;

// Told of every change of a pin's level.
class PinListener {
 public:
  virtual ~PinListener() = default;
  virtual void OnPins(std::uint64_t cycle, std::uint32_t levels, std::uint32_t changed) = 0;
};

// In the order of their function numbers.
enum class PinSource : std::uint8_t { kPwm, kSio, kPio0, kPio1, kCount };

// Levels that follow from the time: a camera's data and clocks. Device seam.
class PinInput {
 public:
  virtual ~PinInput() = default;
  // The pins it drives; never changes.
  [[nodiscard]] virtual std::uint32_t mask() const = 0;
  [[nodiscard]] virtual std::uint32_t Levels(std::uint64_t cycle) = 0;
  // The first cycle behind `cycle` at which Levels is another.
  [[nodiscard]] virtual std::uint64_t NextChange(std::uint64_t cycle) = 0;
};

class Pins {
 public:
  explicit Pins(Signals& signals);

  // What a device puts out and which pins it drives, one bit a pin.
  void Drive(PinSource source, std::uint32_t out, std::uint32_t enable);
  // What the world outside drives.
  void DriveFromOutside(std::uint32_t levels, std::uint32_t mask);
  [[nodiscard]] std::uint32_t levels() const { return levels_; }
  // What PIO and cores see at a cycle, with what an input drives. Edges of an input raise no
  // interrupts: nothing but PIO is fast enough for them.
  void set_input(PinInput* input) { input_ = input; }
  [[nodiscard]] bool has_input() const { return input_ != nullptr; }
  [[nodiscard]] std::uint32_t LevelsAt(std::uint64_t cycle) const {
    return input_ == nullptr
               ? levels_
               : (levels_ & ~input_->mask()) | (input_->Levels(cycle) & input_->mask());
  }
  [[nodiscard]] std::uint64_t NextInputChange(std::uint64_t cycle) const {
    return input_ == nullptr ? kNever : input_->NextChange(cycle);
  }
  [[nodiscard]] std::uint32_t driven() const { return driven_; }
  void set_listener(PinListener* listener) { listener_ = listener; }
  // Told before the listener: a device of the chip that counts edges.
  void set_counter(PinListener* counter) { counter_ = counter; }
  [[nodiscard]] unsigned function(unsigned pin) const { return control_[pin] & 31; }

  // Interrupts are per core.
  [[nodiscard]] bool Interrupts(unsigned core) const;
  // True once after the levels or masks changed what Interrupts says.
  [[nodiscard]] bool TakeInterruptsChanged();

  std::uint32_t ReadBank(std::uint32_t offset);
  void WriteBank(std::uint32_t offset, std::uint32_t value);
  std::uint32_t ReadPads(std::uint32_t offset) const;
  void WritePads(std::uint32_t offset, std::uint32_t value);
  void ResetBank();
  void ResetPads();

 private:
  void Update();
  [[nodiscard]] std::uint32_t Raw(unsigned word) const;

  Signals* signals_;
  PinListener* listener_ = nullptr;
  PinListener* counter_ = nullptr;
  PinInput* input_ = nullptr;
  std::array<std::uint32_t, static_cast<std::size_t>(PinSource::kCount)> out_{};
  std::array<std::uint32_t, static_cast<std::size_t>(PinSource::kCount)> enable_{};
  std::uint32_t outside_levels_ = 0;
  std::uint32_t outside_mask_ = 0;
  std::uint32_t levels_ = 0;
  std::uint32_t driven_ = 0;
  std::array<std::uint32_t, kPins> control_{};
  std::array<std::uint32_t, kPins> pads_{};
  std::uint32_t pads_voltage_ = 0;
  // Four bits a pin: level low, level high, edge low, edge high. Only the edges are kept.
  std::array<std::uint32_t, 4> edges_{};
  // Enable and force for core 0, core 1 and waking from dormancy.
  std::array<std::array<std::uint32_t, 4>, 3> irq_enable_{};
  std::array<std::array<std::uint32_t, 4>, 3> irq_force_{};
  bool interrupts_changed_ = false;
};

// The two register windows of Pins.
class PinBank : public Device {
 public:
  explicit PinBank(Pins& pins) : pins_(&pins) {}
  std::uint32_t Read(std::uint32_t offset) override { return pins_->ReadBank(offset); }
  void Write(std::uint32_t offset, std::uint32_t value) override {
    pins_->WriteBank(offset, value);
  }
  [[nodiscard]] bool ClearedByOnes(std::uint32_t offset) const override {
    return offset >= 0xF0 && offset < 0x100;
  }
  void Reset() override { pins_->ResetBank(); }

 private:
  Pins* pins_;
};

class Pads : public Device {
 public:
  explicit Pads(Pins& pins) : pins_(&pins) {}
  std::uint32_t Read(std::uint32_t offset) override { return pins_->ReadPads(offset); }
  void Write(std::uint32_t offset, std::uint32_t value) override {
    pins_->WritePads(offset, value);
  }
  void Reset() override { pins_->ResetPads(); }

 private:
  Pins* pins_;
};

}  // namespace pinhole::emulator
