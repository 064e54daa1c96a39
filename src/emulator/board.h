// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands around a chip: an I2C memory, and two chips on one I2C bus.
//
// I2cMemory: 256 bytes behind an address, as small sensors and EEPROMs have them: the first byte
// written sets where, the next ones are stored, reads go on from there.
// I2cPair: two chips whose I2C blocks share a bus, in turns of a few microseconds, so that one sees
// what the other did at most that late. Blocks stretch the clock until the other's program answers.
// All objects are the caller's; nothing is allocated.

#include <array>
#include <cstdint>

#include "emulator/i2c.h"
#include "emulator/rp2040.h"

namespace pinhole::emulator {

class I2cMemory final : public I2cTarget {
 public:
  explicit I2cMemory(std::uint8_t address) : address_(address) {}
  [[nodiscard]] std::array<std::uint8_t, 256>& bytes() { return bytes_; }

  I2cReply OnStart(std::uint8_t address, bool read) override {
    if (address != address_) {
      return I2cReply::kNack;
    }
    pointer_comes_ = !read;
    return I2cReply::kAck;
  }
  I2cReply OnWrite(std::uint8_t byte) override {
    if (pointer_comes_) {
      pointer_ = byte;
      pointer_comes_ = false;
    } else {
      bytes_[pointer_++] = byte;
    }
    return I2cReply::kAck;
  }
  I2cReply OnRead(std::uint8_t& byte) override {
    byte = bytes_[pointer_++];
    return I2cReply::kAck;
  }
  void OnStop() override {}

 private:
  std::uint8_t address_;
  std::uint8_t pointer_ = 0;
  bool pointer_comes_ = false;
  std::array<std::uint8_t, 256> bytes_{};
};

class I2cPair {
 public:
  static constexpr std::uint64_t kTurnMicros = 5;

  // Joins block `of_first` of one chip and `of_second` of the other.
  I2cPair(Rp2040& first, unsigned of_first, Rp2040& second, unsigned of_second)
      : first_(&first), second_(&second) {
    bus_.Attach(&first.i2c(of_first));
    bus_.Attach(&second.i2c(of_second));
    first.i2c(of_first).set_bus(&bus_);
    second.i2c(of_second).set_bus(&bus_);
  }
  [[nodiscard]] I2cBus& bus() { return bus_; }

  // Both chips up to `micros` since their start; stops where either does.
  StopReason RunUntilMicros(std::uint64_t micros) {
    while (now_ < micros) {
      now_ = micros - now_ < kTurnMicros ? micros : now_ + kTurnMicros;
      for (Rp2040* const chip : {first_, second_}) {
        if (const StopReason reason = chip->RunUntilMicros(now_); reason != StopReason::kNone) {
          return reason;
        }
      }
    }
    return StopReason::kNone;
  }

 private:
  I2cBus bus_;
  Rp2040* first_;
  Rp2040* second_;
  std::uint64_t now_ = 0;
};

}  // namespace pinhole::emulator
