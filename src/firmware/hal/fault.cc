// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/fault.h"

#include <pinhole_board.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "firmware/chips/chip.h"
#include "firmware/hal/gpio.h"
#include "firmware/hal/stdio.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/system.h"
#include "firmware/hal/uart.h"

namespace chip = pinhole::firmware::chip;

extern "C" {
extern std::uint32_t __stack0_bottom[], __stack1_bottom[];
[[noreturn]] void _exit(int status);
}

namespace pinhole::firmware::hal {
namespace {

constexpr std::size_t kGuardWords = 8;
constexpr std::uint32_t kGuard = 0x5049'4E48;

// The report's own stack.
alignas(8) std::uint32_t report_stack[160];

bool Intact(const std::uint32_t* bottom) {
  return std::all_of(bottom, bottom + kGuardWords, [](std::uint32_t w) { return w == kGuard; });
}

void WriteText(std::string_view text) {
  for (const char c : text) {
    uart_putc_raw(&pinhole_uarts[PINHOLE_BOARD_UART], c);
  }
}

void WriteHex(std::string_view name, std::uint32_t value) {
  WriteText(name);
  WriteText(" 0x");
  for (int shift = 28; shift >= 0; shift -= 4) {
    const std::uint32_t digit = value >> shift & 15;
    uart_putc_raw(&pinhole_uarts[PINHOLE_BOARD_UART], "0123456789abcdef"[digit]);
  }
}

bool ConsoleIsOpen() {
  constexpr std::uint32_t kEnabled = 1;
  const std::uint32_t reset = 1u << (chip::kResetUart + PINHOLE_BOARD_UART);
  return (chip::At(chip::kResets) & reset) == 0 &&
         (chip::At(chip::kUart[PINHOLE_BOARD_UART] + 0x30) & kEnabled) != 0;
}

// A program that never opened the console has one for its report.
void OpenConsole() {
  if (!ConsoleIsOpen()) {
    stdio_init_all();
  }
}

// As an exception leaves it on the stack.
struct Frame {
  std::uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
};

bool InRam(const Frame* frame) {
  const auto at = reinterpret_cast<std::uintptr_t>(frame);
  return at >= 0x2000'0000 && at < 0x2010'0000 && at % 4 == 0;
}

bool AtTheEnd(std::uint32_t pc) {
  const auto end = reinterpret_cast<std::uintptr_t>(&_exit) & ~std::uintptr_t{1};
  return pc >= end && pc < end + 4;
}

[[noreturn]] void Halt() {
  DrainConsole();
  for (;;) {
    asm volatile("bkpt #0");
  }
}

}  // namespace

extern "C" [[noreturn]] __attribute__((used)) void pinhole_report_fault(const Frame* frame,
                                                                        std::uint32_t number) {
  if (InRam(frame) && AtTheEnd(frame->pc)) {
    for (;;) {
      asm volatile("bkpt #0");
    }
  }
  OpenConsole();
  WriteText(number == 3 ? "\npinhole: hard fault on core "
                        : "\npinhole: an interrupt without a handler on core ");
  WriteText(get_core_num() == 0 ? "0" : "1");
  if (number != 3) {
    WriteHex(", exception", number);
  }
  WriteText("\n");
  if (!InRam(frame)) {
    WriteHex("  the stack is no RAM: sp",
             static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(frame)));
    WriteText("\n");
    Halt();
  }
  WriteHex("  pc", frame->pc);
  WriteHex("  lr", frame->lr);
  WriteHex("  sp",
           static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(frame) + sizeof(Frame)));
  WriteHex("  psr", frame->psr);
  WriteHex("\n  r0", frame->r0);
  WriteHex("  r1", frame->r1);
  WriteHex("  r2", frame->r2);
  WriteHex("  r3", frame->r3);
  WriteHex("  r12", frame->r12);
  WriteText("\n");
  if (!Intact(get_core_num() == 0 ? __stack0_bottom : __stack1_bottom)) {
    WriteText("  its stack ran over\n");
  }
  Halt();
}

// Finds the frame by what lr says of the stack that was used, takes the report's stack.
__attribute__((naked)) void HardFault() {
  asm volatile(
      "mov r1, lr\n"
      "movs r0, #4\n"
      "tst r0, r1\n"
      "beq 1f\n"
      "mrs r0, psp\n"
      "b 2f\n"
      "1: mrs r0, msp\n"
      "2: mrs r1, ipsr\n"
      "ldr r2, =%c0\n"
      "mov sp, r2\n"
      "ldr r2, =pinhole_report_fault\n"
      "bx r2\n"
      ".ltorg\n"
      :
      : "i"(report_stack + std::size(report_stack)));
}

__attribute__((naked)) void UnexpectedInterrupt() {
  asm volatile(
      "ldr r0, =%c0\n"
      "bx r0\n"
      ".ltorg\n"
      :
      : "i"(&HardFault));
}

void GuardStacks() {
  std::fill_n(__stack0_bottom, kGuardWords, kGuard);
  std::fill_n(__stack1_bottom, kGuardWords, kGuard);
}

void ReportLine(std::string_view text) {
  OpenConsole();
  WriteText("\npinhole: ");
  WriteText(text);
  WriteText("\n");
}

void DrainConsole() {
  if (ConsoleIsOpen()) {
    uart_tx_wait_blocking(&pinhole_uarts[PINHOLE_BOARD_UART]);
  }
}

extern "C" void stack_guard_check(void) {
  for (const std::uint32_t* const bottom : {__stack0_bottom, __stack1_bottom}) {
    if (!Intact(bottom)) {
      ReportLine(bottom == __stack0_bottom ? "the stack of core 0 ran over"
                                           : "the stack of core 1 ran over");
      DrainConsole();
      _exit(1);
    }
  }
}

extern "C" void panic(const char* format, ...) {
  ReportLine("panic");
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  WriteText("\n");
  DrainConsole();
  _exit(1);
}

}  // namespace pinhole::firmware::hal
