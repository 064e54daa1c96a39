// SPDX-License-Identifier: Apache-2.0
#pragma once

// A square wave on a pin, by the PWM slice behind it: clocks for cameras, tones. Source: RP2040
// datasheet, chapter 4.5.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Half high, half low, at the system clock divided by the even number next to `divisor`, 2 to
// 65536.
void pwm_square_wave(uint pin, uint32_t divisor);

#ifdef __cplusplus
}
#endif
