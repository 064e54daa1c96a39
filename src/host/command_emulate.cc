// SPDX-License-Identifier: Apache-2.0
// pinhole emulate: a program for the RP2040, run here.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "emulator/board.h"
#include "emulator/gdb.h"
#include "emulator/program.h"
#include "emulator/rp2040.h"
#include "host/commands.h"
#include "host/names.h"
#include "system/failure.h"
#include "system/files.h"

namespace pinhole::host {

namespace {

using emulator::Core;
using emulator::Fault;
using emulator::FaultKind;
using emulator::GdbSession;
using emulator::Rp2040;
using emulator::StopReason;
using system::Failure;
using system::WrongUsage;

constexpr std::size_t kMostFileBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kSlice = 1'000'000;

std::string Hex(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

// Serial output to the terminal, and what a run waits for in it.
class Console final : public emulator::ByteSink {
 public:
  explicit Console(std::string until) : until_(std::move(until)) {}
  void OnByte(unsigned, std::uint8_t byte) override {
    std::putchar(byte);
    if (byte == '\n') {
      std::fflush(stdout);
    }
    if (!until_.empty()) {
      seen_.push_back(static_cast<char>(byte));
      found_ = found_ || seen_.ends_with(until_);
      if (seen_.size() > 2 * until_.size() + 1024) {
        seen_.erase(0, seen_.size() - until_.size());
      }
    }
  }
  [[nodiscard]] bool found() const { return found_; }

 private:
  std::string until_;
  std::string seen_;
  bool found_ = false;
};

// One line on standard error for each change of a pin.
class PinLines final : public emulator::PinListener {
 public:
  explicit PinLines(const Rp2040& chip) : chip_(&chip) {}
  void OnPins(std::uint64_t, std::uint32_t levels, std::uint32_t changed) override {
    for (unsigned pin = 0; pin < emulator::kPins; ++pin) {
      if ((changed >> pin & 1) != 0) {
        std::fprintf(stderr, "%12.3f ms  gpio%u %u\n", static_cast<double>(chip_->micros()) / 1e3,
                     pin, levels >> pin & 1);
      }
    }
  }

 private:
  const Rp2040* chip_;
};

// Every instruction on standard error, with its function where the file names one.
class Trace final : public emulator::Watcher {
 public:
  explicit Trace(std::span<const std::byte> file) : file_(file) {}
  bool Before(Core& core) override {
    const emulator::Symbol symbol = emulator::FindSymbol(file_, core.pc());
    std::fprintf(stderr, "%llu core%u %08x %.*s+%u r0=%08x r1=%08x r2=%08x r3=%08x sp=%08x\n",
                 static_cast<unsigned long long>(core.cycles()), core.number(), core.pc(),
                 static_cast<int>(symbol.name.size()), symbol.name.data(), symbol.offset,
                 core.reg(0), core.reg(1), core.reg(2), core.reg(3), core.reg(13));
    return true;
  }
  void FlashRead(Core&, std::uint32_t) override {}

 private:
  std::span<const std::byte> file_;
};

std::string_view KindText(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone: return "no fault";
    case FaultKind::kUndefined: return "an instruction that this processor does not have:";
    case FaultKind::kFetch: return "ran where no memory is:";
    case FaultKind::kRead: return "read where nothing is:";
    case FaultKind::kWrite: return "wrote where nothing is:";
    case FaultKind::kUnaligned: return "an address that is no multiple of the access's size:";
    case FaultKind::kNotThumb: return "a branch to an address with bit 0 clear:";
    case FaultKind::kBreakpoint: return "a breakpoint and no debugger: number";
    case FaultKind::kSupervisor: return "SVC where its handler may not run: number";
    case FaultKind::kVector: return "the vector table lies where nothing is:";
    case FaultKind::kExceptionReturn: return "a return from an exception that makes no sense:";
  }
  return "unknown";
}

std::string Place(std::span<const std::byte> file, std::uint32_t address) {
  const emulator::Symbol symbol = emulator::FindSymbol(file, address & ~1u);
  if (symbol.name.empty()) {
    return Hex(address);
  }
  return Hex(address) + " (" + Printable(std::string(symbol.name)) + "+" +
         std::to_string(symbol.offset) + ")";
}

void ReportCore(const Core& core, std::span<const std::byte> file) {
  const Fault& fault = core.fault();
  std::array<std::uint32_t, 16> registers{};
  for (unsigned i = 0; i < 16; ++i) {
    registers[i] = core.reg(i);
  }
  std::string text = "core " + std::to_string(core.number()) + ": ";
  if (fault.kind != FaultKind::kNone) {
    registers = fault.registers;
    text += std::string(KindText(fault.kind)) + " " + Hex(fault.detail);
  } else {
    text += "no fault";
  }
  text += "\n  pc " + Place(file, registers[15]) + "\n  lr " + Place(file, registers[14]) +
          "\n  sp " + Hex(registers[13]) + "\n ";
  for (unsigned i = 0; i < 13; ++i) {
    text += " r" + std::to_string(i) + "=" + Hex(registers[i]) + (i == 6 ? "\n " : "");
  }
  std::fprintf(stderr, "%s\n", text.c_str());
}

// A program whose main returned waits at a breakpoint in _exit for a debugger.
bool Ended(const Core& core, std::span<const std::byte> file) {
  return core.fault().kind == FaultKind::kBreakpoint && core.fault().detail == 0 &&
         emulator::FindSymbol(file, core.fault().registers[15]).name == "_exit";
}

void Load(const std::string& path, std::span<const std::byte> file, Rp2040& chip) {
  base::Diagnosis why;
  const auto program = emulator::LoadProgram(file, chip.memory(), why);
  if (!program) {
    throw Failure(system::ShownPath(path) + ": " + std::string(why.text()));
  }
  chip.Boot(program->ram_entry);
}

std::unique_ptr<Rp2040> MakeChip(const EmulateOptions& options) {
  Rp2040::Options settings;
  settings.model_flash_cache = options.flash_cache;
  settings.semihosting = true;
  settings.go_on_after_lockup = options.keep_going;
  settings.flash_bytes = static_cast<std::uint32_t>(options.flash_mib) * 1024 * 1024;
  std::unique_ptr<Rp2040> chip = Rp2040::Create(settings);
  if (chip == nullptr) {
    throw Failure("the emulator's memory can't be had; close other programs");
  }
  return chip;
}

// ADDRESS=FILE -> a memory at that address with the file's first 256 bytes.
std::unique_ptr<emulator::I2cMemory> MakeI2cMemory(const std::string& text) {
  const std::size_t equals = text.find('=');
  std::string_view number = std::string_view(text).substr(0, equals);
  const bool hex = number.starts_with("0x");
  number.remove_prefix(hex ? 2 : 0);
  unsigned address = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), address, hex ? 16 : 10);
  constexpr unsigned kLowest = 0x08;
  constexpr unsigned kHighest = 0x77;
  if (equals == std::string::npos || error != std::errc() || end != number.data() + number.size() ||
      address < kLowest || address > kHighest) {
    throw WrongUsage("--i2c: '" + Printable(text) +
                     "' found, ADDRESS=FILE expected, as 0x50=eeprom.bin");
  }
  auto memory = std::make_unique<emulator::I2cMemory>(static_cast<std::uint8_t>(address));
  const system::AlignedBytes bytes = system::ReadFile(text.substr(equals + 1), kMostFileBytes);
  const std::size_t count = std::min<std::size_t>(bytes.size(), memory->bytes().size());
  std::memcpy(memory->bytes().data(), bytes.span().data(), count);
  return memory;
}

