// SPDX-License-Identifier: Apache-2.0
// checks/camera_check.cc in front of an emulated camera.
#include "emulator/camera.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "emulator/i2c.h"
#include "firmware/emulated/machine_for_tests.h"

namespace pinhole::firmware::emulated {
namespace {

// Every pixel its own, every frame its own.
struct Noise final : emulator::PixelSource {
  std::uint8_t Pixel(std::uint64_t frame, unsigned x, unsigned y) override {
    std::uint32_t mixed =
        static_cast<std::uint32_t>(frame) * 2654435761u ^ x * 40503u ^ y * 2246822519u;
    mixed ^= mixed >> 15;
    mixed *= 2246822519u;
    return static_cast<std::uint8_t>(mixed >> 24);
  }
};

constexpr emulator::ParallelCamera::Wiring kWiring = {
    .data = 6, .clock = 14, .row = 15, .frame = 16};

std::string SumOfFrame(std::uint64_t frame) {
  Noise noise;
  std::uint32_t sum = 0;
  for (unsigned y = 0; y < kWiring.height; ++y) {
    for (unsigned x = 0; x < kWiring.width; ++x) {
      sum = sum * 31 + noise.Pixel(frame, x, y);
    }
  }
  char text[16];
  std::snprintf(text, sizeof text, "%08x", sum);
  return text;
}

TEST(Camera, FramesArriveWholeAndAreWiped) {
  for (const unsigned pixel_cycles : {20u, 32u}) {
    PINHOLE_LOAD_FIRMWARE(machine, "pico", "camera_check.elf");
    Noise noise;
    emulator::ParallelCamera::Wiring wiring = kWiring;
    wiring.pixel_cycles = pixel_cycles;
    emulator::ParallelCamera camera(wiring, noise);
    emulator::I2cBus bus;
    ASSERT_TRUE(bus.Attach(&camera));
    machine->chip().i2c(0).set_bus(&bus);
    machine->chip().pins().set_input(&camera);
    ASSERT_TRUE(machine->RunUntilSaid("done\n", 2'000'000)) << machine->console();
    const std::string& said = machine->console();
    EXPECT_EQ(said.find("LEFT"), std::string::npos) << said;
    // Four pictures, each one of the frames that were sent, later ones later.
    std::uint64_t frame = 0;
    std::size_t at = 0;
    for (int picture = 0; picture < 4; ++picture) {
      at = said.find("picture 324 x 244 ", at);
      ASSERT_NE(at, std::string::npos) << said;
      at += 18;
      const std::string sum = said.substr(at, 8);
      while (SumOfFrame(frame) != sum) {
        ASSERT_LT(++frame, 100u) << "picture " << picture << " is none of the frames:\n" << said;
      }
      ++frame;
    }
  }
}

TEST(Camera, OneBegunAheadIsThereAtOnce) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "camera_check.elf");
  Noise noise;
  emulator::ParallelCamera camera(kWiring, noise);
  emulator::I2cBus bus;
  ASSERT_TRUE(bus.Attach(&camera));
  machine->chip().i2c(0).set_bus(&bus);
  machine->chip().pins().set_input(&camera);
  ASSERT_TRUE(machine->RunUntilSaid("done\n", 2'000'000)) << machine->console();
  std::size_t at = 0;
  for (int picture = 0; picture < 4; ++picture) {
    at = machine->console().find("after ", at + 1);
    ASSERT_NE(at, std::string::npos);
    const int waited = std::stoi(machine->console().substr(at + 6));
    if (picture % 2 == 1) {
      EXPECT_LT(waited, 100) << picture;
    } else {
      EXPECT_GT(waited, 20'000) << picture;  // a frame takes 22 ms
    }
  }
}

TEST(Camera, NobodyAtItsAddressIsSaidInASentence) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "camera_check.elf");
  emulator::I2cBus bus;
  machine->chip().i2c(0).set_bus(&bus);
  ASSERT_TRUE(machine->RunUntilSaid("failed: ", 1'000'000)) << machine->console();
  machine->RunForMicros(20'000);
  EXPECT_NE(machine->console().find("no camera answers at I2C address 36; look at its power and at "
                                    "pins 4 and 5"),
            std::string::npos)
      << machine->console();
}

TEST(Camera, ACameraThatSendsNothingIsSaidInASentence) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "camera_check.elf");
  Noise noise;
  emulator::ParallelCamera camera(kWiring, noise);
  emulator::I2cBus bus;
  ASSERT_TRUE(bus.Attach(&camera));
  machine->chip().i2c(0).set_bus(&bus);  // and no pins
  ASSERT_TRUE(machine->RunUntilSaid("failed: ", 1'000'000)) << machine->console();
  machine->RunForMicros(20'000);
  EXPECT_NE(machine->console().find("no frame came from the camera in 250 ms"), std::string::npos)
      << machine->console();
}

}  // namespace
}  // namespace pinhole::firmware::emulated
