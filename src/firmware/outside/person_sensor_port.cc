// SPDX-License-Identifier: Apache-2.0
#include "firmware/outside/person_sensor_port.h"

#include <pinhole_board.h>

#include "firmware/hal/gpio.h"
#include "firmware/hal/timer.h"

namespace pinhole::firmware::outside {

using pinhole::outside::i2c::HostCommand;
using pinhole::outside::i2c::PersonSensorTarget;

PersonSensorPort::PersonSensorPort() : block_(&pinhole_i2cs[PINHOLE_BOARD_OUTLET_I2C], *this) {}

void PersonSensorPort::Open() {
  for (const unsigned pin : {PINHOLE_BOARD_OUTLET_SDA_PIN, PINHOLE_BOARD_OUTLET_SCL_PIN}) {
    gpio_set_function(pin, GPIO_FUNC_I2C);
    gpio_pull_up(pin);
  }
  block_.Open(pinhole::outside::i2c::kPersonSensorAddress);
}

void PersonSensorPort::Publish(const facts::PersonFacts& facts) {
  const hal::I2cTargetBlock::Quiet quiet(block_);
  target_.Publish(facts);
}

std::optional<HostCommand> PersonSensorPort::TakeCommand() {
  const hal::I2cTargetBlock::Quiet quiet(block_);
  return target_.TakeCommand();
}

void PersonSensorPort::Poll() { block_.Poll(time_us_32()); }

void PersonSensorPort::OnStart(Direction direction) {
  target_.Start(direction == Direction::kRead ? PersonSensorTarget::Direction::kRead
                                              : PersonSensorTarget::Direction::kWrite);
}

void PresencePin::Open() {
  gpio_init(PINHOLE_BOARD_PRESENCE_PIN);
  gpio_set_dir(PINHOLE_BOARD_PRESENCE_PIN, GPIO_OUT);
}

void PresencePin::Set(bool high) { gpio_put(PINHOLE_BOARD_PRESENCE_PIN, high); }

}  // namespace pinhole::firmware::outside
