// SPDX-License-Identifier: Apache-2.0
// The person sensor of a board with a camera: faces on I2C at 0x62, presence on a pin, a word on
// the console when what is told changes.
//
// Core 0 runs the program, with core 1 it shares the network. A timer's interrupt every 5 ms is the
// outside's own clock (outside/person_outside.h). The profile is `people`, as everywhere; to tell
// more, build with -DPINHOLE_PERSON_PROFILE=compatible.
#include <pinhole_board.h>

#include <cstdint>
#include <optional>

#include "firmware/hal/stdio.h"
#include "firmware/hal/sync.h"
#include "firmware/hal/timer.h"
#include "firmware/hal/watchdog.h"
#include "firmware/outside/person_sensor_port.h"
#include "firmware/person/chip/chip_eye.h"
#include "firmware/person/chip/flash_fetcher.h"
#include "firmware/person/chip/second_core.h"
#include "firmware/person/inside/person_network.h"
#include "firmware/person/person_program.h"

namespace pinhole::firmware::person {

namespace {

constexpr std::uint32_t kPollUs = 5'000;
constexpr unsigned kAlarm = 0;
constexpr std::uint32_t kWatchdogMs = 8'000;

class ChipOutside final : public outside::Port,
                          public outside::Pin,
                          public outside::Clock,
                          public outside::Console {
 public:
  void Open() {
    port_.Open();
    pin_.Open();
  }
  void Publish(const facts::PersonFacts& facts) override { port_.Publish(facts); }
  std::optional<::pinhole::outside::i2c::HostCommand> TakeCommand() override {
    port_.Poll();
    return port_.TakeCommand();
  }
  void Put(bool high) override { pin_.Set(high); }
  std::uint64_t Micros() override { return time_us_64(); }
  // At most 32 characters: the UART takes them at once.
  void Tell(const facts::PersonFacts& facts) override {
    if (facts.reading == 0) {
      puts("no reading");
    } else if (facts.present == 0) {
      puts("nobody");
    } else {
      printf("somebody, %d face%s\n", facts.count, facts.count == 1 ? "" : "s");
    }
  }

 private:
  firmware::outside::PersonSensorPort port_;
  firmware::outside::PresencePin pin_;
};

// The timer's callback has no other way to what it calls.
outside::PersonOutside* g_outside = nullptr;

void OnTimer(unsigned alarm) {
  while (hardware_alarm_set_target(alarm, time_us_64() + kPollUs)) {
  }
  g_outside->Poll();
}

[[noreturn]] void Run() {
  static ChipEye seeing;
  static ChipOutside chip;
  inside::PersonEye& eye = seeing.Open(inside::PersonNetwork());
  inside::SetSecondCore(&StartSecondCore());
  inside::SetFetcher(&StartFlashFetcher());
  chip.Open();
  static outside::PersonOutside outside({.profile = facts::PersonProfile::PINHOLE_PERSON_PROFILE},
                                        chip, chip, chip, chip);
  g_outside = &outside;
  hardware_alarm_set_callback(kAlarm, OnTimer);
  hardware_alarm_set_target(kAlarm, time_us_64() + kPollUs);
  watchdog_enable(kWatchdogMs, true);
  puts("person sensor: looking");
  PersonProgram program(eye, outside);
  for (;;) {
    watchdog_update();
    if (!program.Step()) {
      __wfi();
    }
  }
}

}  // namespace

}  // namespace pinhole::firmware::person

int main() {
  stdio_init_all();
  pinhole::firmware::person::Run();
}
