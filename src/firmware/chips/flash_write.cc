// SPDX-License-Identifier: Apache-2.0
#include "firmware/chips/flash_write.h"

#include "firmware/chips/rom.h"

namespace pinhole::firmware::chip {
namespace {

using Plain = void();
using Erase = void(std::uint32_t, std::size_t, std::uint32_t, std::uint8_t);
using Program = void(std::uint32_t, const std::uint8_t*, std::size_t);

template <typename Function>
Function* Find(char first, char second) {
  return reinterpret_cast<Function*>(FindInRom(first, second));
}

struct Functions {
  Plain* connect = Find<Plain>('I', 'F');
  Plain* leave = Find<Plain>('E', 'X');
  Erase* erase = Find<Erase>('R', 'E');
  Program* program = Find<Program>('R', 'P');
  Plain* flush = Find<Plain>('F', 'C');
};

// From RAM, and calls nothing that lies in flash.
__attribute__((section(".time_critical.flash"), noinline)) void Around(const Functions& functions,
                                                                       Plain* read_again,
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
  read_again();
}

void Write(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes) {
  std::uint32_t room[kReadSetupWords];
  Plain* const read_again = ReadSetup(room);
  Around(Functions{}, read_again, offset, data, bytes);
}

}  // namespace

void EraseFlash(std::uint32_t offset, std::size_t bytes) { Write(offset, nullptr, bytes); }

void ProgramFlash(std::uint32_t offset, const std::uint8_t* data, std::size_t bytes) {
  Write(offset, data, bytes);
}

}  // namespace pinhole::firmware::chip
