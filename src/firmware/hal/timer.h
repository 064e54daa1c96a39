// SPDX-License-Identifier: Apache-2.0
#pragma once

// The time in microseconds since the start, waiting, and four alarms.
//
// sleep_* lets the core sleep until the time has come; busy_wait_* keeps it running, for waits that
// are shorter than an interrupt. Alarm 3 is taken by sleep on core 0, alarm 2 by that on core 1.
// Source: RP2040 datasheet, chapter 4.6.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

uint32_t time_us_32(void);
uint64_t time_us_64(void);
void sleep_us(uint64_t us);
void sleep_ms(uint32_t ms);
void busy_wait_us(uint64_t us);
void busy_wait_us_32(uint32_t us);

static inline absolute_time_t get_absolute_time(void) { return time_us_64(); }
static inline uint64_t to_us_since_boot(absolute_time_t time) { return time; }
uint32_t to_ms_since_boot(absolute_time_t time);
static inline absolute_time_t make_timeout_time_us(uint64_t us) { return time_us_64() + us; }
static inline absolute_time_t make_timeout_time_ms(uint32_t ms) {
  return time_us_64() + 1000ull * ms;
}
int64_t absolute_time_diff_us(absolute_time_t from, absolute_time_t to);
static inline bool time_reached(absolute_time_t time) { return time_us_64() >= time; }
void sleep_until(absolute_time_t time);

typedef void (*hardware_alarm_callback_t)(uint alarm);
// Alarm 0 or 1. The callback runs in the interrupt, on the core that set it; null takes it away.
void hardware_alarm_set_callback(uint alarm, hardware_alarm_callback_t callback);
// At most 71 minutes ahead. True where `time` has passed already: then there is no callback.
bool hardware_alarm_set_target(uint alarm, absolute_time_t time);
void hardware_alarm_cancel(uint alarm);

#ifdef __cplusplus
}
#endif
