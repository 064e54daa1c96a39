// SPDX-License-Identifier: Apache-2.0
#include "emulator/camera.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "emulator/rp2040.h"

namespace pinhole::emulator {
namespace {

struct Gradient final : PixelSource {
  std::uint8_t Pixel(std::uint64_t frame, unsigned x, unsigned y) override {
    return static_cast<std::uint8_t>(frame * 31 + x * 3 + y * 7);
  }
};

TEST(ParallelCamera, NextChangeIsTheFirstOne) {
  Gradient gradient;
  ParallelCamera camera({.width = 5, .height = 3, .pixel_cycles = 6}, gradient);
  for (std::uint64_t cycle = 0; cycle < 2 * camera.FrameCycles();) {
    const std::uint64_t next = camera.NextChange(cycle);
    for (std::uint64_t at = cycle; at < next; ++at) {
      ASSERT_EQ(camera.Levels(at), camera.Levels(cycle)) << at;
    }
    ASSERT_NE(camera.Levels(next), camera.Levels(cycle)) << next;
    cycle = next;
  }
}

TEST(ParallelCamera, ItsRegistersAreBehindI2c) {
  Gradient gradient;
  ParallelCamera camera({}, gradient);
  EXPECT_EQ(camera.OnStart(0x25, false), I2cReply::kNack);
  EXPECT_EQ(camera.OnStart(0x24, false), I2cReply::kAck);
  for (const std::uint8_t byte : {0x10, 0x12, 0x77}) {
    camera.OnWrite(byte);
  }
  camera.OnStart(0x24, false);
  camera.OnWrite(0x10);
  camera.OnWrite(0x12);
  camera.OnStart(0x24, true);
  std::uint8_t byte = 0;
  camera.OnRead(byte);
  EXPECT_EQ(byte, 0x77);
}

TEST(ParallelCamera, WaitsForItsModeAndBeginsWithAPause) {
  Gradient gradient;
  ParallelCamera camera({.width = 5, .height = 3, .pixel_cycles = 6, .waits_for_mode = true},
                        gradient);
  EXPECT_EQ(camera.Levels(5000), 0u);
  EXPECT_EQ(camera.NextChange(5000), kNever);
  camera.OnStart(0x24, false);
  for (const std::uint8_t byte : {0x01, 0x00, 0x01}) {
    camera.OnWrite(byte);
  }
  constexpr std::uint32_t kFrame = 1u << 10;
  std::uint64_t cycle = 7003;
  EXPECT_EQ(camera.Levels(cycle) & kFrame, 0u);
  while ((camera.Levels(cycle) & kFrame) == 0) {
    cycle = camera.NextChange(cycle);
    ASSERT_LT(cycle, 7003 + camera.FrameCycles());
  }
  EXPECT_EQ(camera.Levels(cycle) & 0xFF, gradient.Pixel(0, 0, 0));
  EXPECT_EQ(camera.Levels(cycle + camera.FrameCycles()) & 0xFF, gradient.Pixel(1, 0, 0));
}

// PIO waits for a frame and for a row, takes a byte at each rising edge, and DMA carries them away.
TEST(ParallelCamera, PioAndDmaReceiveTheSecondFrame) {
  const std::unique_ptr<Rp2040> chip = Rp2040::Create({});
  ASSERT_NE(chip, nullptr);
  chip->memory().ram.bytes[0] = 0xFE;
  chip->memory().ram.bytes[1] = 0xE7;
  chip->Boot(kRamBase | 1);
  const auto write = [&](std::uint32_t address, std::uint32_t value) {
    ASSERT_TRUE(chip->core(0).WriteMemory(address, 4, value));
  };
  Gradient gradient;
  constexpr unsigned kWidth = 24;
  constexpr unsigned kHeight = 10;
  ParallelCamera camera({.width = kWidth, .height = kHeight, .pixel_cycles = 16}, gradient);
  chip->pins().set_input(&camera);
  write(0x4000'F000, ~0u);
  const std::uint32_t pio = 0x5020'0000;
  const std::uint16_t program[] = {
      0x200A,  // wait 0 gpio 10: between frames
      0x208A,  // wait 1 gpio 10
      0x2008,  // wait 0 gpio 8
      0x2089,  // wait 1 gpio 9: in a row
      0x2088,  // wait 1 gpio 8
      0x4008,  // in pins, 8
  };
  for (unsigned i = 0; i < 6; ++i) {
    write(pio + 0x48 + i * 4, program[i]);
  }
  write(pio + 0xCC, 5 << 12 | 2 << 7);
  write(pio + 0xD0, 1u << 16 | 8u << 20);  // shifts left, pushes every 8 bits
  const std::uint32_t to = 0x2001'0000;
  write(0x5000'0000, pio + 0x20);
  write(0x5000'0004, to);
  write(0x5000'0008, kWidth * kHeight);
  write(0x5000'000C, 1 | 1 << 5 | 4 << 15);  // bytes, request 4: PIO0's first receive FIFO
  write(pio, 1);
  EXPECT_EQ(chip->RunUntil(3 * camera.FrameCycles()), StopReason::kNone);
  for (unsigned y = 0; y < kHeight; ++y) {
    for (unsigned x = 0; x < kWidth; ++x) {
      ASSERT_EQ(chip->memory().ram.bytes[to - kRamBase + y * kWidth + x], gradient.Pixel(1, x, y))
          << x << " " << y;
    }
  }
}

}  // namespace
}  // namespace pinhole::emulator
