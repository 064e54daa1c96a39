// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/multicore.h"

#include <array>

#include "firmware/chips/chip.h"
#include "firmware/hal/irq.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/vectors.h"

namespace chip = pinhole::firmware::chip;

extern "C" {
extern std::uint32_t __stack1_bottom[], __stack1_top[];
}

namespace {

constexpr std::uint32_t kStatus = chip::kSio + 0x50;
constexpr std::uint32_t kWrite = chip::kSio + 0x54;
constexpr std::uint32_t kRead = chip::kSio + 0x58;
constexpr std::uint32_t kReadable = 1u << 0;
constexpr std::uint32_t kWritable = 1u << 1;
#if defined(PINHOLE_CHIP_RP2040)
constexpr std::uint32_t kCore1Off = 1u << 16;
#else
constexpr std::uint32_t kCore1Off = 1u << 24;
#endif
constexpr std::uint32_t kForceOff = chip::kPowerStates + 4;

void (*volatile entry_of_core1)(void);

[[noreturn]] void RunOnCore1() {
  entry_of_core1();
  for (;;) {
    __wfe();
  }
}

std::uint32_t Address(const void* at) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(at));
}

}  // namespace

extern "C" {

bool multicore_fifo_rvalid(void) { return (chip::At(kStatus) & kReadable) != 0; }
bool multicore_fifo_wready(void) { return (chip::At(kStatus) & kWritable) != 0; }

void multicore_fifo_push_blocking(uint32_t word) {
  while (!multicore_fifo_wready()) {
  }
  chip::At(kWrite) = word;
  __sev();
}

uint32_t multicore_fifo_pop_blocking(void) {
  while (!multicore_fifo_rvalid()) {
    __wfe();
  }
  return chip::At(kRead);
}

void multicore_fifo_drain(void) {
  while (multicore_fifo_rvalid()) {
    chip::Touch(chip::At(kRead));
  }
}

void multicore_reset_core1(void) {
  chip::Set(kForceOff, kCore1Off);
  while ((chip::At(kForceOff) & kCore1Off) == 0) {
  }
  chip::Clear(kForceOff, kCore1Off);
#if defined(PINHOLE_CHIP_RP2350)
  // The RP2350's ROM says that it is there.
  static_cast<void>(multicore_fifo_pop_blocking());
#endif
}

// The ROM on core 1 wants 0, 0, 1, a vector table, a stack and an entry, and answers each with
// itself; anything else starts again.
void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t* stack_bottom,
                                       size_t stack_bytes) {
  const uint irq = chip::kFifoIrq[0];
  irq_set_enabled(irq, false);
  multicore_reset_core1();
  entry_of_core1 = entry;
  const std::array<std::uint32_t, 6> words = {
      0,
      0,
      1,
      Address(pinhole::firmware::hal::RamVectors()),
      Address(stack_bottom) + static_cast<std::uint32_t>(stack_bytes & ~size_t{7}),
      Address(reinterpret_cast<const void*>(&RunOnCore1))};
  for (std::size_t i = 0; i < words.size();) {
    if (words[i] == 0) {
      multicore_fifo_drain();
      __sev();
    }
    multicore_fifo_push_blocking(words[i]);
    i = multicore_fifo_pop_blocking() == words[i] ? i + 1 : 0;
  }
}

void multicore_launch_core1(void (*entry)(void)) {
  multicore_launch_core1_with_stack(
      entry, __stack1_bottom,
      static_cast<std::size_t>(__stack1_top - __stack1_bottom) * sizeof(std::uint32_t));
}

}  // extern "C"
