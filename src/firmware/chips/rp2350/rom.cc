// SPDX-License-Identifier: Apache-2.0
// Never run. The ROM's table has flags beside each code; its functions keep what the RP2040's are
// called. Source: RP2350 datasheet, chapter 5.4.
#include "firmware/chips/rom.h"

namespace pinhole::firmware::chip {

std::uintptr_t FindInRom(char first, char second) {
  constexpr std::uint32_t kArmSecureFunction = 0x0004;
  using Lookup = std::uintptr_t(std::uint32_t, std::uint32_t);
  std::uintptr_t at = 0x16;
  asm("" : "+r"(at));  // an address, not an object of no size
  auto* const lookup = reinterpret_cast<Lookup*>(
      std::uintptr_t{*reinterpret_cast<const volatile std::uint16_t*>(at)});
  const auto code = static_cast<std::uint32_t>(first) | static_cast<std::uint32_t>(second) << 8;
  return lookup(code, kArmSecureFunction);
}

// The ROM has a function for it.
ReadSetupFunction* ReadSetup(std::span<std::uint32_t, kReadSetupWords> /*room*/) {
  return reinterpret_cast<ReadSetupFunction*>(FindInRom('C', 'X'));
}

}  // namespace pinhole::firmware::chip
