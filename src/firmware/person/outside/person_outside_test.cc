// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/outside/person_outside.h"

#include <gtest/gtest.h>

#include <vector>

#include "facts/person_sensor_packet.h"

namespace pinhole::firmware::person::outside {
namespace {

using facts::PersonFacts;
using facts::PersonProfile;
using Packet = std::array<std::byte, facts::kPersonSensorPacketBytes>;
using Direction = i2c::PersonSensorTarget::Direction;

// Somebody, with one face of this confidence.
PersonFacts Somebody(std::uint8_t confidence) {
  PersonFacts facts;
  facts.reading = facts.present = facts.count = 1;
  facts.faces[0] = {.confidence = confidence, .left = 10, .top = 20, .right = 110, .bottom = 130};
  return facts;
}

PersonFacts Nobody() {
  PersonFacts facts;
  facts.reading = 1;
  return facts;
}

Packet PacketOf(const PersonFacts& facts, PersonProfile profile) {
  Packet packet;
  facts::EncodePersonSensorPacket(facts::Reduce(facts, profile), packet);
  return packet;
}

// Everything around the outside, and a host on the bus.
class World final : public Port, public Pin, public Clock, public Console {
 public:
  explicit World(PersonProfile profile = PersonProfile::kCompatible)
      : outside_({.profile = profile}, *this, *this, *this, *this),
        tick_us_(facts::Declaration(profile).tick_us()) {}

  void Publish(const PersonFacts& facts) override { target_.Publish(facts); }
  std::optional<i2c::HostCommand> TakeCommand() override { return target_.TakeCommand(); }
  void Put(bool high) override { high_ = high; }
  std::uint64_t Micros() override { return now_; }
  void Tell(const PersonFacts& facts) override { told_.push_back(facts); }

  void HostWrites(std::uint8_t reg, std::uint8_t value) {
    target_.Start(Direction::kWrite);
    target_.ByteWritten(reg);
    target_.ByteWritten(value);
    target_.Stop();
  }
  Packet HostReads() {
    Packet packet;
    target_.Start(Direction::kRead);
    for (std::byte& byte : packet) {
      byte = std::byte{target_.ByteWanted()};
    }
    target_.Stop();
    return packet;
  }
  void Tick() {
    now_ += tick_us_;
    outside_.Poll();
  }
  void TellAndTick(const PersonFacts& facts) {
    outside_.Deliver(facts, outside_.wish());
    Tick();
  }

  PersonOutside& outside() { return outside_; }
  [[nodiscard]] bool high() const { return high_; }
  [[nodiscard]] const std::vector<PersonFacts>& told() const { return told_; }
  void Wait(std::uint64_t micros) { now_ += micros; }

 private:
  i2c::PersonSensorTarget target_;
  std::vector<PersonFacts> told_;
  std::uint64_t now_ = 5000;
  bool high_ = true;
  PersonOutside outside_;
  std::uint64_t tick_us_;
};

TEST(PersonOutside, TellsTheNewestAtATickAndNothingBefore) {
  World world;
  EXPECT_FALSE(world.high()) << "the pin has a level from the start";
  world.outside().Deliver(Somebody(100), Wish::kContinuous);
  world.outside().Deliver(Somebody(200), Wish::kContinuous);
  world.outside().Poll();
  EXPECT_EQ(world.HostReads(), PacketOf(PersonFacts{}, PersonProfile::kCompatible));
  EXPECT_FALSE(world.high());
  world.Tick();
  EXPECT_EQ(world.HostReads(), PacketOf(Somebody(200), PersonProfile::kCompatible));
  EXPECT_TRUE(world.high());
  world.TellAndTick(Nobody());
  EXPECT_EQ(world.HostReads(), PacketOf(Nobody(), PersonProfile::kCompatible));
  EXPECT_FALSE(world.high());
}

TEST(PersonOutside, ReducesToItsProfile) {
  for (const PersonProfile profile :
       {PersonProfile::kPresence, PersonProfile::kPeople, PersonProfile::kCompatible}) {
    World world(profile);
    world.TellAndTick(Somebody(77));
    EXPECT_EQ(world.HostReads(), PacketOf(Somebody(77), profile));
    EXPECT_TRUE(world.high());
    ASSERT_EQ(world.told().size(), 1U);
    EXPECT_EQ(world.told()[0], facts::Reduce(Somebody(77), profile));
  }
}

TEST(PersonOutside, AnInsideThatIsSilentIsNoReading) {
  World world;
  world.TellAndTick(Somebody(100));
  world.Tick();
  EXPECT_TRUE(world.high()) << "one tick without news is nothing";
  world.Tick();
  EXPECT_FALSE(world.high());
  EXPECT_EQ(world.HostReads(), PacketOf(PersonFacts{}, PersonProfile::kCompatible));
}

TEST(PersonOutside, AnInsideThatWritesNoRecordIsCutOff) {
  World world;
  PersonFacts idle_bits = Somebody(100);
  idle_bits.faces[3].left = 1;
  world.TellAndTick(idle_bits);
  EXPECT_FALSE(world.high());
  world.TellAndTick(Somebody(100));
  EXPECT_FALSE(world.high()) << "for good";
  EXPECT_EQ(world.HostReads(), PacketOf(PersonFacts{}, PersonProfile::kCompatible));
}

TEST(PersonOutside, StandbyKeepsWhatWasTold) {
  World world;
  world.TellAndTick(Somebody(100));
  world.HostWrites(1, 0);
  world.outside().Deliver(Nobody(), Wish::kContinuous);  // was under way
  for (int tick = 0; tick < 5; ++tick) {
    world.Tick();
    EXPECT_EQ(world.outside().wish(), Wish::kStandby);
    EXPECT_TRUE(world.high());
    EXPECT_EQ(world.HostReads(), PacketOf(Somebody(100), PersonProfile::kCompatible));
  }
  world.HostWrites(1, 1);
  world.Tick();
  EXPECT_EQ(world.outside().wish(), Wish::kContinuous);
  world.TellAndTick(Nobody());
  EXPECT_FALSE(world.high());
}

TEST(PersonOutside, ASingleShotIsWishedOnceAndTold) {
  World world;
  world.HostWrites(3, 0);
  world.outside().Poll();
  EXPECT_EQ(world.outside().wish(), Wish::kContinuous) << "for standby only";
  world.HostWrites(1, 0);
  world.HostWrites(3, 0);
  world.outside().Poll();
  EXPECT_EQ(world.outside().wish(), Wish::kSingleShot);
  world.outside().Deliver(Somebody(100), Wish::kSingleShot);
  EXPECT_EQ(world.outside().wish(), Wish::kStandby) << "not twice, also before it is received";
  world.Tick();
  EXPECT_EQ(world.outside().wish(), Wish::kStandby);
  for (int tick = 0; tick < 5; ++tick) {
    EXPECT_EQ(world.HostReads(), PacketOf(Somebody(100), PersonProfile::kCompatible));
    EXPECT_TRUE(world.high());
    world.Tick();
  }
}

TEST(PersonOutside, TicksNoFasterThanTheProfileHoweverOftenItIsPolled) {
  World world(PersonProfile::kPeople);
  const std::uint64_t tick = facts::Declaration(PersonProfile::kPeople).tick_us();
  std::size_t changes = 0;
  Packet last = world.HostReads();
  for (std::uint64_t at = 0; at < 10 * tick; at += tick / 50) {
    world.outside().Deliver(at / (tick / 50) % 2 == 0 ? Somebody(100) : Nobody(),
                            Wish::kContinuous);
    world.Wait(tick / 50);
    world.outside().Poll();
    const Packet now = world.HostReads();
    changes += now != last ? 1U : 0U;
    last = now;
  }
  EXPECT_LE(changes, 10U);
  EXPECT_LE(world.told().size(), 10U);
}

TEST(PersonOutside, TicksThatWereMissedAreNotMadeUpFor) {
  World world;
  world.Wait(1'000'000'000);
  world.TellAndTick(Somebody(100));
  EXPECT_TRUE(world.high());
  world.outside().Poll();
  world.outside().Poll();
  world.outside().Poll();
  EXPECT_TRUE(world.high()) << "three ticks at once would have made it stale";
}

TEST(PersonOutside, CommandsThatAreNotHereChangeNothing) {
  World world;
  world.TellAndTick(Somebody(100));
  for (const std::uint8_t reg : {2, 4, 5, 6, 7, 8, 0, 255}) {
    world.HostWrites(reg, 1);
    world.outside().Poll();
    EXPECT_EQ(world.outside().wish(), Wish::kContinuous) << int{reg};
  }
  EXPECT_EQ(world.HostReads(), PacketOf(Somebody(100), PersonProfile::kCompatible));
}

}  // namespace
}  // namespace pinhole::firmware::person::outside
