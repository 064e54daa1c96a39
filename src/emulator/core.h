// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Cortex-M0+: ARMv6-M instructions with their flags, exceptions with priorities, SysTick, and
// sleep.
//
// In: a Memory to run from, a Bus for every address outside it, interrupt lines. Out: registers,
// cycles, instructions, and a Fault that says what went wrong. Run goes on until a given cycle;
// interrupts are looked at between stretches of straight code, at the latest after the branch that
// ends one, and directly after an access to a device. Nothing is allocated, no input aborts
// anything: bits that are no instruction, an address where nothing lies and a stack in the void are
// faults, which the program may handle and a caller may read.
//
//   Core core(memory, bus, 0);
//   core.Reset(vectors);               // SP and PC from the first two words of a vector table
//   core.Run(core.cycles() + 1000);
//
// Cycles: Cortex-M0+ Technical Reference Manual (ARM DDI 0484), table 3-1, with the single-cycle
// multiplier and I/O port; an exception is entered in 15 cycles. Not modelled: the MPU (its
// registers hold what is written and protect nothing) and waits for the bus beside those that Bus
// adds.

#include <array>
#include <cstdint>

#include "emulator/memory.h"

namespace pinhole::emulator {

class Core;

// What lies at addresses without memory. A device seam: one virtual call an access.
class Bus {
 public:
  virtual ~Bus() = default;
  // `size` is 1, 2 or 4; `address` is a multiple of it. False is a bus fault.
  virtual bool Read(Core& core, std::uint32_t address, unsigned size, std::uint32_t& value) = 0;
  virtual bool Write(Core& core, std::uint32_t address, unsigned size, std::uint32_t value) = 0;
  // BKPT, while no debugger is there: true where it meant something (semihosting).
  virtual bool Breakpoint(Core& core, std::uint32_t number) = 0;
  // A function of the boot ROM; the ROM's code returns by itself.
  virtual void HostCall(Core& core, std::uint32_t number) = 0;
  // SEV, and what else sets the event register of every core.
  virtual void SendEvent(Core& core) = 0;
};

// Sees every instruction before it runs; costs about two thirds of the speed.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // False stops the core in front of the instruction at `core.pc()`. May add waits (Core::Wait).
  virtual bool Before(Core& core) = 0;
  // Data is read from flash.
  virtual void FlashRead(Core& core, std::uint32_t address) = 0;
};

enum class FaultKind : std::uint8_t {
  kNone,
  kUndefined,  // detail: the bits
  kFetch,      // an address without memory to run from
  kRead,       // detail: the address
  kWrite,
  kUnaligned,
  kNotThumb,         // a branch to an address with bit 0 clear; detail: the address
  kBreakpoint,       // detail: its number
  kSupervisor,       // SVC where its exception may not run
  kVector,           // the vector table lies where nothing is
  kExceptionReturn,  // detail: the EXC_RETURN value
};

// The first fault since the reset, and how many there were.
struct Fault {
  FaultKind kind = FaultKind::kNone;
  std::uint32_t detail = 0;
  std::uint32_t count = 0;
  std::array<std::uint32_t, 16> registers{};  // [15] is the instruction that faulted
  std::uint32_t xpsr = 0;
};

enum class CoreState : std::uint8_t {
  kOff,
  kRunning,
  kWaitingForInterrupt,
  kWaitingForEvent,
  kLockup
};

class Core {
 public:
  // Both are the caller's and outlive the core.
  Core(Memory& memory, Bus& bus, unsigned number) : memory_(&memory), bus_(&bus), number_(number) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // SP and PC from `vectors`; a table in the void is a fault at the first Run. Cycles go on.
  void Reset(std::uint32_t vectors);
  // The same with SP and PC given, for code that brings no vector table of its own.
  void Start(std::uint32_t vectors, std::uint32_t sp, std::uint32_t pc);
  void TurnOff() { state_ = CoreState::kOff; }

  // Runs until cycles() >= `until`, less where the core sleeps, stops or is told to yield.
  void Run(std::uint64_t until);
  // Runs one instruction or enters one exception, whatever a Watcher says.
  void Step();
  // Run returns soon: an outer loop has something to do. Devices call it during an access.
  void Yield() { yield_ = attention_ = true; }
  // As Run would have left it: a core that sleeps lets `cycle` pass.
  void SkipTo(std::uint64_t cycle) { cycles_ = cycle > cycles_ ? cycle : cycles_; }
  // More cycles for the access that goes on; -1 for one that takes a single cycle.
  void Wait(std::int32_t cycles) { waited_ += cycles; }
  // More cycles for a function that is not made of instructions.
  void Spend(std::uint64_t cycles) { cycles_ += cycles; }

  // The level of an interrupt line, 0 to 31.
  void SetLine(unsigned irq, bool high);
  void SetEvent();

