// SPDX-License-Identifier: Apache-2.0
#pragma once

// Holding off interrupts, waiting for events, memory order. For C and C++.

#include "firmware/hal/types.h"

// Of this core. The result is for restore_interrupts; pairs nest.
static inline uint32_t save_and_disable_interrupts(void) {
  uint32_t status;
  __asm__ volatile("mrs %0, PRIMASK\n\tcpsid i" : "=r"(status)::"memory");
  return status;
}
static inline void restore_interrupts(uint32_t status) {
  __asm__ volatile("msr PRIMASK, %0" ::"r"(status) : "memory");
}
static inline void __wfi(void) { __asm__ volatile("wfi" ::: "memory"); }
static inline void __wfe(void) { __asm__ volatile("wfe" ::: "memory"); }
static inline void __sev(void) { __asm__ volatile("sev" ::: "memory"); }
static inline void __dmb(void) { __asm__ volatile("dmb" ::: "memory"); }
static inline void tight_loop_contents(void) {}

#ifdef __cplusplus
extern "C" {
#endif
// Of the core that asks: 0 or 1.
uint get_core_num(void);
#ifdef __cplusplus
}
#endif
