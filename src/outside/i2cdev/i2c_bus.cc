// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/i2c_bus.h"

#include <cerrno>

namespace pinhole::outside::i2cdev {

using i2c::HostCommand;
using i2c::PersonSensorTarget;

void I2cBus::Publish(const facts::PersonFacts& facts) {
  const std::scoped_lock lock(mutex_);
  if (continuous_ || single_shot_) {
    single_shot_ = false;
    target_.Publish(facts);
  }
}

int I2cBus::Transfer(std::span<const I2cMessage> messages) {
  const std::scoped_lock lock(mutex_);
  int result = 0;
  for (const I2cMessage& message : messages) {
    if (message.address != i2c::kPersonSensorAddress) {
      result = -ENXIO;
      break;
    }
    target_.Start(message.read ? PersonSensorTarget::Direction::kRead
                               : PersonSensorTarget::Direction::kWrite);
    for (std::uint8_t& byte : message.bytes) {
      if (message.read) {
        byte = target_.ByteWanted();
      } else {
        target_.ByteWritten(byte);
      }
    }
  }
  target_.Stop();
  CarryOutCommands();
  return result;
}

CommandCounts I2cBus::command_counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

std::uint16_t I2cBus::refused_writes() const {
  const std::scoped_lock lock(mutex_);
  return target_.refused_writes();
}

void I2cBus::CarryOutCommands() {
  while (const auto command = target_.TakeCommand()) {
    ++counts_[static_cast<std::size_t>(command->kind)];
    if (command->kind == HostCommand::Kind::kMode) {
      continuous_ = command->value != 0;
    } else if (command->kind == HostCommand::Kind::kSingleShot) {
      single_shot_ = true;
    }
  }
}

}  // namespace pinhole::outside::i2cdev
