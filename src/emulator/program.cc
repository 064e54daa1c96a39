// SPDX-License-Identifier: Apache-2.0
#include "emulator/program.h"

#include <cstring>

#include "base/little_endian.h"

namespace pinhole::emulator {
namespace {

using base::Error;
using base::LoadLe;
using base::Result;
using base::Unexpected;

constexpr std::size_t kElfHeader = 52;
constexpr std::size_t kProgramHeader = 32;
constexpr std::size_t kSectionHeader = 40;
constexpr std::size_t kSymbolSize = 16;
constexpr std::size_t kUf2Block = 512;
constexpr std::size_t kUf2Payload = 476;
constexpr std::uint32_t kUf2Magic = 0x0A32'4655;
constexpr std::uint32_t kUf2Magic2 = 0x9E5D'5157;
constexpr std::uint32_t kUf2End = 0x0AB1'6F30;
constexpr std::uint32_t kFamilyRp2040 = 0xE48B'FF56;
constexpr std::uint32_t kFamilyAbsolute = 0xE48B'FF57;

std::uint32_t U32(std::span<const std::byte> bytes, std::size_t at) {
  return LoadLe<std::uint32_t>(bytes.data() + at);
}
std::uint32_t U16(std::span<const std::byte> bytes, std::size_t at) {
  return LoadLe<std::uint16_t>(bytes.data() + at);
}
// `size` bytes at `at` lie inside.
bool Inside(std::span<const std::byte> bytes, std::uint64_t at, std::uint64_t size) {
  return at <= bytes.size() && size <= bytes.size() - at;
}

bool IsElf(std::span<const std::byte> file) {
  static constexpr char kMagic[] = {0x7F, 'E', 'L', 'F'};
  return file.size() >= 4 && std::memcmp(file.data(), kMagic, 4) == 0;
}

// Copies to flash or RAM; false where it doesn't fit in either.
bool Put(Memory& memory, std::uint32_t address, std::span<const std::byte> bytes,
         Program& program) {
  if (bytes.empty()) {
    return true;
  }
  for (Region* const region : {&memory.flash, &memory.ram}) {
    const std::uint32_t offset = address - region->base;
    if (offset < region->size && bytes.size() <= region->size - offset) {
      std::memcpy(region->bytes.get() + offset, bytes.data(), bytes.size());
      const auto size = static_cast<std::uint32_t>(bytes.size());
      memory.Forget(address, size);
      (region == &memory.flash ? program.flash_bytes : program.ram_bytes) += size;
      return true;
    }
  }
  return false;
}

Result<Program> LoadElf(std::span<const std::byte> file, Memory& memory, base::Diagnosis& why) {
  Program program;
  program.kind = ProgramKind::kElf;
  if (file.size() < kElfHeader) {
    return why.Fail(Error::kTruncated, "ELF file: ", file.size(), " bytes, its header alone has ",
                    kElfHeader);
  }
  if (file[4] != std::byte{1} || file[5] != std::byte{1}) {
    return why.Fail(Error::kUnsupported, "ELF file: not of 32 bits in little-endian order");
  }
  if (U16(file, 16) != 2 || U16(file, 18) != 40) {
    return why.Fail(Error::kUnsupported, "ELF file: type ", U16(file, 16), " for machine ",
                    U16(file, 18), ", expected an executable (2) for ARM (40)");
  }
  const std::uint32_t entry = U32(file, 24);
  const std::uint32_t table = U32(file, 28);
  const std::uint32_t count = U16(file, 44);
  if (U16(file, 42) != kProgramHeader || count == 0) {
    return why.Fail(Error::kMalformed, "ELF file: ", count, " program headers of ", U16(file, 42),
                    " bytes, expected some of ", kProgramHeader);
  }
  if (!Inside(file, table, std::uint64_t{count} * kProgramHeader)) {
    return why.Fail(Error::kTruncated, "ELF file: its program headers lie behind its end");
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t header = table + i * kProgramHeader;
    constexpr std::uint32_t kLoad = 1;
    const std::uint32_t size = U32(file, header + 16);
    if (U32(file, header) != kLoad || size == 0) {
      continue;
    }
    const std::uint32_t at = U32(file, header + 4);
    const std::uint32_t address = U32(file, header + 12);
    if (!Inside(file, at, size)) {
      return why.Fail(Error::kTruncated, "ELF file: segment ", i, " wants bytes ", at, " to ",
                      std::uint64_t{at} + size, " of ", file.size());
    }
    if (!Put(memory, address, file.subspan(at, size), program)) {
      return why.Fail(Error::kTooLarge, "ELF file: segment ", i, " of ", size, " bytes at address ",
                      address, " lies outside the flash's ", memory.flash.size,
                      " bytes and the RAM's ", memory.ram.size);
    }
  }
  if (memory.ram.Contains(entry)) {
    program.ram_entry = entry;
  } else if (!memory.flash.Contains(entry)) {
    return why.Fail(Error::kMalformed, "ELF file: begins at address ", entry,
                    ", which is neither flash nor RAM");
  }
  return program;
}

Result<Program> LoadUf2(std::span<const std::byte> file, Memory& memory, base::Diagnosis& why) {
  Program program;
  program.kind = ProgramKind::kUf2;
  if (file.size() % kUf2Block != 0) {
    return why.Fail(Error::kTruncated, "UF2 file: ", file.size(), " bytes, no multiple of ",
                    kUf2Block);
  }
  std::uint32_t first_in_ram = 0;
  for (std::size_t at = 0; at < file.size(); at += kUf2Block) {
    const std::span<const std::byte> block = file.subspan(at, kUf2Block);
    const std::size_t number = at / kUf2Block;
    if (U32(block, 0) != kUf2Magic || U32(block, 4) != kUf2Magic2 || U32(block, 508) != kUf2End) {
      return why.Fail(Error::kMalformed, "UF2 file: block ", number, " lacks its magic numbers");
    }
    const std::uint32_t flags = U32(block, 8);
    const std::uint32_t address = U32(block, 12);
    const std::uint32_t size = U32(block, 16);
    constexpr std::uint32_t kNotForFlash = 1;
    constexpr std::uint32_t kHasFamily = 0x2000;
    const std::uint32_t family = (flags & kHasFamily) != 0 ? U32(block, 28) : kFamilyRp2040;
    if ((flags & kNotForFlash) != 0 || family == kFamilyAbsolute) {
      continue;
    }
    if (family != kFamilyRp2040) {
      return why.Fail(Error::kUnsupported, "UF2 file: block ", number, " is for chip family ",
                      family, ", expected ", kFamilyRp2040, " (RP2040)");
    }
    if (size > kUf2Payload || U32(block, 20) >= U32(block, 24)) {
      return why.Fail(Error::kMalformed, "UF2 file: block ", number, " holds ", size,
                      " bytes and calls itself ", U32(block, 20), " of ", U32(block, 24));
    }
    if (!Put(memory, address, block.subspan(32, size), program)) {
      return why.Fail(Error::kTooLarge, "UF2 file: block ", number, " of ", size,
                      " bytes for address ", address, " lies outside flash and RAM");
    }
    if (memory.ram.Contains(address) && first_in_ram == 0) {
      first_in_ram = address;
    }
  }
  if (program.flash_bytes == 0 && program.ram_bytes == 0) {
    return why.Fail(Error::kMalformed, "UF2 file: no block for this chip");
  }
  // A program for RAM alone begins with its first byte.
  program.ram_entry = program.flash_bytes == 0 ? first_in_ram | 1 : 0;
  return program;
}

// The section of `type`, as header offset; 0 where there is none.
std::size_t FindSection(std::span<const std::byte> file, std::uint32_t type) {
  const std::uint32_t table = U32(file, 32);
  const std::uint32_t count = U16(file, 48);
  if (U16(file, 46) != kSectionHeader ||
      !Inside(file, table, std::uint64_t{count} * kSectionHeader)) {
    return 0;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t header = table + i * kSectionHeader;
    if (U32(file, header + 4) == type) {
      return header;
    }
  }
  return 0;
}

// The bytes of a section; empty where they are not inside the file.
std::span<const std::byte> SectionBytes(std::span<const std::byte> file, std::size_t header) {
  const std::uint32_t at = U32(file, header + 16);
  const std::uint32_t size = U32(file, header + 20);
  return Inside(file, at, size) ? file.subspan(at, size) : std::span<const std::byte>{};
}

std::string_view NameAt(std::span<const std::byte> names, std::uint32_t at) {
  if (at >= names.size()) {
    return {};
  }
  const auto* const begin = reinterpret_cast<const char*>(names.data()) + at;
  const void* const end = std::memchr(begin, 0, names.size() - at);
  return end == nullptr
             ? std::string_view{}
             : std::string_view(begin,
                                static_cast<std::size_t>(static_cast<const char*>(end) - begin));
}

struct SymbolTable {
  std::span<const std::byte> symbols;
  std::span<const std::byte> names;
};

// Both empty where the file is no sound ELF or has no names.
SymbolTable FindSymbolTable(std::span<const std::byte> file) {
  if (!IsElf(file) || file.size() < kElfHeader) {
    return {};
  }
  constexpr std::uint32_t kSymbolSection = 2;
  const std::size_t header = FindSection(file, kSymbolSection);
  if (header == 0) {
    return {};
  }
  const std::uint32_t names_index = U32(file, header + 24);
  if (names_index >= U16(file, 48)) {
    return {};
  }
  return {SectionBytes(file, header),
          SectionBytes(file, U32(file, 32) + std::size_t{names_index} * kSectionHeader)};
}

}  // namespace

Result<Program> LoadProgram(std::span<const std::byte> file, Memory& memory, base::Diagnosis& why) {
  if (IsElf(file)) {
    return LoadElf(file, memory, why);
  }
  if (file.size() >= 4 && U32(file, 0) == kUf2Magic) {
    return LoadUf2(file, memory, why);
  }
  Program program;
  constexpr std::size_t kSecondStage = 256;
  if (file.size() <= kSecondStage) {
    return why.Fail(
        Error::kTruncated, "program file: ", file.size(),
        " bytes, expected an ELF or UF2 file or the bytes of a flash with its boot stage");
  }
  if (!Put(memory, kFlashBase, file, program)) {
    return why.Fail(Error::kTooLarge, "program file: ", file.size(), " bytes, the flash has ",
                    memory.flash.size);
  }
  return program;
}

Symbol FindSymbol(std::span<const std::byte> file, std::uint32_t address) {
  const SymbolTable table = FindSymbolTable(file);
  Symbol best;
  for (std::size_t at = 0; at + kSymbolSize <= table.symbols.size(); at += kSymbolSize) {
    const std::uint32_t kind = static_cast<std::uint32_t>(table.symbols[at + 12]) & 15;
    const std::uint32_t value = U32(table.symbols, at + 4) & (kind == 2 ? ~1u : ~0u);
    const std::uint32_t size = U32(table.symbols, at + 8);
    const bool inside = address - value < (size != 0 ? size : 1);
    if ((kind == 1 || kind == 2 || kind == 0) && inside) {
      const std::string_view name = NameAt(table.names, U32(table.symbols, at));
      if (!name.empty() && (best.name.empty() || address - value <= best.offset) &&
          name.front() != '$') {
        best = {name, address - value};
      }
    }
  }
  return best;
}

Result<std::uint32_t> FindValue(std::span<const std::byte> file, std::string_view name) {
  const SymbolTable table = FindSymbolTable(file);
  for (std::size_t at = 0; at + kSymbolSize <= table.symbols.size(); at += kSymbolSize) {
    const bool global = static_cast<std::uint32_t>(table.symbols[at + 12]) >> 4 != 0;
    if (global && NameAt(table.names, U32(table.symbols, at)) == name) {
      return U32(table.symbols, at + 4);
    }
  }
  return base::Unexpected(Error::kNotFound);
}

}  // namespace pinhole::emulator
