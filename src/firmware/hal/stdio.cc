// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/stdio.h"

#include <pinhole_board.h>

#include "firmware/hal/gpio.h"
#include "firmware/hal/print.h"
#include "firmware/hal/timer.h"
#include "firmware/hal/uart.h"

namespace {

uart_inst_t* Console() { return &pinhole_uarts[PINHOLE_BOARD_UART]; }

void PutOnConsole(void*, char c) { uart_putc_raw(Console(), c); }

struct Room {
  char* to;
  size_t size;
  size_t used;
};

void PutInRoom(void* to, char c) {
  Room& room = *static_cast<Room*>(to);
  if (room.used + 1 < room.size) {
    room.to[room.used] = c;
  }
  ++room.used;
}

}  // namespace

extern "C" {

bool stdio_init_all(void) {
  uart_init(Console(), PINHOLE_BOARD_UART_BAUD);
  gpio_set_function(PINHOLE_BOARD_UART_TX_PIN, GPIO_FUNC_UART);
  gpio_set_function(PINHOLE_BOARD_UART_RX_PIN, GPIO_FUNC_UART);
  return true;
}

void stdio_flush(void) { uart_tx_wait_blocking(Console()); }

int vprintf(const char* format, va_list arguments) {
  return pinhole::firmware::hal::Print(PutOnConsole, nullptr, format, arguments);
}

int printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int count = vprintf(format, arguments);
  va_end(arguments);
  return count;
}

int vsnprintf(char* to, size_t size, const char* format, va_list arguments) {
  Room room{to, size, 0};
  const int count = pinhole::firmware::hal::Print(PutInRoom, &room, format, arguments);
  if (size > 0) {
    to[room.used < size ? room.used : size - 1] = '\0';
  }
  return count;
}

int snprintf(char* to, size_t size, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int count = vsnprintf(to, size, format, arguments);
  va_end(arguments);
  return count;
}

int putchar(int c) {
  uart_putc_raw(Console(), static_cast<char>(c));
  return c;
}

int puts(const char* text) {
  uart_puts(Console(), text);
  uart_putc_raw(Console(), '\n');
  return 1;
}

int getchar_timeout_us(uint32_t us) {
  const absolute_time_t until = make_timeout_time_us(us);
  do {
    if (uart_is_readable(Console())) {
      return static_cast<unsigned char>(uart_getc(Console()));
    }
  } while (!time_reached(until));
  return PICO_ERROR_TIMEOUT;
}

}  // extern "C"
