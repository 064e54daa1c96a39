// SPDX-License-Identifier: Apache-2.0
// Any bytes in the blocks of a UF2 file, with and without right magic numbers.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "emulator/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;
  static emulator::Memory memory;
  static const bool allocated =
      memory.Allocate({.rom = 4096, .flash = 65536, .ram = 65536}).has_value();
  if (size < 2) {
    return 0;
  }
  const bool repair = (data[0] & 1) != 0;
  std::vector<std::byte> file(size - 1);
  std::memcpy(file.data(), data + 1, file.size());
  const std::uint32_t magics[] = {0x0A32'4655, 0x9E5D'5157, 0x0AB1'6F30};
  if (repair) {
    file.resize((file.size() + 511) / 512 * 512);
    for (std::size_t at = 0; at < file.size(); at += 512) {
      std::memcpy(file.data() + at, magics, 8);
      std::memcpy(file.data() + at + 508, magics + 2, 4);
    }
  } else if (file.size() >= 4) {
    std::memcpy(file.data(), magics, 4);
  }
  base::Diagnosis why;
  const auto program = emulator::LoadProgram(file, memory, why);
  if (!allocated || (!program && why.empty())) {
    std::abort();
  }
  return 0;
}
