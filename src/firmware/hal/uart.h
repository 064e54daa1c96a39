// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two UARTs (PL011). Source: RP2040 datasheet, chapter 4.2.

#include "firmware/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct uart_inst {
  uint index;
} uart_inst_t;
extern uart_inst_t pinhole_uarts[2];
#define uart0 (&pinhole_uarts[0])
#define uart1 (&pinhole_uarts[1])

// 8 bits, no parity, one stop bit, FIFOs on. Returns the baud rate that the divisor gives, at most
// 1/128 off for rates up to a sixteenth of the peripherals' clock.
uint uart_init(uart_inst_t* uart, uint baud);
void uart_deinit(uart_inst_t* uart);
bool uart_is_writable(uart_inst_t* uart);
bool uart_is_readable(uart_inst_t* uart);
// Wait for room, or for a byte.
void uart_putc_raw(uart_inst_t* uart, char c);
char uart_getc(uart_inst_t* uart);
void uart_puts(uart_inst_t* uart, const char* text);
void uart_write_blocking(uart_inst_t* uart, const uint8_t* bytes, size_t count);
void uart_read_blocking(uart_inst_t* uart, uint8_t* bytes, size_t count);
// Until the last bit has left.
void uart_tx_wait_blocking(uart_inst_t* uart);
void uart_set_irq_enables(uart_inst_t* uart, bool on_receive, bool on_room);
static inline void uart_putc(uart_inst_t* uart, char c) { uart_putc_raw(uart, c); }

#ifdef __cplusplus
}
#endif
