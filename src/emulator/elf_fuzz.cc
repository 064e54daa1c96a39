// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file: refused with a sentence, or loaded inside the memories; names are
// looked up either way.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "emulator/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;
  static emulator::Memory memory;
  static const bool allocated =
      memory.Allocate({.rom = 4096, .flash = 65536, .ram = 65536}).has_value();
  std::vector<std::byte> file(size + 4);
  const unsigned char magic[] = {0x7F, 'E', 'L', 'F'};
  for (std::size_t i = 0; i < file.size(); ++i) {
    file[i] = static_cast<std::byte>(i < 4 ? magic[i] : data[i - 4]);
  }
  base::Diagnosis why;
  const auto program = emulator::LoadProgram(file, memory, why);
  if (!allocated || (!program && why.empty())) {
    std::abort();
  }
  for (const std::uint32_t address : {0x1000'0000u, 0x2000'0000u, 0xFFFF'FFFFu}) {
    static_cast<void>(emulator::FindSymbol(file, address));
  }
  return 0;
}
