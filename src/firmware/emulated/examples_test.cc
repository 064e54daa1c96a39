// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "firmware/emulated/machine_for_tests.h"

namespace pinhole::firmware::emulated {
namespace {

TEST(Blink, TheLedChangesEveryQuarterOfASecond) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "blink.elf");
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

TEST(HelloSerial, SaysHelloEverySecondFromBothFiles) {
  for (const char* const file : {"hello_serial.elf", "hello_serial.uf2"}) {
    PINHOLE_LOAD_FIRMWARE(machine, "pico", file);
    ASSERT_EQ(machine->RunForMicros(2'500'000), emulator::StopReason::kNone);
    EXPECT_EQ(machine->console(), "Hello, world! 0 s\nHello, world! 1 s\nHello, world! 2 s\n");
  }
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
