// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/uart.h"

#include <algorithm>

#include "firmware/chips/chip.h"
#include "firmware/hal/system.h"

namespace chip = pinhole::firmware::chip;

uart_inst_t pinhole_uarts[2] = {{0}, {1}};

namespace {

constexpr std::uint32_t kData = 0x00;
constexpr std::uint32_t kFlags = 0x18;
constexpr std::uint32_t kInteger = 0x24;
constexpr std::uint32_t kFraction = 0x28;
constexpr std::uint32_t kLine = 0x2C;
constexpr std::uint32_t kControl = 0x30;
constexpr std::uint32_t kMask = 0x38;
constexpr std::uint32_t kBusy = 1u << 3;
constexpr std::uint32_t kEmpty = 1u << 4;
constexpr std::uint32_t kFull = 1u << 5;

chip::Register& At(const uart_inst_t* uart, std::uint32_t offset) {
  return chip::At(chip::kUart[uart->index] + offset);
}

}  // namespace

extern "C" {

uint uart_init(uart_inst_t* uart, uint baud) {
  const std::uint32_t reset = 1u << (chip::kResetUart + uart->index);
  reset_block(reset);
  unreset_block_wait(reset);
  const std::uint32_t hz = clock_get_hz(clk_peri);
  // Sixteen samples a bit; the divisor in 64ths, rounded.
  const std::uint64_t wanted = (8ull * hz / std::max(baud, 1u) + 1) / 2;
  const auto divisor =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(wanted, 64, 65535u * 64));
  At(uart, kInteger) = divisor / 64;
  At(uart, kFraction) = divisor % 64;
  At(uart, kLine) = 3u << 5 | 1u << 4;
  At(uart, kControl) = 1u << 9 | 1u << 8 | 1u;
  return 4 * hz / divisor;
}

void uart_deinit(uart_inst_t* uart) { reset_block(1u << (chip::kResetUart + uart->index)); }
bool uart_is_writable(uart_inst_t* uart) { return (At(uart, kFlags) & kFull) == 0; }
bool uart_is_readable(uart_inst_t* uart) { return (At(uart, kFlags) & kEmpty) == 0; }

void uart_putc_raw(uart_inst_t* uart, char c) {
  while (!uart_is_writable(uart)) {
  }
  At(uart, kData) = static_cast<unsigned char>(c);
}

char uart_getc(uart_inst_t* uart) {
  while (!uart_is_readable(uart)) {
  }
  return static_cast<char>(At(uart, kData) & 0xFF);
}

void uart_puts(uart_inst_t* uart, const char* text) {
  for (; *text != '\0'; ++text) {
    uart_putc_raw(uart, *text);
  }
}

void uart_write_blocking(uart_inst_t* uart, const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uart_putc_raw(uart, static_cast<char>(bytes[i]));
  }
}

void uart_read_blocking(uart_inst_t* uart, uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<uint8_t>(uart_getc(uart));
  }
}

void uart_tx_wait_blocking(uart_inst_t* uart) {
  while ((At(uart, kFlags) & kBusy) != 0) {
  }
}

void uart_set_irq_enables(uart_inst_t* uart, bool on_receive, bool on_room) {
  constexpr std::uint32_t kReceive = 1u << 4 | 1u << 6;
  constexpr std::uint32_t kRoom = 1u << 5;
  At(uart, kMask) = (on_receive ? kReceive : 0) | (on_room ? kRoom : 0);
}

}  // extern "C"
