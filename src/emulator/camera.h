// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small camera on a parallel bus, as an HM01B0 is: eight data lines, a pixel clock, one line that
// is high while a row is sent and one that is high while a frame is.
//
// In: a PixelSource that is asked for pixels. Out: levels of pins as a function of the cycle
// (PinInput), so that nothing is stored and nothing runs between two looks. A pixel is valid from
// the clock's falling edge to the next one; it is to be read at the rising edge. Registers are
// behind I2C with addresses of 16 bits: what is written is kept and can be read; the model number
// answers as the part's does. Register 0x0100 is obeyed where the wiring says so: nothing is sent
// until its bit 0 is set, and the first frame then begins behind a pause. Other registers, exposure
// and gain among them, change nothing.

#include <array>
#include <cstdint>

#include "emulator/i2c.h"
#include "emulator/pins.h"

namespace pinhole::emulator {

// Where pictures come from. Device seam.
class PixelSource {
 public:
  virtual ~PixelSource() = default;
  // The brightness of a pixel, rows from the top.
  virtual std::uint8_t Pixel(std::uint64_t frame, unsigned x, unsigned y) = 0;
};

class ParallelCamera final : public PinInput, public I2cTarget {
 public:
  struct Wiring {
    unsigned data = 0;  // the lowest of eight pins in a row
    unsigned clock = 8;
    unsigned row = 9;
    unsigned frame = 10;
    unsigned width = 324;
    unsigned height = 244;
    // Of a pixel, in cycles of the chip's system clock; even.
    unsigned pixel_cycles = 32;
    unsigned pixels_between_rows = 20;
    unsigned rows_between_frames = 10;
    std::uint8_t address = 0x24;
    // Sends by itself from the start, or as register 0x0100 says.
    bool waits_for_mode = false;
  };
  // `source` is the caller's and outlives the camera.
  ParallelCamera(const Wiring& wiring, PixelSource& source) : wiring_(wiring), source_(&source) {}

  [[nodiscard]] std::uint64_t FrameCycles() const {
    return RowCycles() * (wiring_.height + wiring_.rows_between_frames);
  }

  [[nodiscard]] std::uint32_t mask() const override {
    return 0xFFu << wiring_.data | 1u << wiring_.clock | 1u << wiring_.row | 1u << wiring_.frame;
  }
  [[nodiscard]] std::uint32_t Levels(std::uint64_t cycle) override;
  [[nodiscard]] std::uint64_t NextChange(std::uint64_t cycle) override;

  I2cReply OnStart(std::uint8_t address, bool read) override;
  I2cReply OnWrite(std::uint8_t byte) override;
  I2cReply OnRead(std::uint8_t& byte) override;
  void OnStop() override {}

 private:
  static constexpr std::size_t kRegisters = 0x4000;
  static constexpr std::uint16_t kModeSelect = 0x0100;
  [[nodiscard]] std::uint64_t RowCycles() const {
    return std::uint64_t{wiring_.width + wiring_.pixels_between_rows} * wiring_.pixel_cycles;
  }

  [[nodiscard]] bool Sends() const {
    return !wiring_.waits_for_mode || (registers_[kModeSelect] & 1) != 0;
  }
  // `cycle` in the time of frames; with the frame's number.
  std::uint64_t InFrame(std::uint64_t cycle, std::uint64_t& frame);

  Wiring wiring_;
  PixelSource* source_;
  std::uint64_t start_ = kNever;  // the first look after it was told to send
  std::array<std::uint8_t, kRegisters> registers_{};
  std::uint16_t pointer_ = 0;
  unsigned pointer_bytes_ = 0;
};

}  // namespace pinhole::emulator
