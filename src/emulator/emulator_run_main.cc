// SPDX-License-Identifier: Apache-2.0

// Runs a program for a number of cycles and says how fast: for tests and for measuring.
//
//   emulator_run FW.uf2 CYCLES [--cache|--keep-going|--join-i2c|--usb]
//
// Standard output: what the program sent over its UARTs and its USB port. Standard error: one line
// with cycles, instructions, processor time and millions of instructions a second.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "emulator/program.h"
#include "emulator/rp2040.h"

namespace {

using namespace pinhole::emulator;

class Terminal final : public ByteSink, public PinListener {
 public:
  void OnByte(unsigned, std::uint8_t byte) override { std::putchar(byte); }
  void OnPins(std::uint64_t, std::uint32_t, std::uint32_t) override { ++edges; }
  unsigned long edges = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "emulator_run FW.uf2 CYCLES [--cache|--keep-going|--join-i2c|--usb]\n");
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  Rp2040::Options options;
  const auto has = [&](const char* flag) {
    return count > 3 && std::strcmp(arguments[3], flag) == 0;
  };
  options.model_flash_cache = has("--cache");
  options.go_on_after_lockup = has("--keep-going");
  options.semihosting = true;
  const std::unique_ptr<Rp2040> chip = Rp2040::Create(options);
  pinhole::base::Diagnosis why;
  const auto program = LoadProgram(std::as_bytes(std::span(bytes)), chip->memory(), why);
  if (!program) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(why.text().size()), why.text().data());
    return 1;
  }
  Terminal terminal;
  chip->uart(0).set_sink(&terminal);
  chip->uart(1).set_sink(&terminal);
  chip->set_console(&terminal);
  chip->pins().set_listener(&terminal);
  if (has("--usb")) {
    chip->usb_host().PlugIn();
    chip->usb_host().set_sink(&terminal);
  }
  I2cBus bus;
  if (has("--join-i2c")) {
    for (unsigned i = 0; i < 2; ++i) {
      chip->i2c(i).set_bus(&bus);
      bus.Attach(&chip->i2c(i));
    }
  }
  chip->Boot(program->ram_entry);
  const std::clock_t start = std::clock();
  const StopReason reason = chip->RunUntil(std::strtoull(arguments[2], nullptr, 0));
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const auto instructions = chip->core(0).instructions() + chip->core(1).instructions();
  std::fflush(stdout);
  const Fault& fault = chip->core(0).fault();
  std::fprintf(stderr,
               "stop %d, %llu cycles, %llu us, %llu instructions, %.3f s, %.1f MIPS, %lu pin "
               "changes, pc %08x, fault %d %08x at %08x\n",
               static_cast<int>(reason), static_cast<unsigned long long>(chip->cycles()),
               static_cast<unsigned long long>(chip->micros()),
               static_cast<unsigned long long>(instructions), seconds,
               static_cast<double>(instructions) / 1e6 / (seconds > 0 ? seconds : 1e-9),
               terminal.edges, chip->core(0).pc(), static_cast<int>(fault.kind), fault.detail,
               fault.registers[15]);
  if (options.model_flash_cache) {
    const XipCache::Counts& flash = chip->flash_cache();
    std::fprintf(stderr, "flash: %llu accesses, %llu bytes, %llu cycles waited\n",
                 static_cast<unsigned long long>(flash.accesses),
                 static_cast<unsigned long long>(flash.flash_bytes()),
                 static_cast<unsigned long long>(flash.waited));
  }
  if (!chip->usb_host().problem().empty()) {
    std::fprintf(stderr, "USB: %.*s\n", static_cast<int>(chip->usb_host().problem().size()),
                 chip->usb_host().problem().data());
  }
  return reason == StopReason::kNone || reason == StopReason::kExit ? 0 : 1;
}
