// SPDX-License-Identifier: Apache-2.0
// From the boot stage to main: memory, clocks, vectors, constructors. The vector table in flash has
// only what a start needs; the one in RAM, which irq_set_exclusive_handler changes, takes over.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "firmware/chips/chip.h"
#include "firmware/chips/clock_start.h"
#include "firmware/hal/fault.h"
#include "firmware/hal/vectors.h"

namespace chip = pinhole::firmware::chip;
namespace hal = pinhole::firmware::hal;

extern "C" {

// Of the linker script.
extern std::uint32_t __data_start[], __data_end[], __data_from[], __bss_start[], __bss_end[];
extern std::uint32_t __stack0_top[];
using Constructor = void();
extern Constructor* __init_array_start[];
extern Constructor* __init_array_end[];

// main under a name that C++ lets a program call.
int program_main() __asm__("main");
void _exit(int status);

[[noreturn]] void reset_handler() {
  std::copy(__data_from, __data_from + (__data_end - __data_start), __data_start);
  std::fill(__bss_start, __bss_end, 0u);
  hal::GuardStacks();
  hal::UseRamVectors();
  chip::StartClocks();
  std::for_each(__init_array_start, __init_array_end, [](Constructor* run) { run(); });
  const int status = program_main();
  hal::DrainConsole();
  _exit(status);
  for (;;) {
  }
}

}  // extern "C"

namespace {

struct FlashVectors {
  std::uint32_t* stack;
  hal::Handler* reset;
  hal::Handler* not_maskable;
  hal::Handler* hard_fault;
};

extern "C" __attribute__((section(".flash_vectors"), used)) const FlashVectors flash_vectors = {
    __stack0_top, reset_handler, hal::UnexpectedInterrupt, hal::HardFault};

}  // namespace

// Where a program ends: a debugger, and the emulator, find the status in r0.
extern "C" __attribute__((naked)) void _exit(int) {
  asm volatile(
      "1: bkpt #0\n"
      "b 1b\n");
}
