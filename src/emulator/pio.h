// SPDX-License-Identifier: Apache-2.0
#pragma once

// One block of programmable I/O: four state machines over 32 instructions (RP2040 datasheet,
// chapter 3).
//
// In: registers, the pins' levels, time. Out: pins, FIFOs with their requests to the DMA, interrupt
// flags. State machines are stepped up to the present when somebody looks: at the latest once a
// slice of time (kSlice cycles) while one is enabled and not stuck, so that what two of them do to
// each other is exact and what a core sees of them is as late as that slice at most. The slice
// grows to kLongestSlice where programs only take pins in and push seldom, as with a camera. A
// delay loop of one instruction (`jmp x--` to itself) passes in one step.

#include <array>
#include <cstdint>

#include "emulator/device.h"
#include "emulator/pins.h"

namespace pinhole::emulator {

class Pio : public Device {
 public:
  static constexpr std::uint64_t kSlice = 32;
  static constexpr std::uint64_t kLongestSlice = 256;
  static constexpr unsigned kKnownPushes = 16;
  static constexpr unsigned kMachines = 4;

  Pio(Signals& signals, Pins& pins, unsigned number)
      : signals_(&signals), pins_(&pins), number_(number) {
    Pio::Reset();
  }
  std::uint32_t Read(std::uint32_t offset) override;
  std::uint32_t Peek(std::uint32_t offset) override;
  void Write(std::uint32_t offset, std::uint32_t value) override;
  void Reset() override;
  [[nodiscard]] std::uint64_t NextEvent() const override;
  void Advance() override { CatchUp(); }

 private:
  // A FIFO that may have both halves: joined, it holds eight.
  struct Queue {
    std::array<std::uint32_t, 8> items{};
    unsigned first = 0;
    unsigned size = 0;
    unsigned depth = 4;
    void Push(std::uint32_t value) { items[(first + size++) % 8] = value; }
    std::uint32_t Pop() {
      const std::uint32_t value = items[first];
      first = (first + 1) % 8;
      --size;
      return value;
    }
    [[nodiscard]] bool full() const { return size >= depth; }
  };
  struct Machine {
    std::uint32_t divisor = 0x0001'0000;
    std::uint32_t exec = 0x0001'F000;
    std::uint32_t shift = 0x000C'0000;
    std::uint32_t pin = 0x1400'0000;
    std::uint32_t pc = 0;
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t in = 0;
    std::uint32_t out = 0;
    unsigned in_count = 0;
    unsigned out_count = 32;
    unsigned delay = 0;
    std::uint32_t forced = 0;  // an instruction to run before the program goes on
    bool has_forced = false;
    bool stalled = false;
    bool waits_for_irq = false;
    std::uint64_t next_256ths = 0;  // when the next step is due, in 256ths of a cycle
    std::uint32_t last_instruction = 0;
    Queue send;
    Queue receive;
  };

  void CatchUp();
  void ChooseSlice();
  [[nodiscard]] bool OnlyTakesIn() const;
  void StepMachine(unsigned number);
  // True where the instruction is done; false where it waits and is tried again.
  bool Run(unsigned number, std::uint32_t instruction);
  bool RunJump(Machine& machine, std::uint32_t instruction);
  bool RunWait(unsigned number, Machine& machine, std::uint32_t instruction);
  bool RunIn(unsigned number, Machine& machine, std::uint32_t instruction);
  bool RunOut(unsigned number, Machine& machine, std::uint32_t instruction);
  bool RunPushPull(unsigned number, Machine& machine, std::uint32_t instruction);
  bool RunMove(Machine& machine, std::uint32_t instruction);
  bool RunIrq(unsigned number, Machine& machine, std::uint32_t instruction);
  void SideSet(Machine& machine, std::uint32_t instruction);
  bool Push(unsigned number, Machine& machine);
  bool Refill(unsigned number, Machine& machine);
  [[nodiscard]] std::uint32_t InputPins(const Machine& machine) const;
  [[nodiscard]] std::uint32_t Status(const Machine& machine) const;
  void SetPins(std::uint32_t& word, std::uint32_t value, unsigned base, unsigned count);
  void Join(Machine& machine);
  void Restart(Machine& machine);
  [[nodiscard]] std::uint32_t RawInterrupts() const;
  void Raise();
  [[nodiscard]] static std::uint64_t Period(const Machine& machine);

  Signals* signals_;
  Pins* pins_;
  unsigned number_;
  std::array<std::uint16_t, 32> program_{};
  std::array<Machine, kMachines> machines_{};
  std::uint32_t enabled_ = 0;
  std::uint32_t debug_ = 0;
  std::uint32_t flags_ = 0;
  std::uint32_t out_ = 0;
  std::uint32_t enable_ = 0;
  std::uint32_t bypass_ = 0;
  bool only_takes_in_ = false;
  // Since the last write to a register.
  unsigned pushes_ = 0;
  std::uint64_t last_push_at_ = 0;
  std::uint64_t shortest_push_gap_ = kNever;
  std::uint64_t slice_ = kSlice;
  std::uint64_t caught_up_at_ = 0;
  std::uint64_t step_cycle_ = 0;  // of the step that goes on
  std::array<std::uint32_t, 2> irq_enable_{};
  std::array<std::uint32_t, 2> irq_force_{};
};

}  // namespace pinhole::emulator
