// SPDX-License-Identifier: Apache-2.0
#pragma once

// What start-up does for a program, and what is left to it: clocks, resets, the guards of the
// stacks, the end.
//
// Before main: clocks as the board says, memory set up, pins and timer out of reset, both stacks
// with a guard of 32 bytes at their lower end. A fault, a guard that was overwritten, and panic
// write a report to the board's console and stop; a running watchdog then resets the chip.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum clock_index { clk_ref = 4, clk_sys = 5, clk_peri = 6, clk_usb = 7, clk_adc = 8 };
// Hz. As start-up set them; nothing here changes them later.
uint32_t clock_get_hz(enum clock_index clock);

// Bits of the chip's RESETS register: registers.h.
void reset_block(uint32_t bits);
void unreset_block_wait(uint32_t bits);

// Reports and stops where a stack ran over its guard. Sleeping and watchdog_update look as well;
// a loop that does neither calls it.
void stack_guard_check(void);

// One sentence on the console, then the end. Takes what printf takes.
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
__attribute__((format(printf, 1, 2))) void panic(const char* format, ...);

#ifdef __cplusplus
}
#endif
