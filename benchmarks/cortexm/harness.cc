// SPDX-License-Identifier: Apache-2.0
// A program for QEMU's Cortex-M boards around one network (subject.h): runs it on every step of a
// golden, holds the outputs against it, and says over semihosting what a step took.
//
// Time is SysTick, which counts the board's 25 MHz. With `-icount shift=0` QEMU lets each
// instruction take one nanosecond, so that a tick is 40 instructions. The stack is painted first,
// to see afterwards how deep it went.
#include <cstdint>
#include <cstring>

#include "subject.h"

extern "C" {
extern std::uint32_t link_data_from[], link_data_begin[], link_data_end[], link_bss_begin[],
    link_bss_end[], link_stack_begin[], link_stack_end[];
extern void (*const link_constructors_begin[])();
extern void (*const link_constructors_end[])();
extern const std::uint8_t golden_inputs[], golden_outputs[];
extern const std::uint32_t golden_steps;
void Start();
}

namespace {

constexpr std::uint32_t kPaint = 0xA5A5A5A5U;
constexpr std::uint32_t kInstructionsATick = 40;

void Semihost(int operation, const void* argument) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt #0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void Say(const char* what, std::uint32_t value) {
  char text[16];
  char* at = text + sizeof(text);
  *--at = '\0';
  *--at = '\n';
  do {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  Semihost(4, what);  // SYS_WRITE0
  Semihost(4, at);
}

volatile std::uint32_t& Register(std::uint32_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

std::uint32_t Measure() {
  Register(0xE000E014) = 0xFFFFFF;  // reload
  Register(0xE000E018) = 0;
  Register(0xE000E010) = 5;  // the processor's clock, no interrupt
  const std::uint32_t before = Register(0xE000E018);
  subject::Run();
  return (before - Register(0xE000E018)) & 0xFFFFFF;  // it counts down, 24 bits
}

}  // namespace

extern "C" int main() {
  std::uint32_t* here;
  asm volatile("mov %0, sp" : "=r"(here));
  for (volatile std::uint32_t* word = link_stack_begin; word < here; ++word) {
    *word = kPaint;
  }
  if (!subject::Begin()) {
    Say("refused ", 1);
    Semihost(0x18, reinterpret_cast<const void*>(0x20023));
  }
  std::uint32_t different = 0;
  std::uint32_t ticks = 0;
  for (std::uint32_t step = 0; step < golden_steps; ++step) {
    std::memcpy(subject::Input(), golden_inputs + step * subject::InputBytes(),
                subject::InputBytes());
    ticks += Measure();
    const auto* out = static_cast<const std::uint8_t*>(subject::Output());
    for (std::uint32_t i = 0; i < subject::OutputBytes(); ++i) {
      different += out[i] != golden_outputs[step * subject::OutputBytes() + i] ? 1 : 0;
    }
  }
  const volatile std::uint32_t* word = link_stack_begin;
  while (*word == kPaint) {
    ++word;
  }
  Say("different ", different);
  Say("instructions ", ticks * kInstructionsATick / golden_steps);
  Say("memory ", static_cast<std::uint32_t>(subject::RamBytes()));
  Say("stack ", static_cast<std::uint32_t>(link_stack_end - word) * 4);
  Semihost(0x18, reinterpret_cast<const void*>(0x20026));  // SYS_EXIT
  return 0;
}

extern "C" void Start() {
  std::memcpy(link_data_begin, link_data_from,
              static_cast<std::size_t>(link_data_end - link_data_begin) * 4);
  std::memset(link_bss_begin, 0, static_cast<std::size_t>(link_bss_end - link_bss_begin) * 4);
  for (void (*const* constructor)() = link_constructors_begin; constructor != link_constructors_end;
       ++constructor) {
    (*constructor)();
  }
  main();
  for (;;) {
  }
}

extern "C" void Fault() {
  Say("fault ", 1);
  Semihost(0x18, reinterpret_cast<const void*>(0x20023));
}

[[gnu::section(".vectors"), gnu::used]] static const void* const kVectors[] = {
    link_stack_end, reinterpret_cast<const void*>(&Start), reinterpret_cast<const void*>(&Fault),
    reinterpret_cast<const void*>(&Fault)};
