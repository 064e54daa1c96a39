// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interrupt controller. Handlers are shared by both cores, enabling is per core: an interrupt
// runs on the core that enabled it. Numbers are the chip's (registers.h).

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*irq_handler_t)(void);

// One handler an interrupt; a later one takes the place of an earlier one.
void irq_set_exclusive_handler(uint number, irq_handler_t handler);
void irq_set_enabled(uint number, bool enabled);
// 0 is the most urgent, 255 the least; the two upper bits count on an RP2040.
void irq_set_priority(uint number, uint8_t priority);
void irq_clear(uint number);

#ifdef __cplusplus
}
#endif
