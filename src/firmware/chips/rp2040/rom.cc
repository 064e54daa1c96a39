// SPDX-License-Identifier: Apache-2.0
// Source: RP2040 datasheet, chapter 2.8.3 (functions of the ROM).
#include "firmware/chips/rom.h"

#include <cstring>

#include "firmware/chips/chip.h"

namespace pinhole::firmware::chip {

// The ROM says where its functions are: a 16-bit pointer to their table at 0x14, one to the
// function that looks in it at 0x18.
std::uintptr_t FindInRom(char first, char second) {
  using Lookup = std::uintptr_t(const std::uint16_t*, std::uint32_t);
  const auto pointer = [](std::uintptr_t at) {
    asm("" : "+r"(at));  // an address, not an object of no size
    return std::uintptr_t{*reinterpret_cast<const volatile std::uint16_t*>(at)};
  };
  auto* const lookup = reinterpret_cast<Lookup*>(pointer(0x18));
  const auto code = static_cast<std::uint32_t>(first) | static_cast<std::uint32_t>(second) << 8;
  return lookup(reinterpret_cast<const std::uint16_t*>(pointer(0x14)), code);
}

// The boot stage, which returns where it is called with a return address.
ReadSetupFunction* ReadSetup(std::span<std::uint32_t, kReadSetupWords> room) {
  std::memcpy(room.data(), reinterpret_cast<const void*>(std::uintptr_t{kFlash}),
              room.size_bytes());
  // Run, not read: the compiler sees nobody who looks at it.
  asm volatile("" ::"r"(room.data()) : "memory");
  return reinterpret_cast<ReadSetupFunction*>(reinterpret_cast<std::uintptr_t>(room.data()) | 1);
}

}  // namespace pinhole::firmware::chip
