// SPDX-License-Identifier: Apache-2.0
#include "emulator/camera.h"

namespace pinhole::emulator {

std::uint64_t ParallelCamera::InFrame(std::uint64_t cycle, std::uint64_t& frame) {
  std::uint64_t time = cycle;
  frame = 0;
  if (wiring_.waits_for_mode) {
    start_ = cycle < start_ ? cycle : start_;
    // In the pause behind a frame that never was.
    time = cycle - start_ + RowCycles() * wiring_.height;
    frame = ~std::uint64_t{0};
  }
  frame += time / FrameCycles();
  return time % FrameCycles();
}

std::uint32_t ParallelCamera::Levels(std::uint64_t cycle) {
  if (!Sends()) {
    start_ = kNever;
    return 0;
  }
  std::uint64_t frame = 0;
  const std::uint64_t in_frame = InFrame(cycle, frame);
  const auto y = static_cast<unsigned>(in_frame / RowCycles());
  const std::uint64_t in_row = in_frame % RowCycles();
  const auto x = static_cast<unsigned>(in_row / wiring_.pixel_cycles);
  std::uint32_t levels = 0;
  if (in_row % wiring_.pixel_cycles >= wiring_.pixel_cycles / 2) {
    levels |= 1u << wiring_.clock;
  }
  if (y >= wiring_.height) {
    return levels;
  }
  levels |= 1u << wiring_.frame;
  if (x < wiring_.width) {
    levels |= 1u << wiring_.row;
    levels |= std::uint32_t{source_->Pixel(frame, x, y)} << wiring_.data;
  }
  return levels;
}

std::uint64_t ParallelCamera::NextChange(std::uint64_t cycle) {
  if (!Sends()) {
    return kNever;
  }
  // Everything changes with an edge of the clock.
  std::uint64_t frame = 0;
  const std::uint64_t half = wiring_.pixel_cycles / 2;
  const std::uint64_t in_row = InFrame(cycle, frame) % RowCycles();
  return cycle + half - in_row % half;
}

I2cReply ParallelCamera::OnStart(std::uint8_t address, bool read) {
  if (address != wiring_.address) {
    return I2cReply::kNack;
  }
  if (!read) {
    pointer_bytes_ = 0;
  }
  return I2cReply::kAck;
}

I2cReply ParallelCamera::OnWrite(std::uint8_t byte) {
  if (pointer_bytes_ < 2) {
    pointer_ = static_cast<std::uint16_t>(pointer_ << 8 | byte);
    ++pointer_bytes_;
  } else {
    registers_[pointer_++ % kRegisters] = byte;
  }
  return I2cReply::kAck;
}

I2cReply ParallelCamera::OnRead(std::uint8_t& byte) {
  // The model number, 0x01B0, at 0.
  byte = pointer_ == 0 ? 0x01 : pointer_ == 1 ? 0xB0 : registers_[pointer_ % kRegisters];
  ++pointer_;
  return I2cReply::kAck;
}

}  // namespace pinhole::emulator
