// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "emulator/i2c.h"
#include "facts/person_sensor_packet.h"
#include "firmware/emulated/machine_for_tests.h"

namespace pinhole::firmware::emulated {
namespace {

// The same sources on our own HAL and on the public SDK.
class Examples : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(On, Examples, ::testing::Values("pico", "pico_sdk"),
                         [](const auto& on) { return std::string(on.param); });

TEST_P(Examples, BlinkChangesTheLedEveryQuarterOfASecond) {
  PINHOLE_LOAD_FIRMWARE(machine, GetParam(), "blink.elf");
  ASSERT_EQ(machine->RunForMicros(2'100'000), emulator::StopReason::kNone);
  std::vector<PinChange> led;
  for (const PinChange& change : machine->pin_changes()) {
    if (change.pin == 25) {
      led.push_back(change);
    }
  }
  ASSERT_EQ(led.size(), 9u);
  for (std::size_t i = 0; i < led.size(); ++i) {
    EXPECT_EQ(led[i].high, i % 2 == 0) << i;
    if (i > 0) {
      const auto passed = led[i].micros - led[i - 1].micros;
      EXPECT_GE(passed, 250'000u) << i;
      EXPECT_LE(passed, 250'020u) << i;
    }
  }
}

TEST_P(Examples, HelloSerialSaysHelloEverySecondFromBothFiles) {
  for (const char* const file : {"hello_serial.elf", "hello_serial.uf2"}) {
    PINHOLE_LOAD_FIRMWARE(machine, GetParam(), file);
    ASSERT_EQ(machine->RunForMicros(2'500'000), emulator::StopReason::kNone);
    EXPECT_EQ(machine->console(), "Hello, world! 0 s\nHello, world! 1 s\nHello, world! 2 s\n");
  }
}

// A person sensor as far as reading goes.
struct FakeSensor final : emulator::I2cTarget {
  emulator::I2cReply OnStart(std::uint8_t address, bool read) override {
    next = 0;
    return address == 0x62 && read && there ? emulator::I2cReply::kAck : emulator::I2cReply::kNack;
  }
  emulator::I2cReply OnWrite(std::uint8_t) override { return emulator::I2cReply::kNack; }
  emulator::I2cReply OnRead(std::uint8_t& byte) override {
    byte = next < packet.size() ? std::to_integer<std::uint8_t>(packet[next++]) : 0;
    return emulator::I2cReply::kAck;
  }
  void OnStop() override {}
  void Show(const facts::PersonFacts& facts) { facts::EncodePersonSensorPacket(facts, packet); }

  bool there = true;
  std::size_t next = 0;
  std::array<std::byte, facts::kPersonSensorPacketBytes> packet{};
};

// A display as far as it was asked to: on or off, and its memory in horizontal order.
struct FakeScreen final : emulator::I2cTarget {
  emulator::I2cReply OnStart(std::uint8_t address, bool) override {
    control.reset();
    return address == 0x3C ? emulator::I2cReply::kAck : emulator::I2cReply::kNack;
  }
  emulator::I2cReply OnWrite(std::uint8_t byte) override {
    if (!control) {
      control = byte;
    } else if (*control == 0x40) {
      memory[at++ % memory.size()] = byte;
    } else if (byte == 0xAF || byte == 0xAE) {
      on = byte == 0xAF;
    }
    return emulator::I2cReply::kAck;
  }
  emulator::I2cReply OnRead(std::uint8_t&) override { return emulator::I2cReply::kAck; }
  void OnStop() override {}
  [[nodiscard]] bool Pixel(unsigned x, unsigned y) const {
    return (memory[y / 8 * 128 + x] >> y % 8 & 1) != 0;
  }

  std::optional<std::uint8_t> control;
  bool on = true;
  std::size_t at = 0;
  std::array<std::uint8_t, 1024> memory{};
};

TEST_P(Examples, WakeupScreenWakesForAFaceDrawsItAndGoesDark) {
  PINHOLE_LOAD_FIRMWARE(machine, GetParam(), "wakeup_screen.elf");
  FakeSensor sensor;
  FakeScreen screen;
  emulator::I2cBus bus;
  ASSERT_TRUE(bus.Attach(&sensor));
  ASSERT_TRUE(bus.Attach(&screen));
  machine->chip().i2c(0).set_bus(&bus);
  facts::PersonFacts nobody{};
  nobody.reading = 1;
  sensor.Show(nobody);
  machine->RunForMicros(1'000'000);
  EXPECT_EQ(machine->console(), "");
  EXPECT_FALSE(screen.on);

  facts::PersonFacts somebody = nobody;
  somebody.present = somebody.count = 1;
  somebody.faces[0] = {.confidence = 255, .left = 64, .top = 32, .right = 128, .bottom = 128};
  sensor.Show(somebody);
  ASSERT_TRUE(machine->RunUntilSaid("awake\n", 500'000));
  machine->RunForMicros(1'000'000);
  EXPECT_TRUE(screen.on);
  EXPECT_EQ(machine->chip().pins().levels() >> 22 & 1, 1u);
  for (unsigned y = 0; y < 64; ++y) {
    for (unsigned x = 0; x < 128; ++x) {
      const bool inside = x >= 32 && x <= 64 && y >= 8 && y <= 32;
      const bool edge = x == 32 || x == 64 || y == 8 || y == 32;
      ASSERT_EQ(screen.Pixel(x, y), inside && edge) << x << " " << y;
    }
  }

  // Gone, or no sensor any more: dark after five seconds, not before.
  sensor.there = false;
  machine->RunForMicros(4'500'000);
  EXPECT_TRUE(screen.on);
  ASSERT_TRUE(machine->RunUntilSaid("dark\n", 1'000'000)) << machine->console();
  machine->RunForMicros(10'000);
  EXPECT_FALSE(screen.on);
  EXPECT_EQ(machine->chip().pins().levels() >> 22 & 1, 0u);
}

TEST(Pico2, ItsImagesHaveTheFamilyAndTheDefinitionThatItsRomWants) {
  // There is nothing here that would run them.
  std::ifstream in(FirmwareFile("pico2", "blink.uf2"), std::ios::binary);
  if (!in) {
    GTEST_SKIP() << FirmwareFile("pico2", "blink.uf2") << " is missing";
  }
  const std::string uf2((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_GE(uf2.size(), 512u * 2);
  EXPECT_EQ(uf2.substr(28, 4), "\x59\xFF\x8B\xE4");
  const std::string definition("\xD3\xDE\xFF\xFF\x42\x01\x21\x10\xFF\x01\x00\x00", 12);
  const std::size_t at = uf2.find(definition);
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(at, 512u * 16);  // in the first 4 KB of flash
}

}  // namespace
}  // namespace pinhole::firmware::emulated
