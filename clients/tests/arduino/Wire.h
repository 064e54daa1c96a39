// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: Arduino's I2C with one device at 0x62, or none.

#include <stdint.h>

class TwoWire {
 public:
  void begin() {}
  uint8_t requestFrom(uint8_t address, uint8_t count) {
    next_ = 0;
    return address == 0x62 && is_there ? (count < sizeof bytes ? count : uint8_t(sizeof bytes)) : 0;
  }
  int read() { return next_ < sizeof bytes ? bytes[next_++] : -1; }
  void beginTransmission(uint8_t) { written_count = 0; }
  void write(uint8_t byte) {
    if (written_count < sizeof written) {
      written[written_count++] = byte;
    }
  }
  uint8_t endTransmission() { return is_there ? 0 : 2; }

  bool is_there = true;
  uint8_t bytes[39] = {};
  uint8_t written[8] = {};
  uint8_t written_count = 0;

 private:
  uint8_t next_ = 0;
};

inline TwoWire Wire;
