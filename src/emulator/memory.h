// SPDX-License-Identifier: Apache-2.0
#pragma once

// The memories that a program can run from, each with its instructions taken apart ahead of time.
//
// Beside every halfword of a memory stands one Op: what the instruction that starts there does,
// with its operands picked out of the bits. An Op is made when its instruction is first reached and
// forgotten when the halfword (or the one behind it) is written, so that a program may load code
// into RAM or program its flash. A zeroed Op means "not yet known".
//
// In: a size per memory. Out: bytes and Ops, both caller-visible. All memory is taken in Allocate
// and nothing later; the sizes are rounded down to 4 bytes. Addresses are those of the RP2040: ROM
// at 0, flash at 0x1000'0000, RAM at 0x2000'0000. Several cores share one Memory.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace pinhole::emulator {

inline constexpr std::uint32_t kRomBase = 0;
inline constexpr std::uint32_t kFlashBase = 0x1000'0000;
inline constexpr std::uint32_t kRamBase = 0x2000'0000;

// An instruction taken apart. `code` is an OpCode (decode.h); what the rest means depends on it.
struct Op {
  std::uint8_t code;
  std::uint8_t d;
  std::uint8_t n;
  std::uint8_t m;
  std::uint32_t imm;
};
static_assert(sizeof(Op) == 8);

struct Region {
  std::uint32_t base = 0;
  std::uint32_t size = 0;
  std::unique_ptr<std::uint8_t[]> bytes;
  // size / 2 of them, and one more that marks the end.
  std::unique_ptr<Op[]> ops;

  [[nodiscard]] bool Contains(std::uint32_t address) const { return address - base < size; }
};

class Memory {
 public:
  struct Sizes {
    std::uint32_t rom = 16 * 1024;
    std::uint32_t flash = 2 * 1024 * 1024;
    std::uint32_t ram = 264 * 1024;
  };

  // Errors: kTooLarge over 16 MiB a region, kOutOfMemory. All bytes are 0, those of flash 0xFF.
  [[nodiscard]] base::Status Allocate(const Sizes& sizes);

  // The region that an address lies in; null where there is no memory.
  [[nodiscard]] Region* Find(std::uint32_t address);

  // Bytes of a memory were written by other means than Store: forgets the Ops that were made of
  // them.
  void Forget(std::uint32_t address, std::uint32_t size);

  // Tells the pages of RAM that hold known instructions, so that stores elsewhere stay cheap.
  static constexpr unsigned kPageShift = 8;
  void NoteCode(std::uint32_t ram_offset) { code_pages_[ram_offset >> kPageShift] = 1; }
  [[nodiscard]] bool HasCode(std::uint32_t ram_offset) const {
    return code_pages_[ram_offset >> kPageShift] != 0;
  }

  Region rom;
  Region flash;
  Region ram;

 private:
  std::unique_ptr<std::uint8_t[]> code_pages_;
};

}  // namespace pinhole::emulator
