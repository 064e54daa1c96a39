// SPDX-License-Identifier: Apache-2.0
#pragma once

// A linked program -> what the chip wants: a boot stage with its checksum, and a UF2 file.
//
// In: the bytes of an ELF file for 32-bit ARM. Flash is what its LOAD segments put there by their
// physical addresses; what lies in RAM alone is not part of it. Every offset is checked before it
// is used; a file that breaks ELF's rules is refused with a sentence.
//
//   FinishBootStage(elf, why);                                 // RP2040 only
//   base::Result<std::vector<std::byte>> uf2 = MakeUf2(elf, Chip::kRp2040, why);
//
// Sources: RP2040 datasheet, chapter 2.8.1.3.1 (the boot stage's checksum); the UF2 format's
// README.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::firmware::image {

enum class Chip : std::uint8_t { kRp2040, kRp2350 };

inline constexpr std::uint32_t kFlashBase = 0x1000'0000;
inline constexpr std::uint32_t kLargestFlash = 16 * 1024 * 1024;
inline constexpr std::size_t kBootStageBytes = 256;  // its checksum is the last four
inline constexpr std::size_t kUf2BlockBytes = 512;
inline constexpr std::size_t kUf2PageBytes = 256;

// CRC-32 with the polynomial 0x04C11DB7, from 0xFFFFFFFF, bits from the top, not inverted.
std::uint32_t BootStageChecksum(std::span<const std::byte> bytes);

// Writes the checksum of the first 252 bytes of flash behind them, inside the file. Errors:
// kMalformed, kTruncated (no sound ELF), kWrongKind (nothing, or less than 256 bytes, at the start
// of flash).
base::Status FinishBootStage(std::span<std::byte> elf, base::Diagnosis& why);

// Blocks of 256 bytes, in the order of their addresses; a page that the program does not touch has
// none. Errors: kMalformed, kTruncated, kWrongKind (nothing in flash), kTooLarge (flash above 16
// MB).
base::Result<std::vector<std::byte>> MakeUf2(std::span<const std::byte> elf, Chip chip,
                                             base::Diagnosis& why);

}  // namespace pinhole::firmware::image
