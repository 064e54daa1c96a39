// SPDX-License-Identifier: Apache-2.0
#pragma once

// printf and its like on the board's console, a UART. No heap, no buffer: every character waits for
// the one before it. `\n` goes out as it is.
//
// Formats: %d %i %u %x %X %o %c %s %p %%, %f (also %F), with flags - 0 + space #, width, precision
// and * for both, h hh l ll z t j. Numbers behind a point are exact to 18 digits; values of 2^63
// and more print as `big`. Others are printed as they stand.

#include <stdarg.h>

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#undef putchar
#undef puts

// The console is there. Programs that print call it first.
bool stdio_init_all(void);
void stdio_flush(void);
int printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char* format, va_list arguments);
// The length that the text would have; at most `size` - 1 characters and a 0 are written.
int snprintf(char* to, size_t size, const char* format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char* to, size_t size, const char* format, va_list arguments);
int puts(const char* text);
int putchar(int c);
// A character from the console, or PICO_ERROR_TIMEOUT.
int getchar_timeout_us(uint32_t us);

#ifdef __cplusplus
}
#endif
