// SPDX-License-Identifier: Apache-2.0
#pragma once

// Erasing and programming the flash that the program runs from.
//
// While it goes on nothing may be read from flash: the functions lie in RAM, call the chip's ROM,
// and set reading up again as it was at the start. The caller holds off interrupts and keeps the
// other core out of flash. `offset` counts from the start of flash.
//
// Source: RP2040 datasheet, chapter 2.8.3 (functions of the ROM) and 2.8.3.1.3.

#include <cstddef>
#include <cstdint>

namespace pinhole::firmware::chip {

inline constexpr std::uint32_t kFlashSectorBytes = 4096;
inline constexpr std::uint32_t kFlashPageBytes = 256;

// Multiples of a sector. About 45 ms a sector.
void EraseFlash(std::uint32_t offset, std::size_t bytes);
// Multiples of a page; `data` does not lie in flash. Bits only become 0. About 0.4 ms a page.
void ProgramFlash(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes);

}  // namespace pinhole::firmware::chip
