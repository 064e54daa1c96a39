// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/i2c_bus.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "facts/person_sensor_packet.h"
#include "outside/i2cdev/packets_for_tests.h"

namespace pinhole::outside::i2cdev {
namespace {

using Kind = i2c::HostCommand::Kind;

Bytes Read(I2cBus& bus, std::size_t count = 39) {
  Bytes bytes(count);
  const std::array<I2cMessage, 1> message{{{0x62, true, bytes}}};
  EXPECT_EQ(bus.Transfer(message), 0);
  return bytes;
}

void Write(I2cBus& bus, Bytes bytes) {
  const std::array<I2cMessage, 1> message{{{0x62, false, bytes}}};
  EXPECT_EQ(bus.Transfer(message), 0);
}

std::uint64_t Count(const I2cBus& bus, Kind kind) {
  return bus.command_counts()[static_cast<std::size_t>(kind)];
}

TEST(I2cBus, GivesTheNewestPacket) {
  I2cBus bus;
  EXPECT_EQ(Read(bus), Packet({}));
  bus.Publish(Somebody(1));
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));
  bus.Publish({});
  EXPECT_EQ(Read(bus), Packet({}));
}

TEST(I2cBus, StandbyFreezesThePacketUntilContinuous) {
  I2cBus bus;
  bus.Publish(Somebody(1));
  Write(bus, {1, 0});
  bus.Publish(Somebody(2));
  bus.Publish(Somebody(3));
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));
  Write(bus, {1, 1});
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));  // there are no facts between two ticks
  bus.Publish(Somebody(4));
  EXPECT_EQ(Read(bus), Packet(Somebody(4)));
  EXPECT_EQ(Count(bus, Kind::kMode), 2U);
}

TEST(I2cBus, SingleShotLetsOneRecordIn) {
  I2cBus bus;
  bus.Publish(Somebody(1));
  Write(bus, {1, 0});
  Write(bus, {3, 0});
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));
  bus.Publish(Somebody(2));
  bus.Publish(Somebody(3));
  EXPECT_EQ(Read(bus), Packet(Somebody(2)));
  Write(bus, {3, 1});
  Write(bus, {3, 1});  // two before the next tick are one
  bus.Publish(Somebody(4));
  bus.Publish(Somebody(5));
  EXPECT_EQ(Read(bus), Packet(Somebody(4)));
  EXPECT_EQ(Count(bus, Kind::kSingleShot), 3U);
}

TEST(I2cBus, SingleShotWhileContinuousIsNotSavedForLater) {
  I2cBus bus;
  Write(bus, {3, 1});
  bus.Publish(Somebody(1));
  Write(bus, {1, 0});
  bus.Publish(Somebody(2));
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));
}

TEST(I2cBus, TheOtherCommandsAreTakenAndCounted) {
  I2cBus bus;
  bus.Publish(Somebody(1));
  Write(bus, {2, 1});
  Write(bus, {4, 7});
  Write(bus, {5, 0});
  Write(bus, {6, 0});
  Write(bus, {7, 0});
  Write(bus, {7, 1});
  Write(bus, {7, 2});  // out of range
  EXPECT_EQ(bus.command_counts(), (CommandCounts{0, 0, 1, 0, 1, 1, 1, 2}));
  EXPECT_EQ(bus.refused_writes(), 1);
  bus.Publish(Somebody(2));
  EXPECT_EQ(Read(bus), Packet(Somebody(2)));
}

TEST(I2cBus, PartsOfOneTransactionAreOnePacket) {
  I2cBus bus;
  bus.Publish(Somebody(9));
  Bytes first(32), second(7);
  const std::array<I2cMessage, 2> messages{{{0x62, true, first}, {0x62, true, second}}};
  ASSERT_EQ(bus.Transfer(messages), 0);
  first.insert(first.end(), second.begin(), second.end());
  EXPECT_EQ(first, Packet(Somebody(9)));
  // Two transactions are two reads from the beginning.
  first = Read(bus, 32);
  second = Read(bus, 7);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), first.begin()));
}

TEST(I2cBus, NobodyElseAcknowledges) {
  I2cBus bus;
  for (std::uint16_t address = 0; address < 0x400; ++address) {
    const std::array<I2cMessage, 1> message{{{address, false, {}}}};
    EXPECT_EQ(bus.Transfer(message), address == 0x62 ? 0 : -ENXIO) << address;
  }
}

TEST(I2cBus, AMessageNobodyAcknowledgesEndsTheTransaction) {
  I2cBus bus;
  bus.Publish(Somebody(1));
  Bytes standby{1, 0}, label{4, 3}, none(3);
  const std::array<I2cMessage, 3> messages{
      {{0x62, false, standby}, {0x50, true, none}, {0x62, false, label}}};
  EXPECT_EQ(bus.Transfer(messages), -ENXIO);
  EXPECT_EQ(Count(bus, Kind::kMode), 1U);
  EXPECT_EQ(Count(bus, Kind::kLabelNextId), 0U);
  EXPECT_EQ(Read(bus), Packet(Somebody(1)));
}

// Readers and the ticks, at once: no packet is torn (the sanitizer for threads watches this too).
TEST(I2cBus, ReadersNeverSeeHalfATick) {
  I2cBus bus;
  std::array<Bytes, 256> packets;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    packets[i] = Packet(Somebody(static_cast<std::uint8_t>(i)));
  }
  bus.Publish(Somebody(0));
  std::vector<std::thread> readers;
  std::atomic<int> torn{0}, read{0};
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      for (int i = 0; i < 3000; ++i) {
        Bytes first(32), second(7);
        const std::array<I2cMessage, 2> messages{{{0x62, true, first}, {0x62, true, second}}};
        if (bus.Transfer(messages) != 0) {
          ++torn;
        }
        first.insert(first.end(), second.begin(), second.end());
        torn += first == packets[first[6]] ? 0 : 1;
        ++read;
      }
    });
  }
  for (int i = 0; read < 9000; ++i) {
    bus.Publish(Somebody(static_cast<std::uint8_t>(i)));
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace pinhole::outside::i2cdev
