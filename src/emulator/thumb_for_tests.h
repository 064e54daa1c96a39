// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a core with memory and a bus that has nothing on it, and code put together
// halfword by halfword.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "emulator/core.h"
#include "emulator/memory.h"

namespace pinhole::emulator {

// Semihosting's open, write and exit, as programs of tests use them; every other access is a fault.
class TestBus final : public Bus {
 public:
  bool Read(Core&, std::uint32_t, unsigned, std::uint32_t&) override { return false; }
  bool Write(Core&, std::uint32_t, unsigned, std::uint32_t) override { return false; }
  bool Breakpoint(Core& core, std::uint32_t number) override {
    if (number != 0xAB) {
      return false;
    }
    switch (core.reg(0)) {
      case 1: core.set_reg(0, 1); return true;
      case 5: {
        std::uint32_t from = 0;
        std::uint32_t size = 0;
        core.ReadMemory(core.reg(1) + 4, 4, from);
        core.ReadMemory(core.reg(1) + 8, 4, size);
        for (std::uint32_t i = 0; i < size; ++i) {
          std::uint32_t byte = 0;
          core.ReadMemory(from + i, 1, byte);
          written.push_back(static_cast<char>(byte));
        }
        core.set_reg(0, 0);
        return true;
      }
      case 0x18:
        ended = true;
        core.TurnOff();
        core.Yield();
        return true;
      default: return false;
    }
  }
  void HostCall(Core&, std::uint32_t) override {}
  void SendEvent(Core& core) override { core.SetEvent(); }

  std::string written;
  bool ended = false;
};

struct TestMachine {
  explicit TestMachine(std::uint32_t rom_bytes = 4096) {
    good = memory.Allocate({.rom = rom_bytes, .flash = 4096, .ram = 16384}).has_value();
  }
  // Code at kRamBase, run from there.
  void Load(const std::vector<std::uint16_t>& code) {
    std::memcpy(memory.ram.bytes.get(), code.data(), code.size() * 2);
    memory.Forget(kRamBase, static_cast<std::uint32_t>(code.size() * 2));
    core.Start(kRamBase + 0x1000, kRamBase + 0x3000, kRamBase);
  }
  void SetVector(unsigned exception, std::uint32_t target) {
    std::memcpy(memory.ram.bytes.get() + 0x1000 + exception * 4, &target, 4);
  }

  Memory memory;
  TestBus bus;
  Core core{memory, bus, 0};
  bool good = false;
};

}  // namespace pinhole::emulator
