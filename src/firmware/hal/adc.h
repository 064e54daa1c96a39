// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ADC: 12 bits, four pins from GPIO 26, and the chip's temperature as input 4. Source: RP2040
// datasheet, chapter 4.9.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

void adc_init(void);
// Takes the pin, 26 to 29, out of the digital inputs.
void adc_gpio_init(uint pin);
void adc_select_input(uint input);
void adc_set_temp_sensor_enabled(bool enabled);
// One conversion, 2 microseconds: 0 to 4095.
uint16_t adc_read(void);

#ifdef __cplusplus
}
#endif
