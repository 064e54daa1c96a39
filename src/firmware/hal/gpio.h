// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pins: what drives them, their pulls and levels, and interrupts at their edges.
//
//   gpio_init(25);
//   gpio_set_dir(25, GPIO_OUT);
//   gpio_put(25, true);
//
// A pin number outside the chip is the caller's mistake and does nothing. Source: RP2040 datasheet,
// chapters 2.19 and 2.3.1.2.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum gpio_function {
  GPIO_FUNC_XIP = 0,
  GPIO_FUNC_SPI = 1,
  GPIO_FUNC_UART = 2,
  GPIO_FUNC_I2C = 3,
  GPIO_FUNC_PWM = 4,
  GPIO_FUNC_SIO = 5,
  GPIO_FUNC_PIO0 = 6,
  GPIO_FUNC_PIO1 = 7,
  GPIO_FUNC_NULL = 31,
};
#define GPIO_IN false
#define GPIO_OUT true
enum gpio_irq_level {
  GPIO_IRQ_LEVEL_LOW = 1,
  GPIO_IRQ_LEVEL_HIGH = 2,
  GPIO_IRQ_EDGE_FALL = 4,
  GPIO_IRQ_EDGE_RISE = 8,
};
typedef void (*gpio_irq_callback_t)(uint pin, uint32_t events);

// An input that a program drives by hand, low once it is an output.
void gpio_init(uint pin);
void gpio_set_function(uint pin, enum gpio_function function);
void gpio_set_pulls(uint pin, bool up, bool down);
void gpio_set_dir(uint pin, bool out);
void gpio_put(uint pin, bool high);
void gpio_xor_mask(uint32_t mask);
bool gpio_get(uint pin);
uint32_t gpio_get_all(void);
bool gpio_get_out_level(uint pin);
static inline void gpio_pull_up(uint pin) { gpio_set_pulls(pin, true, false); }
static inline void gpio_pull_down(uint pin) { gpio_set_pulls(pin, false, true); }
static inline void gpio_disable_pulls(uint pin) { gpio_set_pulls(pin, false, false); }

// `events` of `pin` call back, on the core that asked. One callback for all pins: the last one set.
void gpio_set_irq_enabled_with_callback(uint pin, uint32_t events, bool enabled,
                                        gpio_irq_callback_t callback);
void gpio_set_irq_enabled(uint pin, uint32_t events, bool enabled);
void gpio_acknowledge_irq(uint pin, uint32_t events);

#ifdef __cplusplus
}
#endif
