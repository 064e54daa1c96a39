// SPDX-License-Identifier: Apache-2.0
#include "facts/person_sensor_packet.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "base/little_endian.h"

namespace pinhole::facts {
namespace {

using Packet = std::array<std::byte, kPersonSensorPacketBytes>;

int At(const Packet& packet, std::size_t i) { return std::to_integer<int>(packet[i]); }

TEST(PersonSensorPacket, LaysFacesOutAsTheDeveloperGuideHasThem) {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 2;
  facts.faces[0] = {255, 10, 20, 110, 140, 8, 128, 1};
  facts.faces[1] = {1, 200, 20, 240, 60, 0, 0, 0};
  Packet packet;
  EncodePersonSensorPacket(facts, packet);
  EXPECT_EQ(At(packet, 0), 0);
  EXPECT_EQ(At(packet, 1), 0);
  EXPECT_EQ(base::LoadLe<std::uint16_t>(packet.data() + 2), 33);
  EXPECT_EQ(At(packet, 4), 2);
  const std::array<int, 16> faces{100, 10, 20, 110, 140, 50, 7, 1, 1, 200, 20, 240, 60, 0, 0xFF, 0};
  for (std::size_t i = 0; i < faces.size(); ++i) {
    EXPECT_EQ(At(packet, 5 + i), faces[i]) << i;
  }
  for (std::size_t i = 21; i < 37; ++i) {
    EXPECT_EQ(At(packet, i), 0) << i;
  }
}

TEST(PersonSensorPacket, NoReadingIsNobody) {
  Packet packet;
  EncodePersonSensorPacket(PersonFacts{}, packet);
  EXPECT_EQ(At(packet, 4), 0);
  EXPECT_EQ(base::LoadLe<std::uint16_t>(packet.data() + 37), 0x3725);
}

// Expected values were made by long division of the message's bits by x^16 + x^12 + x^5 + 1, which
// gives 0x6F91 for "123456789", the value by which this checksum is listed.
TEST(PersonSensorPacket, ChecksumIsTheCrcOfAllBytesBeforeIt) {
  PersonFacts facts;
  facts.reading = facts.present = 1;
  facts.count = 4;
  facts.faces.fill({255, 255, 255, 255, 255, 8, 255, 1});
  Packet packet;
  EncodePersonSensorPacket(facts, packet);
  EXPECT_EQ(base::LoadLe<std::uint16_t>(packet.data() + 37), 0x18EA);
}

}  // namespace
}  // namespace pinhole::facts
