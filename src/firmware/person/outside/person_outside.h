// SPDX-License-Identifier: Apache-2.0
#pragma once

// The outside of a person sensor on a microcontroller: PersonFacts in, the Person Sensor's packet,
// a pin and a line on the console out; the host's commands back, as one byte of what is wished.
//
//   the inside, in the main loop        here, in interrupts of our own
//   Deliver(facts)  ──► mailbox ──►     Poll(): commands; at each tick of the profile the newest
//   wish()          ◄── one byte ◄──            record, reduced (outside/door) → Port, Pin, Console
//
// As on Linux the outside has a clock of its own: how long the inside took, and when it was done,
// changes nothing that the world sees but which record is the newest at a tick. Poll is to be
// called by a timer every few milliseconds, from an interrupt that the I2C driver's does not
// interrupt and is not interrupted by; Deliver and wish are for the main loop, which both
// interrupt. Nothing waits, nothing is allocated.
//
// Modes, as the Person Sensor's guide has them: continuous (the beginning), standby, and in standby
// single shots. In standby nobody looks, so nothing is told: packet and pin stay as the last record
// left them, until a single shot's record or the first one after standby.

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "facts/person_facts.h"
#include "facts/person_profile.h"
#include "outside/door/door.h"
#include "outside/i2c/person_sensor_target.h"
#include "outside/pin/pin_logic.h"

namespace pinhole::firmware::person::outside {

namespace door = ::pinhole::outside::door;
namespace i2c = ::pinhole::outside::i2c;
namespace pin = ::pinhole::outside::pin;

// Device seams. Whoever makes one destroys it, by its own type.
class Port {  // a PersonSensorTarget, wherever its bus is
 public:
  virtual void Publish(const facts::PersonFacts& facts) = 0;
  virtual std::optional<i2c::HostCommand> TakeCommand() = 0;

 protected:
  ~Port() = default;
};
class Pin {
 public:
  virtual void Put(bool high) = 0;

 protected:
  ~Pin() = default;
};
class Clock {
 public:
  // Since any moment; never goes back.
  virtual std::uint64_t Micros() = 0;

 protected:
  ~Clock() = default;
};
class Console {
 public:
  // One record that differs from the one told before. Must not wait.
  virtual void Tell(const facts::PersonFacts& facts) = 0;

 protected:
  ~Console() = default;
};

enum class Wish : std::uint8_t { kContinuous, kStandby, kSingleShot };

struct OutsideSettings {
  facts::PersonProfile profile = facts::kDefaultProfile;
  pin::PinLogic::Settings pin = {};
};

class PersonOutside {
 public:
  // The seams are the caller's and outlive this. The first tick comes one tick from now.
  PersonOutside(const OutsideSettings& settings, Port& port, Pin& pin, Clock& clock,
                Console& console);

  // --- for the main loop ---
  // The newest counts. What was made for another wish than the one that stands is dropped.
  void Deliver(const facts::PersonFacts& facts, Wish made_for);
  // A single shot is wished until its record is delivered.
  [[nodiscard]] Wish wish() const;

  // --- for the timer's interrupt ---
  void Poll();

 private:
  void CarryOutCommands();
  void Receive();
  void Tick(std::uint64_t now);

  Port& port_;
  Pin& pin_;
  Clock& clock_;
  Console& console_;
  door::Door door_;
  pin::PinLogic logic_;
  std::uint64_t tick_us_;
  std::uint64_t next_tick_;
  facts::PersonFacts told_;
  bool standby_ = false;
  bool has_news_ = false;  // a record came since the last tick

  std::atomic<Wish> wish_ = Wish::kContinuous;
  // The mailbox: the main loop writes the slot that is not the newest, then counts on. An interrupt
  // runs to its end before the loop goes on, so it never sees a slot half written.
  struct Letter {
    facts::PersonFacts facts;
    Wish made_for = Wish::kContinuous;
  };
  std::array<Letter, 2> slots_{};
  std::atomic<std::uint32_t> delivered_ = 0;
  std::atomic<std::uint32_t> received_ = 0;
};

}  // namespace pinhole::firmware::person::outside
