// SPDX-License-Identifier: Apache-2.0
#pragma once

// The watchdog: resets the chip unless it is told in time that all is well. Source: RP2040
// datasheet, chapter 4.7.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

// From now on at most `delay_ms`, up to 8388, may pass between two updates.
void watchdog_enable(uint32_t delay_ms, bool pause_on_debug);
// All is well. Looks at the stacks' guards as well.
void watchdog_update(void);
// True where the last start was one of the watchdog's.
bool watchdog_caused_reboot(void);
// Resets now.
void watchdog_reboot_now(void);

#ifdef __cplusplus
}
#endif
