// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: runs the machine code of the AMX target where the processor has no AMX. Each of
// its instructions is then an illegal one, and the system tells the process so, with SIGILL; what
// the instruction was is read from its bytes and done with TileRegisters, and the program goes on
// behind it. So the compiler's work is tested too: which tiles, in which order, at which addresses,
// and that a configuration was written before it was loaded.
//
//   AmxTraps traps;    // until the end of the block
//
// On Linux and x86-64; for one thread at a time. An instruction that is none of AMX's, or that the
// processor would refuse, ends the test program as SIGILL always does.

#if defined(__x86_64__) && defined(__linux__)

#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>
#include <optional>

#include "engine/kernels/fast/amx_emulated.h"

namespace pinhole::engine::kernels::fast {

class AmxTraps {
 public:
  AmxTraps() {
    registers_ = {};
    products_ = 0;
    struct sigaction action = {};
    action.sa_sigaction = OnIllegal;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &action, &before_);
  }
  AmxTraps(const AmxTraps&) = delete;
  AmxTraps& operator=(const AmxTraps&) = delete;
  ~AmxTraps() { sigaction(SIGILL, &before_, nullptr); }

  // How many times two tiles were multiplied.
  [[nodiscard]] static int products() { return products_; }
  // Tiles are configured now: nobody released them.
  [[nodiscard]] static bool configured() { return registers_.configured(); }

 private:
  // An instruction of three prefix bytes (VEX), its operation, and its operands.
  // Source: the manual's volume 2, sections 2.1.5 and 2.3 (operands), chapter 3 (operations).
  struct Instruction {
    const std::uint8_t* at;
    greg_t* general;

    [[nodiscard]] int prefix() const { return at[2] & 3; }  // none, 66, F3, F2
    [[nodiscard]] int operation() const { return at[3]; }
    [[nodiscard]] bool has_memory() const { return at[4] >> 6 != 3; }
    [[nodiscard]] int first() const { return at[4] >> 3 & 7; }    // ModRM.reg
    [[nodiscard]] int second() const { return at[4] & 7; }        // ModRM.rm
    [[nodiscard]] int third() const { return ~at[2] >> 3 & 15; }  // VEX.vvvv
    [[nodiscard]] bool known() const { return at[0] == 0xC4 && (at[1] & 31) == 2; }

    [[nodiscard]] std::int64_t Register(int number) const {
      constexpr int kOrder[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15};
      return general[kOrder[number]];
    }
  };
  struct Memory {
    std::int64_t base = 0;   // with the displacement
    std::int64_t index = 0;  // times its scale: a tile's distance from row to row
    int length = 0;          // of the whole instruction

    [[nodiscard]] std::byte* row() const { return reinterpret_cast<std::byte*>(base); }
  };

  static Memory MemoryOf(const Instruction& i) {
    Memory memory;
    const std::uint8_t* next = i.at + 5;
    const int mode = i.at[4] >> 6;
    int base = i.second();
    bool has_base = true;
    if (base == 4) {
      const int sib = *next++;
      const int index = (sib >> 3 & 7) + ((i.at[1] & 0x40) != 0 ? 0 : 8);
      memory.index = index == 4 ? 0 : i.Register(index) * (std::int64_t{1} << (sib >> 6));
      base = sib & 7;
      has_base = !(mode == 0 && base == 5);
    }
    const bool from_here = mode == 0 && i.second() == 5;
    std::int32_t displacement = 0;
    if (mode == 1) {
      displacement = static_cast<std::int8_t>(*next++);
    } else if (mode == 2 || from_here || !has_base) {
      std::memcpy(&displacement, next, 4);
      next += 4;
    }
    memory.length = static_cast<int>(next - i.at);
    memory.base = displacement;
    if (from_here) {
      memory.base += reinterpret_cast<std::int64_t>(next);
    } else if (has_base) {
      memory.base += i.Register(base + ((i.at[1] & 0x20) != 0 ? 0 : 8));
    }
    return memory;
  }

  // How long the instruction was; nothing where it could not be done.
  static std::optional<int> Do(const Instruction& i) {
    if (!i.known()) {
      return {};
    }
    if (i.operation() == 0x5E && i.prefix() == 1 && !i.has_memory()) {
      ++products_;
      return Done(registers_.Dot(i.first(), i.second(), i.third()), 5);
    }
    if (i.operation() == 0x5C && i.prefix() == 2 && !i.has_memory()) {
      ++products_;
      return Done(registers_.DotBf16(i.first(), i.second(), i.third()), 5);
    }
    if (i.operation() == 0x49 && i.prefix() == 0 && !i.has_memory()) {
      registers_.Release();
      return 5;
    }
    if (!i.has_memory()) {
      return {};
    }
    const Memory memory = MemoryOf(i);
    if (i.operation() == 0x49 && i.prefix() == 0) {
      TileConfig config;
      std::memcpy(&config, memory.row() + memory.index, sizeof(config));
      return Done(registers_.Configure(config), memory.length);
    }
    if (i.operation() == 0x4B && i.prefix() == 3) {
      return Done(registers_.Load(i.first(), memory.row(), memory.index), memory.length);
    }
    if (i.operation() == 0x4B && i.prefix() == 2) {
      return Done(registers_.Store(i.first(), memory.row(), memory.index), memory.length);
    }
    return {};
  }
  static std::optional<int> Done(bool done, int length) {
    return done ? std::optional<int>(length) : std::nullopt;
  }

  static void OnIllegal(int signal, siginfo_t* /*info*/, void* context) {
    greg_t* const general = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto length = Do({reinterpret_cast<const std::uint8_t*>(general[REG_RIP]), general});
    if (length) {
      general[REG_RIP] += *length;
      return;
    }
    struct sigaction fall = {};
    fall.sa_handler = SIG_DFL;
    sigaction(signal, &fall, nullptr);
  }

  // A signal's handler knows nothing but these.
  static inline TileRegisters registers_;
  static inline int products_ = 0;
  struct sigaction before_ = {};
};

}  // namespace pinhole::engine::kernels::fast

#endif
