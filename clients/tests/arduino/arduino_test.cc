// SPDX-License-Identifier: Apache-2.0
// The Arduino library and its example, on packets that facts/person_sensor_packet.h made.
#include <gtest/gtest.h>

#include <cstring>

#include "Faces.ino"
#include "facts/person_sensor_packet.h"

namespace {

using pinhole::facts::PersonFacts;

PersonFacts TwoFaces(std::uint8_t facing) {
  PersonFacts facts;
  facts.reading = facts.present = 1;
  facts.count = 2;
  facts.faces[0] = {.confidence = 255, .left = 0, .top = 10, .right = 200, .bottom = 210};
  facts.faces[0].facing = facing;
  facts.faces[1] = {.confidence = 128, .left = 220, .top = 30, .right = 255, .bottom = 60};
  return facts;
}

void Show(const PersonFacts& facts) {
  std::byte packet[pinhole::facts::kPersonSensorPacketBytes];
  EncodePersonSensorPacket(facts, packet);
  std::memcpy(Wire.bytes, packet, sizeof packet);
  Wire.is_there = true;
}

TEST(Arduino, ReadsFaces) {
  PinholePersonSensor sensor(Wire);
  Show(TwoFaces(1));
  ASSERT_TRUE(sensor.read());
  ASSERT_EQ(sensor.count(), 2);
  EXPECT_EQ(sensor.face(0).confidence, 100);
  EXPECT_EQ(sensor.face(0).left, 0);
  EXPECT_EQ(sensor.face(0).top, 10);
  EXPECT_EQ(sensor.face(0).right, 200);
  EXPECT_EQ(sensor.face(0).bottom, 210);
  EXPECT_TRUE(sensor.face(0).facing);
  EXPECT_EQ(sensor.face(1).confidence, 50);
  EXPECT_FALSE(sensor.face(1).facing);
}

TEST(Arduino, RefusesWhatIsNotSoundAndKeepsTheLastFaces) {
  PinholePersonSensor sensor(Wire);
  Show(TwoFaces(0));
  ASSERT_TRUE(sensor.read());
  for (int byte = 0; byte < 39; ++byte) {
    Show(PersonFacts{});
    Wire.bytes[byte] ^= 0x10;
    EXPECT_FALSE(sensor.read()) << byte;
    EXPECT_EQ(sensor.count(), 2);
  }
  Wire.is_there = false;
  EXPECT_FALSE(sensor.read());
}

TEST(Arduino, WritesCommands) {
  PinholePersonSensor sensor(Wire);
  const auto expect = [](std::uint8_t reg, std::uint8_t value) {
    ASSERT_EQ(Wire.written_count, 2);
    EXPECT_EQ(Wire.written[0], reg);
    EXPECT_EQ(Wire.written[1], value);
  };
  sensor.standby(true);
  expect(1, 0);
  sensor.shoot();
  expect(3, 0);
  sensor.standby(false);
  expect(1, 1);
}

TEST(Arduino, TheExamplePrintsFacesAndLightsUp) {
  setup();
  Show(TwoFaces(1));
  Serial.text.str("");
  loop();
  EXPECT_EQ(Serial.text.str().find("no sensor"), std::string::npos);
  EXPECT_NE(Serial.text.str().find(" % at 100, 110\n"), std::string::npos) << Serial.text.str();
  EXPECT_EQ(fake_led, HIGH);
  Show(TwoFaces(0));
  loop();
  EXPECT_EQ(fake_led, LOW);
  Wire.is_there = false;
  loop();
  EXPECT_NE(Serial.text.str().find("no sensor at 0x62\n"), std::string::npos);
}

}  // namespace
