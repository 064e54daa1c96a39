// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands around an emulated chip at `pinhole emulate`: a terminal on its serial ports, a
// camera that sees pictures, memories and a second chip on its I2C buses, a reader of the Person
// Sensor's packets, a display of its pins. Each is made by the command from its options and
// outlives the run.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "emulator/board.h"
#include "emulator/camera.h"
#include "emulator/rp2040.h"
#include "host/names.h"
#include "system/child_process.h"

namespace pinhole::host {

// Files that the command reads: a flash has 16 MiB, an ELF file may say more about it.
inline constexpr std::size_t kMostProgramBytes = 64 * 1024 * 1024;

// What a chip sends over its UARTs, USB and semihosting: byte by byte, or where two chips share a
// terminal line by line.
class SerialOutput final : public emulator::ByteSink {
 public:
  struct Options {
    bool by_line = false;
    std::string prefix;  // of each line, where it goes line by line
    std::string until;   // the text that ends the run
  };
  // `live`, where it is not null, is taken away before anything is printed.
  SerialOutput(std::FILE* to, Options options, StatusLine* live)
      : to_(to), options_(std::move(options)), live_(live) {}
  void OnByte(unsigned device, std::uint8_t byte) override;
  // Prints a line that has begun.
  void Flush();
  // The text that ends the run was sent.
  [[nodiscard]] bool found() const { return found_; }

 private:
  std::FILE* to_;
  Options options_;
  StatusLine* live_;
  std::string seen_;
  std::string line_;
  bool found_ = false;
};

// Bytes from standard input: a terminal key by key and without an echo, a pipe or file as it comes.
// The terminal is given back as it was.
class TerminalInput {
 public:
  TerminalInput();
  ~TerminalInput();
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  // Takes what is there, then hands the chip what it has room for: its USB port where a program
  // opened that, else UART 0. False once somebody pressed Ctrl-C.
  bool Move(emulator::Rp2040& chip);
  [[nodiscard]] bool waits() const { return !bytes_.empty(); }

 private:
  void Read();

  std::unique_ptr<struct TerminalState> before_;  // null where it is no terminal of ours
  bool ended_ = false;
  bool quit_ = false;
  std::deque<std::uint8_t> bytes_;
};

// Pins as they change: one line that is written over on a terminal, else a line a change.
class PinDisplay final : public emulator::PinListener {
 public:
  // All three are the caller's; `live` is active on a terminal.
  PinDisplay(const emulator::Rp2040& chip, StatusLine& live) : chip_(&chip), live_(&live) {}
  void OnPins(std::uint64_t cycle, std::uint32_t levels, std::uint32_t changed) override;
  // Brings the live line up to date.
  void Refresh();

 private:
  const emulator::Rp2040* chip_;
  StatusLine* live_;
  std::uint32_t ever_changed_ = 0;
  std::uint32_t levels_ = 0;
};

// Pictures before the camera, each for some frames, the last one for good: whole, grey (BT.601), in
// the middle of the view, made smaller where they have to be, each pixel the mean of what it covers.
class PictureScreen final : public emulator::PixelSource {
 public:
  static constexpr unsigned kWidth = 324;
  static constexpr unsigned kHeight = 244;

  // `path` is a picture or a folder. Throws Failure.
  PictureScreen(const std::string& path, int frames_each);
  std::uint8_t Pixel(std::uint64_t frame, unsigned x, unsigned y) override;

 private:
  std::uint64_t frames_each_;
  std::vector<std::vector<std::uint8_t>> views_;
};

// An HM01B0 on the wires of the boards `pico` and `pico2`, 324 x 244 pixels, 15 frames a second at
// 125 MHz. `pins` is "DATA,CLOCK,ROW,FRAME"; throws WrongUsage.
[[nodiscard]] emulator::ParallelCamera::Wiring CameraWiring(const std::string& pins);

// Reads the Person Sensor's 39 bytes from address 0x62 five times a second of the chip's, as a
// controller at 100 kHz does, and prints each packet.
class SensorReader {
 public:
  SensorReader(emulator::Rp2040& chip, StatusLine* live);
  // To be called at least every kStepMicros of the chip's time.
  static constexpr std::uint64_t kStepMicros = 90;
  void Step();
  [[nodiscard]] unsigned packets() const { return packets_; }

 private:
  static constexpr std::uint8_t kAddress = 0x62;
  static constexpr std::uint64_t kPeriodMicros = 200'000;
  static constexpr std::size_t kPacketBytes = 39;
  static constexpr unsigned kMostWaits = 2'000;

  void Show();

  emulator::Rp2040* chip_;
  StatusLine* live_;
  emulator::I2cBus bus_;
  bool reading_ = false;
  std::uint64_t next_us_ = kPeriodMicros;
  std::vector<std::uint8_t> bytes_;
  unsigned waits_ = 0;
  unsigned packets_ = 0;
};

// A packet of 39 bytes in words: faces or none, and whether length and checksum are right.
[[nodiscard]] std::string PacketText(const std::vector<std::uint8_t>& bytes);

// A target that another chip has, at one address.
class AtAddress final : public emulator::I2cTarget {
 public:
  AtAddress(std::uint8_t address, emulator::I2cTarget& inner) : address_(address), inner_(&inner) {}
  emulator::I2cReply OnStart(std::uint8_t address, bool read) override {
    return address == address_ ? inner_->OnStart(address, read) : emulator::I2cReply::kNack;
  }
  emulator::I2cReply OnWrite(std::uint8_t byte) override { return inner_->OnWrite(byte); }
  emulator::I2cReply OnRead(std::uint8_t& byte) override { return inner_->OnRead(byte); }
  void OnStop() override { inner_->OnStop(); }

 private:
  std::uint8_t address_;
  emulator::I2cTarget* inner_;
};

// ADDRESS=WHAT of --i2c. Throws WrongUsage.
struct I2cOption {
  std::uint8_t address = 0;
  std::string what;
};
[[nodiscard]] I2cOption ParseI2c(const std::string& text);

}  // namespace pinhole::host
