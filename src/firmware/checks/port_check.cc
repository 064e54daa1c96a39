// SPDX-License-Identifier: Apache-2.0
// The Person Sensor's port by itself: publishes a new record every 5 ms, says every command it
// takes. Every other record has a face, whose left edge is the record's number, up to 200.
#include <cstdint>

#include "facts/person_facts.h"
#include "firmware/hal/stdio.h"
#include "firmware/hal/timer.h"
#include "firmware/outside/person_sensor_port.h"

int main() {
  namespace outside = pinhole::firmware::outside;
  stdio_init_all();
  static outside::PersonSensorPort port;
  static outside::PresencePin pin;
  port.Open();
  pin.Open();
  printf("open\n");
  std::uint32_t gone = 0;
  for (std::uint32_t number = 0;; ++number) {
    pinhole::facts::PersonFacts facts{};
    facts.reading = 1;
    facts.present = number % 2;
    facts.count = facts.present;
    if (facts.present != 0) {
      const auto left = static_cast<std::uint8_t>(number % 200);
      facts.faces[0] = {.confidence = 255,
                        .left = left,
                        .top = 1,
                        .right = static_cast<std::uint8_t>(left + 10),
                        .bottom = 12};
    }
    port.Publish(facts);
    pin.Set(facts.present != 0);
    while (const auto command = port.TakeCommand()) {
      printf("command %u %u\n", static_cast<unsigned>(command->kind),
             static_cast<unsigned>(command->value));
    }
    port.Poll();
    if (port.given_up() != gone) {
      gone = port.given_up();
      printf("given up %u\n", static_cast<unsigned>(gone));
    }
    sleep_ms(5);
  }
}
