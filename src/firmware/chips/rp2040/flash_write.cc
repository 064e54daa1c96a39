// SPDX-License-Identifier: Apache-2.0
#include "firmware/chips/flash_write.h"

#include <cstring>

#include "firmware/chips/chip.h"

namespace pinhole::firmware::chip {
namespace {

// The ROM says where its functions are: a 16-bit pointer to their table at 0x14, one to the
// function that looks in it at 0x18.
template <typename Function>
Function* FindInRom(char first, char second) {
  using Lookup = void*(const std::uint16_t*, std::uint32_t);
  const auto pointer = [](std::uintptr_t at) {
    asm("" : "+r"(at));  // an address, not an object of no size
    return std::uintptr_t{*reinterpret_cast<const volatile std::uint16_t*>(at)};
  };
  auto* const lookup = reinterpret_cast<Lookup*>(pointer(0x18));
  const auto code = static_cast<std::uint32_t>(first) | static_cast<std::uint32_t>(second) << 8;
  return reinterpret_cast<Function*>(
      lookup(reinterpret_cast<const std::uint16_t*>(pointer(0x14)), code));
}

using Plain = void();
using Erase = void(std::uint32_t, std::size_t, std::uint32_t, std::uint8_t);
using Program = void(std::uint32_t, const std::uint8_t*, std::size_t);

struct Functions {
  Plain* connect = FindInRom<Plain>('I', 'F');
  Plain* leave = FindInRom<Plain>('E', 'X');
  Erase* erase = FindInRom<Erase>('R', 'E');
  Program* program = FindInRom<Program>('R', 'P');
  Plain* flush = FindInRom<Plain>('F', 'C');
};

// The boot stage sets reading up, and returns where it is called with a return address.
using BootStage = std::uint32_t[64];

__attribute__((section(".time_critical.flash"), noinline)) void Around(const Functions& functions,
                                                                       const BootStage& stage,
                                                                       std::uint32_t offset,
                                                                       const std::uint8_t* data,
                                                                       std::size_t bytes) {
  functions.connect();
  functions.leave();
  if (data != nullptr) {
    functions.program(offset, data, bytes);
  } else {
    functions.erase(offset, bytes, 1u << 16, 0xD8);  // blocks of 64 KB by command D8h
  }
  functions.flush();
  reinterpret_cast<Plain*>(reinterpret_cast<std::uintptr_t>(&stage) | 1)();
}

void Write(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes) {
  const Functions functions;
  BootStage stage;
  // Run, not read: the compiler sees nobody who looks at it.
  std::memcpy(stage, reinterpret_cast<const void*>(std::uintptr_t{kFlash}), sizeof stage);
  asm volatile("" ::"r"(stage) : "memory");
  Around(functions, stage, offset, data, bytes);
}

}  // namespace

void EraseFlash(std::uint32_t offset, std::size_t bytes) { Write(offset, nullptr, bytes); }

void ProgramFlash(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes) {
  Write(offset, data, bytes);
}

}  // namespace pinhole::firmware::chip
