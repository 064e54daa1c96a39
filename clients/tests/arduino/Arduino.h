// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: as much of Arduino's core as the library and its example use, with what they did
// in plain sight.

#include <stdint.h>

#ifdef __arm__
struct Printer {
  void begin(long) {}
  template <typename T>
  void print(T) {}
  template <typename T>
  void println(T) {}
};
#else
#include <sstream>
struct Printer {
  std::ostringstream text;
  void begin(long) {}
  template <typename T>
  void print(T value) {
    text << value;
  }
  template <typename T>
  void println(T value) {
    text << value << "\n";
  }
};
#endif

constexpr uint8_t LOW = 0, HIGH = 1, OUTPUT = 1, LED_BUILTIN = 13;

inline Printer Serial;
inline uint8_t fake_led = LOW;
inline void pinMode(uint8_t, uint8_t) {}
inline void digitalWrite(uint8_t pin, uint8_t level) {
  fake_led = pin == LED_BUILTIN ? level : fake_led;
}
inline void delay(unsigned long) {}
