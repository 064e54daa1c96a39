// SPDX-License-Identifier: Apache-2.0
#pragma once

// The second core and the two FIFOs between the cores, eight words each way. Source: RP2040
// datasheet, chapters 2.3.1.4 and 2.8.2.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Resets core 1 and lets it run `entry` on its own stack of 2 KB; where entry returns, it sleeps.
// Interrupts of the FIFO are off on core 0 meanwhile.
void multicore_launch_core1(void (*entry)(void));
void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t* stack_bottom,
                                       size_t stack_bytes);
void multicore_reset_core1(void);
bool multicore_fifo_rvalid(void);
bool multicore_fifo_wready(void);
void multicore_fifo_push_blocking(uint32_t word);
uint32_t multicore_fifo_pop_blocking(void);
void multicore_fifo_drain(void);

#ifdef __cplusplus
}
#endif
