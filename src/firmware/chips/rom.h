// SPDX-License-Identifier: Apache-2.0
#pragma once

// What writing flash needs of a chip's ROM: its functions by their codes, and the one that lets
// flash be read again. Each chip has its own rom.cc.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pinhole::firmware::chip {

// The address of the ROM's function that two letters name.
std::uintptr_t FindInRom(char first, char second);

inline constexpr std::size_t kReadSetupWords = 64;
// A function outside of flash that sets reading up as it was at the start. Its code may lie in
// `room`, which must stay while it is used.
using ReadSetupFunction = void();
ReadSetupFunction* ReadSetup(std::span<std::uint32_t, kReadSetupWords> room);

}  // namespace pinhole::firmware::chip