// One debugger on the loopback.
class GdbServer final : public emulator::ByteWriter {
 public:
  explicit GdbServer(int port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, any, sizeof address) != 0 || ::listen(listener, 1) != 0) {
      const int number = errno;
      ::close(listener);
      throw Failure("--gdb: port " + std::to_string(port) + ": " + std::strerror(number) +
                    "; give another one");
    }
    std::fprintf(stderr, "waiting for GDB: target remote localhost:%d\n", port);
    socket_ = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(listener);
    if (socket_ < 0) {
      throw Failure("--gdb: no connection came about");
    }
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ~GdbServer() override { ::close(socket_); }
  GdbServer(const GdbServer&) = delete;
  GdbServer& operator=(const GdbServer&) = delete;

  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        gone_ = true;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // What came, waiting for it or not; empty where nothing did.
  std::span<const std::uint8_t> Read(bool wait) {
    pollfd poll{socket_, POLLIN, 0};
    if (::poll(&poll, 1, wait ? -1 : 0) <= 0) {
      return {};
    }
    const ssize_t got = ::recv(socket_, bytes_.data(), bytes_.size(), 0);
    gone_ = got <= 0;
    return {bytes_.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  [[nodiscard]] bool gone() const { return gone_; }

 private:
  int socket_ = -1;
  bool gone_ = false;
  std::array<std::uint8_t, 4096> bytes_{};
};

// Lets GDB drive until it lets go. False: it asked to end the program.
bool Debug(Rp2040& chip, GdbServer& server) {
  GdbSession session(chip.core(0), server);
  chip.set_watcher(&session);
  GdbSession::Wish wish = GdbSession::Wish::kStay;
  while (!server.gone()) {
    wish = session.Receive(server.Read(wish == GdbSession::Wish::kStay));
    if (wish == GdbSession::Wish::kDetach || wish == GdbSession::Wish::kKill) {
      break;
    }
    if (wish == GdbSession::Wish::kStep) {
      chip.core(0).Step();
      chip.RunUntil(chip.core(0).cycles());
      session.SayStopped(chip.core(0).state() == emulator::CoreState::kLockup);
      wish = GdbSession::Wish::kStay;
    } else if (wish == GdbSession::Wish::kRun) {
      session.PassOnce();
      StopReason reason = StopReason::kNone;
      while (reason == StopReason::kNone && !server.gone() && wish == GdbSession::Wish::kRun) {
        reason = chip.RunUntil(chip.cycles() + kSlice);
        wish = session.Receive(server.Read(false));
      }
      if (reason != StopReason::kNone) {
        session.SayStopped(reason != StopReason::kWatcher);
        wish = GdbSession::Wish::kStay;
      }
    }
  }
  chip.set_watcher(nullptr);
  return wish != GdbSession::Wish::kKill;
}

std::string_view ReasonText(StopReason reason) {
  switch (reason) {
    case StopReason::kLockup: return "a fault that the program did not handle";
    case StopReason::kNoBootCode:
      return "the flash does not begin with a second boot stage whose checksum is right; link one "
             "in";
    case StopReason::kUsbBoot:
      return "the program asked for the USB boot loader, which is not there";
    default: return "stopped";
  }
}

int Finish(Rp2040& chip, StopReason reason, const EmulateOptions& options, const Console& console,
           std::span<const std::byte> file) {
  std::fflush(stdout);
  const std::uint64_t instructions = chip.core(0).instructions() + chip.core(1).instructions();
  if (options.counts) {
    std::fprintf(stderr, "%llu cycles, %llu instructions, %.6f s of the chip's time\n",
                 static_cast<unsigned long long>(chip.cycles()),
                 static_cast<unsigned long long>(instructions),
                 static_cast<double>(chip.micros()) / 1e6);
    if (options.flash_cache) {
      const auto& flash = chip.flash_cache();
      std::fprintf(stderr, "flash: %llu accesses, %llu hits, %llu bytes\n",
                   static_cast<unsigned long long>(flash.accesses),
                   static_cast<unsigned long long>(flash.hits),
                   static_cast<unsigned long long>(flash.flash_bytes()));
    }
  }
  if (reason == StopReason::kExit) {
    return chip.exit_code() == 0 ? 0 : 1;
  }
  if (reason == StopReason::kLockup && Ended(chip.core(0), file)) {
    // Its status is still where _exit was given it.
    return chip.core(0).fault().registers[0] == 0 ? 0 : 1;
  }
  if (reason != StopReason::kNone) {
    PrintError(std::string(ReasonText(reason)));
    if (reason == StopReason::kLockup) {
      ReportCore(chip.core(0), file);
      ReportCore(chip.core(1), file);
    }
    return 1;
  }
  if (!options.until.empty() && !console.found()) {
    PrintError("'" + Printable(options.until) + "' did not come within " +
               std::to_string(options.cycles) + " cycles; the program is here:");
    ReportCore(chip.core(0), file);
    return 1;
  }
  return 0;
}

}  // namespace

