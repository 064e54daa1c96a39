// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/pio_program.h"

#include <gtest/gtest.h>

#include <array>

namespace pinhole::firmware::pio {
namespace {

// Words from the RP2040 datasheet's own listings, chapters 3.2.2 to 3.6.
TEST(PioProgram, GivesTheDatasheetsWords) {
  static constexpr auto kSquareWave = Assemble(std::array{
      Set(SetTarget::kDirections, 1),
      Set(SetTarget::kPins, 1).Delay(1),
      Set(SetTarget::kPins, 0),
      Jump(1),
  });
  EXPECT_EQ(kSquareWave, (std::array<std::uint16_t, 4>{0xE081, 0xE101, 0xE000, 0x0001}));

  static constexpr auto kWs2812 = Assemble(std::array{
      Out(Target::kX, 1).Side(0, 1).Delay(2),
      Jump(3, When::kXZero).Side(1, 1).Delay(1),
      Jump(0).Side(1, 1).Delay(4),
      Instruction{0xA042}.Side(0, 1).Delay(4),
  });
  EXPECT_EQ(kWs2812, (std::array<std::uint16_t, 4>{0x6221, 0x1123, 0x1400, 0xA442}));

  static constexpr auto kUartReceive = Assemble(std::array{
      Instruction{0x2020},
      Set(SetTarget::kX, 7).Delay(10),
      In(Source::kPins, 1),
      Jump(2, When::kXDecrement).Delay(6),
  });
  EXPECT_EQ(kUartReceive, (std::array<std::uint16_t, 4>{0x2020, 0xEA27, 0x4001, 0x0642}));

  EXPECT_EQ(Push().word, 0x8020);
  EXPECT_EQ(Pull().word, 0x80A0);
  EXPECT_EQ(Wait(true, Pin{9}).word, 0x2089);
  EXPECT_EQ(Wait(false, Pin{10}).word, 0x200A);
  EXPECT_EQ(In(Source::kPins, 8).word, 0x4008);
  EXPECT_EQ(In(Source::kY, 32).word, 0x4040);
}

}  // namespace
}  // namespace pinhole::firmware::pio
