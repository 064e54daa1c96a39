// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program on the whole chip, for a capped number of cycles: decoder, cores, devices.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "emulator/rp2040.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole::emulator;
  static const std::unique_ptr<Rp2040> chip = Rp2040::Create({.flash_bytes = 65536});
  constexpr std::size_t kRegisters = 32;
  if (chip == nullptr) {
    std::abort();
  }
  if (size < kRegisters) {
    return 0;
  }
  Memory& memory = chip->memory();
  const std::size_t code = size - kRegisters < 4096 ? size - kRegisters : 4096;
  // What a run before left behind must not matter.
  std::memset(memory.ram.bytes.get(), 0, memory.ram.size);
  std::memset(memory.flash.bytes.get(), 0xFF, memory.flash.size);
  std::memcpy(memory.ram.bytes.get(), data + kRegisters, code);
  memory.Forget(kRamBase, memory.ram.size);
  memory.Forget(kFlashBase, memory.flash.size);
  chip->Boot(kRamBase | 1);
  for (unsigned i = 0; i < 8; ++i) {
    std::uint32_t value = 0;
    std::memcpy(&value, data + i * 4, 4);
    chip->core(0).set_reg(i, value);
  }
  const std::uint64_t end = chip->cycles() + 20'000;
  const StopReason reason = chip->RunUntil(end);
  if (reason == StopReason::kNone && chip->cycles() < end) {
    std::abort();
  }
  return 0;
}