  void set_watcher(Watcher* watcher) { watcher_ = watcher; }

  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] CoreState state() const { return state_; }
  // Sleeps and nothing that is pending wakes it.
  [[nodiscard]] bool Asleep() const;
  // The cycle at which SysTick raises its exception; far away where it does not.
  [[nodiscard]] std::uint64_t NextSysTick() const;
  // Pends SysTick where its time has come. To be called when cycles() passed NextSysTick().
  void UpdateSysTick();

  [[nodiscard]] std::uint64_t cycles() const { return cycles_; }
  [[nodiscard]] std::uint64_t instructions() const { return instructions_; }
  [[nodiscard]] const Fault& fault() const { return fault_; }
  [[nodiscard]] bool stopped_by_watcher() const { return stopped_by_watcher_; }
  void ClearStopped() { stopped_by_watcher_ = false; }

  // The lowest address that the main stack may reach, 0 for none. Pushing or reserving below it
  // stops the core before anything is overwritten; the chip itself would go on. A program that
  // puts its main stack somewhere below that on purpose is left alone.
  void set_stack_limit(std::uint32_t address);
  [[nodiscard]] bool stack_overflowed() const { return stack_overflowed_; }

  // Registers 0 to 15; [15] is the next instruction's address.
  [[nodiscard]] std::uint32_t reg(unsigned i) const { return r_[i]; }
  void set_reg(unsigned i, std::uint32_t value) { r_[i] = value; }
  [[nodiscard]] std::uint32_t pc() const { return r_[15]; }
  [[nodiscard]] std::uint32_t xpsr() const;
  // Flags alone: bits 31 to 28.
  void set_flags(std::uint32_t apsr);
  [[nodiscard]] std::uint32_t ReadSpecial(unsigned number) const;
  void WriteSpecial(unsigned number, std::uint32_t value);

  // Memory or a device, as the program sees it; false where nothing is there. For a debugger.
  bool ReadMemory(std::uint32_t address, unsigned size, std::uint32_t& value);
  bool WriteMemory(std::uint32_t address, unsigned size, std::uint32_t value);

  // SYSRESETREQ was written; the caller resets the chip.
  [[nodiscard]] bool reset_requested() const { return reset_requested_; }
  void ClearResetRequest() { reset_requested_ = false; }

 private:
  static constexpr unsigned kExceptions = 48;
  static constexpr unsigned kHardFault = 3;
  static constexpr unsigned kSvcall = 11;
  static constexpr unsigned kPendSv = 14;
  static constexpr unsigned kSysTick = 15;

  template <bool kCareful>
  void Execute(std::uint64_t until);

  bool ReadSlow(std::uint32_t address, unsigned size, std::uint32_t& value);
  bool WriteSlow(std::uint32_t address, unsigned size, std::uint32_t value);
  bool ReadPrivate(std::uint32_t address, std::uint32_t& value);
  bool WritePrivate(std::uint32_t address, std::uint32_t value);
  [[nodiscard]] std::uint32_t ReadPriorities(unsigned first) const;
  void WritePriorities(unsigned first, std::uint32_t value, std::uint32_t writable);
  [[nodiscard]] std::uint32_t SysTickValue() const;

  void RaiseFault(FaultKind kind, std::uint32_t detail, std::uint32_t pc);
  [[nodiscard]] int Priority(unsigned exception) const;
  [[nodiscard]] int CurrentPriority(bool with_primask) const;
  [[nodiscard]] std::uint64_t PendingNow() const;
  // The exception that would run next if `priority` is what runs; 0 for none.
  [[nodiscard]] unsigned BestPending(int priority) const;
  // Takes what is pending and may run. True where one was taken.
  bool TakePending();
  bool Enter(unsigned exception, std::uint32_t return_address);
  bool JumpToVector(unsigned exception);
  void Return(std::uint32_t exc_return);
  void UseStack(bool process);
  [[nodiscard]] bool InHandler() const { return ipsr_ != 0; }
  void GoToSleep(CoreState state);
  void WatchStack(std::uint32_t sp) { stack_floor_ = sp >= stack_limit_ ? stack_limit_ : 0; }
  // The stack pointer is to become `sp`, which is below the floor. True: it may not.
  bool Overflows(std::uint32_t sp);

  Memory* memory_;
  Bus* bus_;
  Watcher* watcher_ = nullptr;
  unsigned number_;

  std::array<std::uint32_t, 16> r_{};
  // N is bit 31 of n_, Z is z_ == 0, C is c_ (0 or 1), V is bit 31 of v_.
  std::uint32_t n_ = 0;
  std::uint32_t z_ = 1;
  std::uint32_t c_ = 0;
  std::uint32_t v_ = 0;
  std::uint64_t cycles_ = 0;
  std::uint64_t instructions_ = 0;
  std::int32_t waited_ = 0;

  std::uint32_t other_sp_ = 0;  // the stack pointer that is not in r_[13]
  bool on_process_stack_ = false;
  std::uint32_t control_ = 0;
  bool primask_ = false;
  unsigned ipsr_ = 0;

  CoreState state_ = CoreState::kOff;
  bool attention_ = false;
  bool yield_ = false;
  bool event_ = false;
  bool reset_requested_ = false;
  bool stopped_by_watcher_ = false;
  bool stepping_ = false;
  bool stack_overflowed_ = false;
  std::uint32_t stack_limit_ = 0;
  std::uint32_t stack_floor_ = 0;  // stack_limit_ while the stack pointer was set above it

  // Bits by exception number; 16 is the first interrupt.
  std::uint64_t pending_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t active_ = 0;
  std::uint64_t enabled_ = 0;
  std::array<std::uint8_t, kExceptions> priority_{};

  std::uint32_t vtor_ = 0;
  std::uint32_t scr_ = 0;
  std::uint32_t systick_control_ = 0;
  std::uint32_t systick_reload_ = 0;
  bool systick_counted_ = false;
  std::uint64_t systick_zero_ = 0;  // the cycle at which the counter reaches 0 next
  std::array<std::uint32_t, 8> mpu_{};

  Fault fault_;
};

}  // namespace pinhole::emulator
