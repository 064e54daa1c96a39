// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Pinhole person sensor on I2C, for Arduino.
//
//   PinholePersonSensor sensor(Wire);
//   void setup() { Wire.begin(); }
//   void loop() {
//     if (sensor.read() && sensor.count() > 0) { ... sensor.face(0).confidence ... }
//   }

#include <Arduino.h>
#include <Wire.h>

class PinholePersonSensor {
 public:
  static constexpr uint8_t kAddress = 0x62;
  static constexpr uint8_t kMostFaces = 4;

  // The box on a grid that lays 0 to 255 over the picture's width and height.
  struct Face {
    uint8_t confidence;  // 1 to 100
    uint8_t left, top, right, bottom;
    bool facing;
  };

  explicit PinholePersonSensor(TwoWire& wire) : wire_(wire) {}

  // False: no sensor there, or a broken packet; faces are then as they were.
  bool read() {
    uint8_t packet[kPacketBytes];
    if (wire_.requestFrom(kAddress, kPacketBytes) != kPacketBytes) {
      return false;
    }
    for (uint8_t i = 0; i < kPacketBytes; ++i) {
      packet[i] = uint8_t(wire_.read());
    }
    if (packet[4] > kMostFaces || checksum(packet) != (packet[37] | uint16_t(packet[38]) << 8)) {
      return false;
    }
    count_ = packet[4];
    for (uint8_t i = 0; i < count_; ++i) {
      const uint8_t* const f = packet + 5 + 8 * i;
      faces_[i] = {f[0], f[1], f[2], f[3], f[4], f[7] != 0};
    }
    return true;
  }
  uint8_t count() const { return count_; }
  const Face& face(uint8_t i) const { return faces_[i]; }  // i below count(), the largest first

  // In standby the sensor does not look; shoot() makes it look once.
  void standby(bool on) { write(1, on ? 0 : 1); }
  void shoot() { write(3, 0); }

 private:
  static constexpr uint8_t kPacketBytes = 39;

  static uint16_t checksum(const uint8_t* packet) {  // CRC-16/MCRF4XX
    uint16_t crc = 0xFFFF;
    for (uint8_t i = 0; i < kPacketBytes - 2; ++i) {
      crc ^= packet[i];
      for (uint8_t bit = 0; bit < 8; ++bit) {
        crc = (crc & 1) != 0 ? uint16_t(crc >> 1 ^ 0x8408) : uint16_t(crc >> 1);
      }
    }
    return crc;
  }
  void write(uint8_t reg, uint8_t value) {
    wire_.beginTransmission(kAddress);
    wire_.write(reg);
    wire_.write(value);
    wire_.endTransmission();
  }

  TwoWire& wire_;
  Face faces_[kMostFaces] = {};
  uint8_t count_ = 0;
};
