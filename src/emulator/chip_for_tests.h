// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a chip whose core stands still, so that the test is its program.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "emulator/rp2040.h"

namespace pinhole::emulator {

inline constexpr std::uint32_t kResets = 0x4000'C000;
inline constexpr std::uint32_t kClear = 0x3000;

// A chip whose core 0 stands in a loop, so that a test can be the program: its accesses are the
// core's.
class Bench {
 public:
  explicit Bench(Rp2040::Options options = {}) : chip(Rp2040::Create(options)) {
    // B . at the start of RAM, and the same for core 1 behind it.
    chip->memory().ram.bytes[0] = chip->memory().ram.bytes[4] = 0xFE;
    chip->memory().ram.bytes[1] = chip->memory().ram.bytes[5] = 0xE7;
    chip->Boot(kRamBase | 1);
    Write(kResets + kClear, ~0u);
  }
  std::uint32_t Read(std::uint32_t address, unsigned size = 4) {
    std::uint32_t value = 0;
    EXPECT_TRUE(chip->core(0).ReadMemory(address, size, value)) << std::hex << address;
    return value;
  }
  void Write(std::uint32_t address, std::uint32_t value, unsigned size = 4) {
    EXPECT_TRUE(chip->core(0).WriteMemory(address, size, value)) << std::hex << address;
  }
  void Pass(std::uint64_t cycles) {
    EXPECT_EQ(chip->RunUntil(chip->cycles() + cycles), StopReason::kNone);
  }
  // The interrupts that wait at core 0.
  std::uint32_t Pending() { return Read(0xE000'E200); }

  std::unique_ptr<Rp2040> chip;
};

class Bytes final : public ByteSink {
 public:
  void OnByte(unsigned, std::uint8_t byte) override { text.push_back(static_cast<char>(byte)); }
  std::string text;
};

}  // namespace pinhole::emulator
