// SPDX-License-Identifier: Apache-2.0
#pragma once

// The registers of the chip that this build is for, and how to reach them.
//
// registers.h of each chip defines the same names in namespace chip: where blocks stand, interrupt
// and reset numbers, and the few offsets in which the chips differ. Offsets that both share stand
// beside the code that uses them, under the datasheet's names.

#include <cstdint>

#if defined(PINHOLE_CHIP_RP2040)
#include "firmware/chips/rp2040/registers.h"
#elif defined(PINHOLE_CHIP_RP2350)
#include "firmware/chips/rp2350/registers.h"
#else
#error "no chip: build with the preset pico or pico2"
#endif

namespace pinhole::firmware::chip {

using Register = volatile std::uint32_t;

inline Register& At(std::uint32_t address) { return *reinterpret_cast<Register*>(address); }
// Reads a register for what reading does.
inline void Touch(const Register& of) { [[maybe_unused]] const std::uint32_t value = of; }

// Every block of the peripherals' bus, not SIO and not the flash's interface, answers three more
// times: writes there flip, set or clear bits at once (RP2040 datasheet, chapter 2.1.2).
inline void Set(std::uint32_t address, std::uint32_t bits) { At(address + 0x2000) = bits; }
inline void Clear(std::uint32_t address, std::uint32_t bits) { At(address + 0x3000) = bits; }
// The bits of `mask` become those of `value`.
inline void Change(std::uint32_t address, std::uint32_t value, std::uint32_t mask) {
  At(address + 0x1000) = (At(address) ^ value) & mask;
}

}  // namespace pinhole::firmware::chip
