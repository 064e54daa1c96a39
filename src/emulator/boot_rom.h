// SPDX-License-Identifier: Apache-2.0
#pragma once

// A boot ROM of our own: the tables through which programs find functions, and the functions.
//
// WriteBootRom puts a vector table, the two lookup tables and one stub a function into the ROM; a
// stub is a host call (UDF, known in the ROM alone) and a return. BootFunctions is what the calls
// do: bit tricks, fills and copies, erasing and programming flash, and floating point for `float`
// and `double` under the conventions of the chip's tables 'SF' and 'SD', all in C++. Cycles are
// charged about as the datasheet lists them (chapter 2.8.3), so that time is right to some ten per
// cent in them.
//
// Not there: the USB boot loader (its entry stops the emulator) and the debugger's trampolines.

#include <cstdint>

#include "emulator/core.h"
#include "emulator/flash.h"
#include "emulator/memory.h"

namespace pinhole::emulator {

// Fills memory.rom; it must have at least 4 KB.
void WriteBootRom(Memory& memory);

// Where core 1 sleeps until it is told what to run, and where a function returns to that was called
// without a caller.
inline constexpr std::uint32_t kRomParking = 0x00F0;

enum class BootCall : std::uint8_t { kDone, kUsbBoot, kUnknown };

class BootFunctions {
 public:
  BootFunctions(FlashInterface& flash, XipCache& cache) : flash_(&flash), cache_(&cache) {}
  // Runs host call `number` with the core's registers as arguments and results.
  BootCall Call(Core& core, std::uint32_t number);

 private:
  FlashInterface* flash_;
  XipCache* cache_;
};

}  // namespace pinhole::emulator
