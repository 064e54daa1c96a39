// SPDX-License-Identifier: Apache-2.0
#pragma once

// Words that all devices' headers share. For C and C++.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned int uint;

// A time since the start, in microseconds.
typedef uint64_t absolute_time_t;

// What functions return in place of a count.
enum pico_error_codes {
  PICO_OK = 0,
  PICO_ERROR_GENERIC = -1,
  PICO_ERROR_TIMEOUT = -2,
  PICO_ERROR_NO_DATA = -3,
};
#ifndef __cplusplus
// Not in C++, where they would get in the way.
#define count_of(a) (sizeof(a) / sizeof((a)[0]))
#ifndef MIN
#define MIN(a, b) ((b) > (a) ? (a) : (b))
#endif
#ifndef MAX
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif
