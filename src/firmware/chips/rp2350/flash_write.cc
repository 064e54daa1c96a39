// SPDX-License-Identifier: Apache-2.0
// Never run. The ROM's table has flags beside each code; its functions keep what the RP2040's are
// called. Source: RP2350 datasheet, chapter 5.4.
#include "firmware/chips/flash_write.h"

#include "firmware/chips/chip.h"

namespace pinhole::firmware::chip {
namespace {

template <typename Function>
Function* FindInRom(char first, char second) {
  constexpr std::uint32_t kArmSecureFunction = 0x0004;
  using Lookup = void*(std::uint32_t, std::uint32_t);
  std::uintptr_t at = 0x16;
  asm("" : "+r"(at));  // an address, not an object of no size
  auto* const lookup = reinterpret_cast<Lookup*>(
      std::uintptr_t{*reinterpret_cast<const volatile std::uint16_t*>(at)});
  const auto code = static_cast<std::uint32_t>(first) | static_cast<std::uint32_t>(second) << 8;
  return reinterpret_cast<Function*>(lookup(code, kArmSecureFunction));
}

using Plain = void();
using Erase = void(std::uint32_t, std::size_t, std::uint32_t, std::uint8_t);
using Program = void(std::uint32_t, const std::uint8_t*, std::size_t);

struct Functions {
  Plain* connect = FindInRom<Plain>('I', 'F');
  Plain* leave = FindInRom<Plain>('E', 'X');
  Erase* erase = FindInRom<Erase>('R', 'E');
  Program* program = FindInRom<Program>('R', 'P');
  Plain* flush = FindInRom<Plain>('F', 'C');
  Plain* enter = FindInRom<Plain>('C', 'X');
};

__attribute__((section(".time_critical.flash"), noinline)) void Around(const Functions& functions,
                                                                       std::uint32_t offset,
                                                                       const std::uint8_t* data,
                                                                       std::size_t bytes) {
  functions.connect();
  functions.leave();
  if (data != nullptr) {
    functions.program(offset, data, bytes);
  } else {
    functions.erase(offset, bytes, 1u << 16, 0xD8);
  }
  functions.flush();
  functions.enter();
}

}  // namespace

void EraseFlash(std::uint32_t offset, std::size_t bytes) {
  Around(Functions{}, offset, nullptr, bytes);
}

void ProgramFlash(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes) {
  Around(Functions{}, offset, data, bytes);
}

}  // namespace pinhole::firmware::chip
