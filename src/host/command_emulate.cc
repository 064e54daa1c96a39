// SPDX-License-Identifier: Apache-2.0
// pinhole emulate: a program for the RP2040, run here.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/diagnosis.h"
#include "emulator/board.h"
#include "emulator/program.h"
#include "emulator/rp2040.h"
#include "host/commands.h"
#include "host/emulate_board.h"
#include "host/emulate_debugger.h"
#include "host/emulate_profile.h"
#include "host/json.h"
#include "host/names.h"
#include "host/stop_by_signal.h"

namespace pinhole::host {

namespace {

using emulator::Core;
using emulator::Fault;
using emulator::FaultKind;
using emulator::Rp2040;
using emulator::StopReason;
using Clock = std::chrono::steady_clock;

// How far the chip runs before the terminal is looked at: some milliseconds here.
constexpr std::uint64_t kSlice = 1'000'000;
constexpr std::uint64_t kInputMicros = 100;

std::string Hex(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

// --- a chip and its program ---------------------------------------------------------------------

struct Machine {
  std::string path;
  AlignedBytes file;
  std::unique_ptr<Rp2040> chip;
  [[nodiscard]] std::span<const std::byte> bytes() const { return file.span(); }
};

Machine MakeMachine(const std::string& path, const EmulateOptions& options) {
  Rp2040::Options settings;
  settings.model_flash_cache = options.flash_cache;
  settings.semihosting = true;
  settings.go_on_after_lockup = options.keep_going;
  settings.flash_bytes = static_cast<std::uint32_t>(options.flash_mib) * 1024 * 1024;
  Machine machine{path, ReadFile(path, kMostProgramBytes), Rp2040::Create(settings)};
  if (machine.chip == nullptr) {
    throw Failure("the emulator's memory can't be had; close other programs");
  }
  base::Diagnosis why;
  const auto program = emulator::LoadProgram(machine.bytes(), machine.chip->memory(), why);
  if (!program) {
    throw Failure(ShownPath(path) + ": " + std::string(why.text()));
  }
  machine.chip->Boot(program->ram_entry);
  machine.chip->usb_host().PlugIn();
  // As linker scripts of ARM's and the public SDK name the lowest address of the main stack.
  const auto limit = emulator::FindValue(machine.bytes(), "__StackLimit");
  if (limit && machine.chip->memory().ram.Contains(*limit)) {
    machine.chip->set_stack_limit(*limit);
  }
  return machine;
}

// Whether a file is a program by its first bytes: an ELF or UF2 file.
bool IsProgram(std::span<const std::byte> file) {
  constexpr std::array<unsigned char, 4> kElf = {0x7F, 'E', 'L', 'F'};
  constexpr std::array<unsigned char, 4> kUf2 = {'U', 'F', '2', '\n'};
  return file.size() >= 4 && (std::memcmp(file.data(), kElf.data(), 4) == 0 ||
                              std::memcmp(file.data(), kUf2.data(), 4) == 0);
}

// Whether --i2c names a program.
bool HasProgram(const EmulateOptions& options) {
  return std::any_of(options.i2c.begin(), options.i2c.end(), [](const std::string& text) {
    const std::string what = ParseI2c(text).what;
    return what != "memory" && IsProgram(ReadFile(what, kMostProgramBytes).span());
  });
}

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

// --- reports ------------------------------------------------------------------------------------

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

void ReportCore(const Machine& machine, unsigned number) {
  const Core& core = machine.chip->core(number);
  const Fault& fault = core.fault();
  std::array<std::uint32_t, 16> registers{};
  for (unsigned i = 0; i < 16; ++i) {
    registers[i] = core.reg(i);
  }
  std::string text = "core " + std::to_string(number) + ": ";
  if (core.stack_overflowed()) {
    text += "its stack would go below __StackLimit";
  } else if (fault.kind != FaultKind::kNone) {
    registers = fault.registers;
    text += std::string(KindText(fault.kind)) + " " + Hex(fault.detail);
  } else {
    text += "no fault";
  }
  const bool in_ram = machine.chip->memory().ram.Contains(registers[13] - 4);
  text += "\n  pc " + Place(machine.bytes(), registers[15]) + "\n  lr " +
          Place(machine.bytes(), registers[14]) + "\n  sp " + Hex(registers[13]) +
          (in_ram || core.state() == emulator::CoreState::kOff
               ? ""
               : ", which is outside RAM: the stack overflowed, or was never set") +
          "\n ";
  for (unsigned i = 0; i < 13; ++i) {
    text += " r" + std::to_string(i) + "=" + Hex(registers[i]) + (i == 6 ? "\n " : "");
  }
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string_view ReasonText(StopReason reason) {
  switch (reason) {
    case StopReason::kLockup: return "a fault that the program did not handle";
    case StopReason::kStack: return "a stack overflow";
    case StopReason::kNoBootCode:
      return "the flash does not begin with a second boot stage whose checksum is right; link one "
             "in";
    case StopReason::kUsbBoot:
      return "the program asked for the USB boot loader, which is not there";
    default: return "stopped";
  }
}

// The exit code of a machine that stopped by itself, with a report where something went wrong.
int Report(const Machine& machine, StopReason reason) {
  if (reason == StopReason::kExit) {
    return machine.chip->exit_code() == 0 ? 0 : 1;
  }
  PrintError(ShownPath(machine.path) + ": " + std::string(ReasonText(reason)));
  if (reason == StopReason::kLockup || reason == StopReason::kStack) {
    ReportCore(machine, 0);
    ReportCore(machine, 1);
  }
  return 1;
}

// --- the run ------------------------------------------------------------------------------------

// Everything that stands around the chip, from the options; and the loop.
class Board {
 public:
  explicit Board(const EmulateOptions& options);
  // Lets a debugger drive first. False: it ended the program.
  bool Debug() { return DebugOnPort(*first_.chip, options_.gdb); }
  // The chip up to the end that the options name, or until something stops it.
  StopReason Run();
  int Finish(StopReason reason);

 private:
  void WireI2c();
  void Attach(emulator::I2cTarget* target);
  [[nodiscard]] bool Going() const;
  StopReason Turn();
  StopReason Advance(std::uint64_t cycle);
  void WaitForLife() const;
  void PrintCounts() const;
  void PrintSpeed() const;
  [[nodiscard]] Json Counts(StopReason reason) const;
  [[nodiscard]] std::uint64_t instructions() const {
    return first_.chip->core(0).instructions() + first_.chip->core(1).instructions();
  }

  const EmulateOptions& options_;
  StatusLine live_;
  Machine first_;
  SerialOutput serial_;
  PinDisplay pins_;
  Trace trace_;
  Profile profile_;
  std::array<emulator::I2cBus, 2> buses_;
  std::vector<std::unique_ptr<emulator::I2cMemory>> memories_;
  std::optional<Machine> second_;
  std::optional<SerialOutput> second_serial_;
  std::vector<std::unique_ptr<AtAddress>> doors_;
  StopReason second_reason_ = StopReason::kNone;
  std::optional<PictureScreen> screen_;
  std::optional<emulator::ParallelCamera> camera_;
  std::array<emulator::I2cBus, 2> second_buses_;
  std::optional<emulator::ParallelCamera> second_camera_;
  std::optional<SensorReader> reader_;
  TerminalInput input_;
  StopBySignal stop_;
  std::uint64_t end_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point refreshed_ = started_;
  double seconds_ = 0;
  bool quit_ = false;
};

Board::Board(const EmulateOptions& options)
    : options_(options),
      live_(options.pins),
      first_(MakeMachine(options.program, options)),
      // With --json standard output is the object alone.
      serial_(options.json ? stderr : stdout,
              {.by_line = HasProgram(options), .prefix = {}, .until = options.until}, &live_),
      pins_(*first_.chip, live_),
      trace_(first_.bytes()),
      end_(options.cycles != 0 ? options.cycles : emulator::kNever) {
  Rp2040& chip = *first_.chip;
  WireI2c();
  for (unsigned i = 0; i < 2; ++i) {
    chip.uart(i).set_sink(&serial_);
  }
  chip.usb_host().set_sink(&serial_);
  chip.set_console(&serial_);
  if (!options.camera.empty()) {
    const emulator::ParallelCamera::Wiring wiring = CameraWiring(options.camera_pins);
    screen_.emplace(options.camera, options.picture_frames);
    camera_.emplace(wiring, *screen_);
    chip.pins().set_input(&*camera_);
    Attach(&*camera_);
    if (second_) {
      second_camera_.emplace(wiring, *screen_);
      second_->chip->pins().set_input(&*second_camera_);
      for (emulator::I2cBus& bus : second_buses_) {
        bus.Attach(&*second_camera_);
      }
    }
  }
  if (options.read_sensor) {
    reader_.emplace(chip, &live_);
  }
  if (options.pins) {
    chip.pins().set_listener(&pins_);
  }
  if (options.trace) {
    chip.set_watcher(&trace_);
  }
}

void Board::Attach(emulator::I2cTarget* target) {
  for (emulator::I2cBus& bus : buses_) {
    if (!bus.Attach(target)) {
      throw WrongUsage("--i2c: too many, a bus has " +
                       std::to_string(emulator::I2cBus::kMostTargets) + " places");
    }
  }
}

void Board::WireI2c() {
  Rp2040& chip = *first_.chip;
  for (const std::string& text : options_.i2c) {
    const I2cOption option = ParseI2c(text);
    AlignedBytes bytes;
    if (option.what != "memory") {
      bytes = ReadFile(option.what, kMostProgramBytes);
    }
    if (IsProgram(bytes.span())) {
      if (second_) {
        throw WrongUsage("--i2c: two programs found, one expected: there are two chips at most");
      }
      second_ = MakeMachine(option.what, options_);
      for (unsigned i = 0; i < 2; ++i) {
        doors_.push_back(std::make_unique<AtAddress>(option.address, second_->chip->i2c(i)));
        Attach(doors_.back().get());
      }
      continue;
    }
    memories_.push_back(std::make_unique<emulator::I2cMemory>(option.address));
    const std::size_t count = std::min(bytes.size(), memories_.back()->bytes().size());
    if (count != 0) {
      std::memcpy(memories_.back()->bytes().data(), bytes.span().data(), count);
    }
    Attach(memories_.back().get());
  }
  for (unsigned i = 0; i < 2; ++i) {
    chip.i2c(i).set_bus(&buses_[options_.join_i2c ? 0 : i]);
    if (options_.join_i2c) {
      buses_[0].Attach(&chip.i2c(i));
    }
  }
  if (second_) {
    second_serial_.emplace(options_.json ? stderr : stdout,
                           SerialOutput::Options{.by_line = true, .prefix = "2| ", .until = {}},
                           &live_);
    for (unsigned i = 0; i < 2; ++i) {
      // What it is the controller of hangs on buses of its own.
      second_->chip->i2c(i).set_bus(&second_buses_[i]);
      second_->chip->uart(i).set_sink(&*second_serial_);
    }
    second_->chip->usb_host().set_sink(&*second_serial_);
    second_->chip->set_console(&*second_serial_);
  }
}

bool Board::Going() const {
  return first_.chip->cycles() < end_ && !serial_.found() && !quit_ && !stop_.flag();
}

// The chip alone, up to a cycle.
StopReason Board::Advance(std::uint64_t cycle) {
  Rp2040& chip = *first_.chip;
  if (!options_.profile) {
    return chip.RunUntil(cycle);
  }
  while (chip.cycles() < cycle && Going()) {
    const StopReason reason = chip.RunUntil(std::min(cycle, chip.cycles() + Profile::kStep));
    profile_.Look(chip, first_.bytes());
    if (reason != StopReason::kNone) {
      return reason;
    }
  }
  return StopReason::kNone;
}

// One slice: as long as nothing around the chip has to be looked at more often.
StopReason Board::Turn() {
  Rp2040& chip = *first_.chip;
  if (!second_ && !reader_ && !input_.waits()) {
    return Advance(std::min(end_, chip.cycles() + kSlice));
  }
  const std::uint64_t step = second_   ? emulator::I2cPair::kTurnMicros
                             : reader_ ? SensorReader::kStepMicros / 9
                                       : kInputMicros;
  const std::uint64_t until = chip.micros() + 10 * kInputMicros;
  for (std::uint64_t now = chip.micros() + step; now <= until && Going(); now += step) {
    if (const StopReason reason = chip.RunUntilMicros(now); reason != StopReason::kNone) {
      return reason;
    }
    if (options_.profile) {
      profile_.Look(chip, first_.bytes());
    }
    if (second_ && second_reason_ == StopReason::kNone) {
      second_reason_ = second_->chip->RunUntilMicros(now);
      if (second_reason_ != StopReason::kNone && second_reason_ != StopReason::kExit) {
        return StopReason::kNone;  // Run looks at it
      }
    }
    if (reader_) {
      reader_->Step();
    }
    if (input_.waits() && now % kInputMicros < step) {
      quit_ = !input_.Move(chip);
    }
  }
  return StopReason::kNone;
}

void Board::WaitForLife() const {
  std::this_thread::sleep_until(started_ + std::chrono::microseconds(first_.chip->micros()));
}

StopReason Board::Run() {
  constexpr auto kRefresh = std::chrono::milliseconds(50);
  started_ = refreshed_ = Clock::now();
  StopReason reason = StopReason::kNone;
  while (reason == StopReason::kNone && Going()) {
    quit_ = !input_.Move(*first_.chip);
    reason = Turn();
    if (second_reason_ != StopReason::kNone && second_reason_ != StopReason::kExit) {
      break;
    }
    if (std::ferror(stdout) != 0) {
      throw Failure("standard output can't be written");
    }
    if (options_.real_time) {
      WaitForLife();
    }
    if (options_.pins && Clock::now() - refreshed_ >= kRefresh) {
      refreshed_ = Clock::now();
      pins_.Refresh();
    }
  }
  seconds_ = std::chrono::duration<double>(Clock::now() - started_).count();
  live_.Clear();
  return reason;
}

// --- the end ------------------------------------------------------------------------------------

void Board::PrintCounts() const {
  const Rp2040& chip = *first_.chip;
  std::fprintf(stderr, "%llu cycles, %llu instructions, %.6f s of the chip's time\n",
               static_cast<unsigned long long>(chip.cycles()),
               static_cast<unsigned long long>(instructions()),
               static_cast<double>(chip.micros()) / 1e6);
  if (options_.flash_cache) {
    const auto& flash = chip.flash_cache();
    std::fprintf(stderr,
                 "flash: %llu accesses, %llu hits, %llu bytes, %llu cycles waited, %llu bytes "
                 "streamed\n",
                 static_cast<unsigned long long>(flash.accesses),
                 static_cast<unsigned long long>(flash.hits),
                 static_cast<unsigned long long>(flash.flash_bytes()),
                 static_cast<unsigned long long>(flash.waited),
                 static_cast<unsigned long long>(chip.streamed_words() * 4));
  }
}

void Board::PrintSpeed() const {
  const double life = static_cast<double>(first_.chip->micros()) / 1e6;
  const double here = std::max(seconds_, 1e-6);
  std::fprintf(stderr,
               "%.3f s of the chip's time in %.3f s: %.2f times as fast as life, %.0f million "
               "instructions a second\n",
               life, here, life / here, static_cast<double>(instructions()) / 1e6 / here);
}

Json Board::Counts(StopReason reason) const {
  const Rp2040& chip = *first_.chip;
  const char* const ended = serial_.found()                 ? "text"
                            : reason == StopReason::kExit   ? "exit"
                            : reason == StopReason::kStack  ? "stack"
                            : reason == StopReason::kLockup ? "fault"
                            : reason != StopReason::kNone   ? "start"
                            : first_.chip->cycles() >= end_ ? "cycles"
                                                            : "interrupted";
  Json json = Json::Object({{"ended", ended},
                            {"cycles", chip.cycles()},
                            {"instructions", instructions()},
                            {"chip_seconds", static_cast<double>(chip.micros()) / 1e6},
                            {"seconds", seconds_},
                            {"resets", chip.resets()},
                            {"dma_items", chip.dma().items_moved()},
                            {"pins", first_.chip->pins().levels()}});
  if (options_.flash_cache) {
    const auto& flash = chip.flash_cache();
    json.Add("flash", Json::Object({{"accesses", flash.accesses},
                                    {"hits", flash.hits},
                                    {"bytes", flash.flash_bytes()},
                                    {"waited_cycles", flash.waited},
                                    {"streamed_bytes", chip.streamed_words() * 4}}));
  }
  if (reader_) {
    json.Add("packets", reader_->packets());
  }
  return json;
}

int Board::Finish(StopReason reason) {
  serial_.Flush();
  if (second_serial_) {
    second_serial_->Flush();
  }
  std::fflush(stdout);
  if (options_.counts) {
    PrintCounts();
  }
  if (options_.speed) {
    PrintSpeed();
  }
  if (options_.profile) {
    std::fputs(profile_.Text().c_str(), stderr);
  }
  if (options_.json) {
    Print(Counts(reason).Line());
  }
  FlushOutput();
  if (second_reason_ != StopReason::kNone && second_reason_ != StopReason::kExit &&
      reason == StopReason::kNone) {
    return Report(*second_, second_reason_);
  }
  if (reason != StopReason::kNone) {
    return Report(first_, reason);
  }
  const std::string_view problem = first_.chip->usb_host().problem();
  if (!problem.empty()) {
    std::fprintf(stderr, "USB: %.*s\n", static_cast<int>(problem.size()), problem.data());
  }
  const bool passed = first_.chip->cycles() >= end_;
  if (passed && !options_.until.empty() && !serial_.found()) {
    PrintError("'" + Printable(options_.until) + "' did not come within " +
               std::to_string(options_.cycles) + " cycles; the program is here:");
  } else if (passed && options_.must_end) {
    PrintError("the program did not end within " + std::to_string(options_.cycles) +
               " cycles; it is here:");
  } else {
    return 0;
  }
  ReportCore(first_, 0);
  ReportCore(first_, 1);
  return 1;
}

void CheckOptions(const EmulateOptions& options) {
  if (options.must_end && options.cycles == 0) {
    throw WrongUsage(
        "--must-end: no --cycles found, a number of them expected within which the "
        "program ends");
  }
  if (options.read_sensor && options.json) {
    throw WrongUsage(
        "--read-sensor and --json: both found, one expected: both write standard "
        "output");
  }
}

}  // namespace

int Emulate(const EmulateOptions& options) {
  CheckOptions(options);
  Board board(options);
  if (options.gdb != 0 && !board.Debug()) {
    return 0;
  }
  return board.Finish(board.Run());
}

}  // namespace pinhole::host
