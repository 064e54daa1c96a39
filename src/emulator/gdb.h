// SPDX-License-Identifier: Apache-2.0
#pragma once

// A debugger's end of GDB's remote protocol, without the socket.
//
// In: bytes from GDB (Receive). Out: bytes for GDB (a ByteWriter), and what the chip is to do:
// run, step, stop, go. Registers, memory, breakpoints and single steps of core 0; core 1 goes on
// beside it. Packets are at most kMostBytes long, longer ones are ignored; nothing is allocated.
// A packet that is no packet, and addresses where nothing lies, are answered with an error.
//
// Source: Debugging with GDB, appendix E.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "emulator/core.h"

namespace pinhole::emulator {

class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  virtual void Write(std::string_view bytes) = 0;
};

class GdbSession final : public Watcher {
 public:
  static constexpr std::size_t kMostBytes = 4096;
  static constexpr std::size_t kMostBreakpoints = 64;

  GdbSession(Core& core, ByteWriter& out) : core_(&core), out_(&out) {}

  enum class Wish : std::uint8_t { kStay, kRun, kStep, kDetach, kKill };
  // What GDB wants next, after all packets in `bytes` were answered.
  Wish Receive(std::span<const std::uint8_t> bytes);
  // The chip stopped: at a breakpoint, after a step, or by a fault.
  void SayStopped(bool fault);

  bool Before(Core& core) override;
  void FlashRead(Core&, std::uint32_t) override {}
  // Go on from a breakpoint that the core stands on.
  void PassOnce() { pass_ = true; }

 private:
  void Handle(std::string_view packet);
  void Reply(std::string_view text);
  void ReplyRegisters();
  void ReplyMemory(std::string_view arguments);
  void WriteMemory(std::string_view arguments);
  void WriteRegister(std::string_view arguments);
  void ChangeBreakpoint(std::string_view packet);
  void ReplyDescription(std::string_view arguments);
  void AppendHex(std::uint32_t byte);
  void AppendWord(std::uint32_t word);
  [[nodiscard]] std::uint32_t Register(unsigned number) const;

  Core* core_;
  ByteWriter* out_;
  Wish wish_ = Wish::kStay;
  std::array<char, kMostBytes> packet_{};
  std::size_t size_ = 0;
  enum class State : std::uint8_t { kIdle, kBody, kChecksum1, kChecksum2 } state_ = State::kIdle;
  bool too_long_ = false;
  std::array<char, kMostBytes + 8> reply_{};
  std::size_t reply_size_ = 0;
  std::array<std::uint32_t, kMostBreakpoints> breakpoints_{};
  std::size_t breakpoint_count_ = 0;
  bool pass_ = false;
};

}  // namespace pinhole::emulator
