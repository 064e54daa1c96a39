// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a board's program in an emulated chip, with what it says and what its pins did. A line
// that it says ends with LF, also where the program sends CR LF, as the public SDK's printf does.
//
//   std::unique_ptr<Machine> machine = Machine::Load("pico", "blink.elf");   // null: not built
//   machine->RunUntilSaid("ready", 1'000'000);
//   EXPECT_EQ(machine->console(), "...");

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "emulator/program.h"
#include "emulator/rp2040.h"

namespace pinhole::firmware::emulated {

inline std::filesystem::path FirmwareFile(std::string_view board, std::string_view file) {
  return std::filesystem::path(PINHOLE_FIRMWARE_FOLDER) / board / file;
}

// What has to be there for a board's programs; `pico_sdk` are those on the public SDK.
inline std::string_view WhatBuilds(std::string_view board) {
  return board == "pico_sdk" ? "set PICO_SDK_PATH to a checkout of pico-sdk and configure again"
                             : "arm-none-eabi-g++ builds it; tools/install.sh test";
}

struct PinChange {
  std::uint64_t micros = 0;
  unsigned pin = 0;
  bool high = false;

  friend bool operator==(const PinChange&, const PinChange&) = default;
};

class Machine final : public emulator::ByteSink, public emulator::PinListener {
 public:
  // `options` are the chip's. Null where the file is missing or is no program.
  static std::unique_ptr<Machine> Load(std::string_view board, std::string_view file,
                                       const emulator::Rp2040::Options& options = {}) {
    std::ifstream in(FirmwareFile(board, file), std::ios::binary);
    if (!in) {
      return nullptr;
    }
    std::unique_ptr<Machine> machine(new Machine(options));
    machine->file_.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    base::Diagnosis why;
    if (!emulator::LoadProgram(std::as_bytes(std::span(machine->file_)), machine->chip().memory(),
                               why)) {
      return nullptr;
    }
    machine->chip().uart(0).set_sink(machine.get());
    machine->chip().pins().set_listener(machine.get());
    machine->chip().Boot();
    return machine;
  }

  [[nodiscard]] emulator::Rp2040& chip() { return *chip_; }
  [[nodiscard]] const std::string& console() const { return console_; }
  [[nodiscard]] const std::vector<PinChange>& pin_changes() const { return pin_changes_; }
  void ForgetPinChanges() { pin_changes_.clear(); }

  emulator::StopReason RunForMicros(std::uint64_t micros) {
    return chip_->RunUntilMicros(chip_->micros() + micros);
  }
  // False where the time passed, or the program stopped, before it said `text` behind what was
  // asked for before.
  bool RunUntilSaid(std::string_view text, std::uint64_t micros) {
    constexpr std::uint64_t kStep = 100;
    const std::uint64_t until = chip_->micros() + micros;
    while (!Said(text)) {
      if (chip_->micros() >= until || RunForMicros(kStep) != emulator::StopReason::kNone) {
        return Said(text);
      }
    }
    return true;
  }

  void OnByte(unsigned, std::uint8_t byte) override {
    if (byte == '\n' && console_.ends_with('\r')) {
      console_.pop_back();
    }
    console_ += static_cast<char>(byte);
  }
  void OnPins(std::uint64_t, std::uint32_t levels, std::uint32_t changed) override {
    for (unsigned pin = 0; pin < emulator::kPins; ++pin) {
      if ((changed >> pin & 1) != 0) {
        pin_changes_.push_back({chip_->micros(), pin, (levels >> pin & 1) != 0});
      }
    }
  }

 private:
  explicit Machine(const emulator::Rp2040::Options& options)
      : chip_(emulator::Rp2040::Create(options)) {}

  bool Said(std::string_view text) {
    const std::size_t at = console_.find(text, heard_);
    if (at == std::string::npos) {
      return false;
    }
    heard_ = at + text.size();
    return true;
  }

  std::string file_;
  std::unique_ptr<emulator::Rp2040> chip_;
  std::string console_;
  std::size_t heard_ = 0;
  std::vector<PinChange> pin_changes_;
};

}  // namespace pinhole::firmware::emulated

// The rest of a test needs the firmware; where it was not built the test skips by name.
#define PINHOLE_LOAD_FIRMWARE(machine, board, file)                                             \
  const std::unique_ptr<::pinhole::firmware::emulated::Machine> machine =                       \
      ::pinhole::firmware::emulated::Machine::Load(board, file);                                \
  if (machine == nullptr) {                                                                     \
    GTEST_SKIP() << ::pinhole::firmware::emulated::FirmwareFile(board, file) << " is missing (" \
                 << ::pinhole::firmware::emulated::WhatBuilds(board) << ")";                    \
  }                                                                                             \
  static_assert(true)
