// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Person Sensor on the board's outlet bus, I2C address 0x62, and its presence pin.
//
//   PersonSensorPort port;
//   port.Open();
//   port.Publish(facts);                       // after every look
//   while (auto command = port.TakeCommand()) { ... }
//   port.Poll();                               // a few times a second
//   PresencePin pin;
//   pin.Open();
//   pin.Set(present);
//
// Bytes of the bus are served in the block's interrupt, in about two microseconds each; the other
// functions hold it off while they touch what it uses. The bus's pins and the presence pin come
// from the board's manifest. One of each a program; they live as long as it does.

#include <optional>

#include "facts/person_facts.h"
#include "firmware/hal/i2c_target.h"
#include "outside/i2c/person_sensor_target.h"

namespace pinhole::firmware::outside {

class PersonSensorPort final : private hal::I2cTargetListener {
 public:
  PersonSensorPort();
  PersonSensorPort(const PersonSensorPort&) = delete;
  PersonSensorPort& operator=(const PersonSensorPort&) = delete;

  // Answers from now on, nobody there until the first Publish.
  void Open();
  // `facts` is canonical (facts/person_codec.h).
  void Publish(const facts::PersonFacts& facts);
  // The oldest command of the host that was not taken yet.
  std::optional<pinhole::outside::i2c::HostCommand> TakeCommand();
  // Gives up a transfer whose controller is gone.
  void Poll();

  // Transfers that were given up; stays with the program, for tests and reports.
  [[nodiscard]] std::uint32_t given_up() const { return block_.given_up(); }

 private:
  void OnStart(Direction direction) override;
  void OnByteWritten(std::uint8_t byte) override { target_.ByteWritten(byte); }
  std::uint8_t OnByteWanted() override { return target_.ByteWanted(); }
  void OnByteNotSent() override { target_.ByteNotSent(); }
  void OnStop() override { target_.Stop(); }

  pinhole::outside::i2c::PersonSensorTarget target_;
  hal::I2cTargetBlock block_;
};

class PresencePin {
 public:
  // An output, low.
  void Open();
  void Set(bool high);
};

}  // namespace pinhole::firmware::outside
