// SPDX-License-Identifier: Apache-2.0
#pragma once

// Program files -> memory: ELF, UF2, or plain bytes of flash.
//
// In: a file's bytes, hostile or not. Out: flash and RAM written, where to start; for ELF also
// names for addresses. Nothing is allocated and nothing is written outside the memories; every
// offset is checked before it is used. A file that breaks its format's rules is refused with a
// sentence; what was written before the fault was found stays written, so a caller starts nothing
// after an error.
//
// Sources: System V ABI, chapter 4 and 5 (ELF); the UF2 format's README (family 0xE48BFF56).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "emulator/memory.h"

namespace pinhole::emulator {

enum class ProgramKind : std::uint8_t { kElf, kUf2, kBytes };

struct Program {
  ProgramKind kind = ProgramKind::kBytes;
  // Where a program that lies in RAM alone begins; 0: it is in flash and boots as the chip does.
  std::uint32_t ram_entry = 0;
  std::uint32_t flash_bytes = 0;
  std::uint32_t ram_bytes = 0;
};

// The kind is told by the first bytes. Errors: kTruncated, kMalformed, kUnsupported (another
// processor), kTooLarge (outside flash and RAM); `why` says which part.
[[nodiscard]] base::Result<Program> LoadProgram(std::span<const std::byte> file, Memory& memory,
                                                base::Diagnosis& why);

struct Symbol {
  std::string_view name;  // inside the file
  std::uint32_t offset = 0;
};

// The function or object of an ELF file that `address` lies in; an empty name where there is none
// or the file is no sound ELF. Walks the symbol table: for reports, not for loops.
[[nodiscard]] Symbol FindSymbol(std::span<const std::byte> file, std::uint32_t address);

// The value of the global symbol `name` of an ELF file. Error: kNotFound where the file has none.
[[nodiscard]] base::Result<std::uint32_t> FindValue(std::span<const std::byte> file,
                                                    std::string_view name);

}  // namespace pinhole::emulator