int Emulate(const EmulateOptions& options) {
  const system::AlignedBytes file = system::ReadFile(options.program, kMostFileBytes);
  const std::unique_ptr<Rp2040> chip = MakeChip(options);
  Load(options.program, file.span(), *chip);
  Console console(options.until);
  PinLines pins(*chip);
  Trace trace(file.span());
  std::array<emulator::I2cBus, 2> buses;
  std::vector<std::unique_ptr<emulator::I2cMemory>> memories;
  for (const std::string& text : options.i2c) {
    memories.push_back(MakeI2cMemory(text));
    if (!buses[0].Attach(memories.back().get()) || !buses[1].Attach(memories.back().get())) {
      throw WrongUsage("--i2c: more than " + std::to_string(emulator::I2cBus::kMostTargets) +
                       " found, that many expected at most");
    }
  }
  for (unsigned i = 0; i < 2; ++i) {
    chip->uart(i).set_sink(&console);
    chip->i2c(i).set_bus(&buses[options.join_i2c ? 0 : i]);
    if (options.join_i2c) {
      buses[0].Attach(&chip->i2c(i));
    }
  }
  chip->set_console(&console);
  if (options.pins) {
    chip->pins().set_listener(&pins);
  }
  if (options.trace) {
    chip->set_watcher(&trace);
  }
  if (options.gdb != 0) {
    GdbServer server(options.gdb);
    if (!Debug(*chip, server)) {
      return 0;
    }
  }
  StopReason reason = StopReason::kNone;
  const std::uint64_t end = options.cycles != 0 ? options.cycles : emulator::kNever;
  while (reason == StopReason::kNone && chip->cycles() < end && !console.found()) {
    reason = chip->RunUntil(std::min(end, chip->cycles() + kSlice));
    if (std::ferror(stdout) != 0) {
      throw Failure("standard output can't be written");
    }
  }
  return Finish(*chip, reason, options, console, file.span());
}

}  // namespace pinhole::host
