// SPDX-License-Identifier: Apache-2.0
#pragma once

// An I2C bus on which one device answers: the Person Sensor at 0x62.
//
//   I2cBus bus;
//   bus.Publish(facts);                                  // at every tick, from one thread
//   bus.Transfer(messages);                              // from any thread: a host's transaction
//
// A transaction is what one master does from a start to a stop: its messages follow each other with
// repeated starts, and no other transaction comes between. So what one call asks for in parts (32
// bytes and 7) is one packet. What a program does in two calls is two transactions, as on a wire,
// and the second begins the packet anew.
//
// Here the host's commands are carried out, as the guide has them: in standby the packet stays as
// it is, a single shot lets the next record in, continuous lets in all that follow. Those that this
// sensor has nothing for (identities, LED) are taken and counted, for the owner to be told.
//
// Every function takes the lock for as long as it computes and no longer: nothing here waits for a
// program or the kernel.

#include <array>
#include <cstdint>
#include <mutex>
#include <span>

#include "facts/person_facts.h"
#include "outside/i2c/person_sensor_target.h"

namespace pinhole::outside::i2cdev {

struct I2cMessage {
  std::uint16_t address = 0;  // of 7 bits
  bool read = false;
  std::span<std::uint8_t> bytes;  // to send, or to fill; may be empty
};

// How often each command came, by i2c::HostCommand::Kind.
using CommandCounts = std::array<std::uint64_t, 8>;

class I2cBus {
 public:
  // `facts` is canonical (facts/person_codec.h).
  void Publish(const facts::PersonFacts& facts);

  // 0; or -ENXIO at the first message whose address nobody acknowledges: the messages before it
  // have then been carried out, and those behind it never reach the bus.
  [[nodiscard]] int Transfer(std::span<const I2cMessage> messages);

  [[nodiscard]] CommandCounts command_counts() const;
  [[nodiscard]] std::uint16_t refused_writes() const;

 private:
  void CarryOutCommands();

  mutable std::mutex mutex_;
  i2c::PersonSensorTarget target_;
  bool continuous_ = true;
  bool single_shot_ = false;  // one is asked for
  CommandCounts counts_{};
};

}  // namespace pinhole::outside::i2cdev
