// SPDX-License-Identifier: Apache-2.0
#include "outside/i2c/person_sensor_target.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

#include "base/heap_count.h"

namespace pinhole::outside::i2c {
namespace {

using facts::kPersonSensorPacketBytes;
using facts::PersonFacts;
using Direction = PersonSensorTarget::Direction;
using Kind = HostCommand::Kind;
using Bytes = std::vector<std::uint8_t>;

// One face whose bytes, and so the packet, tell which of 256 records it is.
PersonFacts Somebody(std::uint8_t which) {
  PersonFacts facts;
  facts.reading = facts.present = 1;
  facts.count = 4;
  facts.faces.fill({255, which, which, which, which, 0, 0, 1});
  return facts;
}

Bytes Packet(const PersonFacts& facts) {
  std::array<std::byte, kPersonSensorPacketBytes> packet;
  EncodePersonSensorPacket(facts, packet);
  Bytes bytes;
  for (const std::byte byte : packet) {
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return bytes;
}

// A host: what its calls look like on the bus. `stop` false: the next call is a repeated start.
struct Host {
  PersonSensorTarget target;

  void Write(const Bytes& bytes, bool stop = true) {
    target.Start(Direction::kWrite);
    for (const std::uint8_t byte : bytes) {
      target.ByteWritten(byte);
    }
    if (stop) {
      target.Stop();
    }
  }
  Bytes Read(std::size_t count, bool stop = true) {
    target.Start(Direction::kRead);
    Bytes bytes;
    while (bytes.size() < count) {
      bytes.push_back(target.ByteWanted());
    }
    if (stop) {
      target.Stop();
    }
    return bytes;
  }
  std::vector<HostCommand> Commands() {
    std::vector<HostCommand> commands;
    while (const auto command = target.TakeCommand()) {
      commands.push_back(*command);
    }
    return commands;
  }
};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

using Commands = std::vector<HostCommand>;

// Clients, each as its source has it (docs/decisions/0004-person-sensor-i2c.md).

TEST(PersonSensorTarget, ClientThatReads39Bytes) {
  Host host;
  EXPECT_EQ(host.Read(39), Packet(PersonFacts{}));
  host.target.Publish(Somebody(1));
  EXPECT_EQ(host.Read(39), Packet(Somebody(1)));
  EXPECT_EQ(host.Read(39), Packet(Somebody(1)));
}

TEST(PersonSensorTarget, ClientWhoseStructIs40Bytes) {
  Host host;
  host.target.Publish(Somebody(2));
  EXPECT_EQ(host.Read(40), Packet(Somebody(2)) + Bytes{0});
  EXPECT_EQ(host.Read(1000), Packet(Somebody(2)) + Bytes(961, 0));
  EXPECT_EQ(host.Read(39), Packet(Somebody(2)));
}

TEST(PersonSensorTarget, ArduinoThatReads32Then7AfterARepeatedStart) {
  Host host;
  for (const std::uint8_t which : {3, 4, 5}) {
    host.target.Publish(Somebody(which));
    const Bytes first = host.Read(32, /*stop=*/false);
    host.target.Publish(Somebody(99));
    EXPECT_EQ(first + host.Read(7), Packet(Somebody(which)));
  }
  host.target.Publish(Somebody(6));
  Bytes read = host.Read(32, false);
  EXPECT_EQ(read + host.Read(8), Packet(Somebody(6)) + Bytes{0});
  read = host.Read(16, false);
  read = read + host.Read(16, false);
  EXPECT_EQ(read + host.Read(7), Packet(Somebody(6)));
}

TEST(PersonSensorTarget, ClientThatReadsTheFirst32BytesOnly) {
  Host host;
  for (const std::uint8_t which : {7, 8, 9}) {
    host.target.Publish(Somebody(which));
    Bytes expected = Packet(Somebody(which));
    expected.resize(32);
    EXPECT_EQ(host.Read(32), expected);
  }
}

TEST(PersonSensorTarget, ClientThatNeverStops) {
  Host host;
  for (const std::uint8_t which : {10, 11, 12}) {
    host.target.Publish(Somebody(which));
    EXPECT_EQ(host.Read(39, /*stop=*/false), Packet(Somebody(which)));
  }
}

TEST(PersonSensorTarget, EspHomeWritesTheAddressAsARegisterAndReads) {
  for (const bool stop : {false, true}) {
    Host host;
    host.target.Publish(Somebody(13));
    host.Write({0x62}, stop);
    EXPECT_EQ(host.Read(39), Packet(Somebody(13)));
    EXPECT_EQ(host.Commands(), Commands{});
    EXPECT_EQ(host.target.refused_writes(), 0);
  }
}

TEST(PersonSensorTarget, BlockReadFromAnyRegisterGetsThePacketAndSetsNothing) {
  Host host;
  host.target.Publish(Somebody(14));
  host.Write({1, 0});
  host.Commands();
  for (int reg = 0; reg < 256; ++reg) {
    host.Write({static_cast<std::uint8_t>(reg)}, /*stop=*/false);
    EXPECT_EQ(host.Read(39), Packet(Somebody(14))) << reg;
  }
  EXPECT_EQ(host.Commands(), Commands{});
  EXPECT_EQ(host.target.refused_writes(), 0);
}

TEST(PersonSensorTarget, ReadAfterAWriteInOneTransactionBeginsAnew) {
  Host host;
  host.target.Publish(Somebody(15));
  host.Read(5, false);
  host.Write({1, 0}, false);
  EXPECT_EQ(host.Read(39), Packet(Somebody(15)));
  EXPECT_EQ(host.Commands(), (Commands{{Kind::kMode, 0}}));
}

TEST(PersonSensorTarget, CircuitPythonThatSends16BitValuesHighByteFirst) {
  Host host;
  host.Write({1, 0, 0});
  host.Write({2, 0, 1});
  host.Write({4, 0, 7});
  EXPECT_EQ(host.Commands(),
            (Commands{{Kind::kMode, 0}, {Kind::kEnableId, 1}, {Kind::kLabelNextId, 7}}));
  host.Write({4, 0, 8});
  EXPECT_EQ(host.Commands(), Commands{});
  EXPECT_EQ(host.target.refused_writes(), 1);
}

TEST(PersonSensorTarget, LinuxThatSendsAnSmbusWordLowByteFirst) {
  Host host;
  host.Write({2, 1, 0});
  host.Write({1, 0, 0});
  EXPECT_EQ(host.Commands(), (Commands{{Kind::kEnableId, 1}, {Kind::kMode, 0}}));
}

TEST(PersonSensorTarget, SingleShotAsValue0AndErasingAsValue0) {
  Host host;
  host.Write({1, 0});
  host.Write({3, 0});
  host.Write({6, 0});
  EXPECT_EQ(host.Commands(),
            (Commands{{Kind::kMode, 0}, {Kind::kSingleShot, 0}, {Kind::kEraseIds, 0}}));
  host.Write({3, 255});
  host.Write({6, 1});
  EXPECT_EQ(host.Commands(), (Commands{{Kind::kSingleShot, 0}, {Kind::kEraseIds, 0}}));
}

TEST(PersonSensorTarget, SingleShotAsALoneByte) {
  Host host;
  host.Write({1, 0});
  host.Write({3});
  EXPECT_EQ(host.Commands(), (Commands{{Kind::kMode, 0}, {Kind::kSingleShot, 0}}));
}

TEST(PersonSensorTarget, SingleShotOnlyInStandby) {
  Host host;
  host.Write({3, 1});
  host.Write({3});
  host.Write({1, 0});
  host.Write({1, 1});
  host.Write({3, 1});
  EXPECT_EQ(host.Commands(), (Commands{{Kind::kMode, 1}}));
  EXPECT_EQ(host.target.refused_writes(), 0);
}

TEST(PersonSensorTarget, ParticleThatSendsThreePairsInOneWrite) {
  Host host;
  host.Write({1, 1, 2, 1, 5, 1});
  EXPECT_EQ(host.Commands(),
            (Commands{{Kind::kMode, 1}, {Kind::kEnableId, 1}, {Kind::kPersistIds, 1}}));
}

TEST(PersonSensorTarget, ScanForDevicesDoesNothing) {
  Host host;
  host.target.Publish(Somebody(16));
  host.Write({});
  EXPECT_EQ(host.Read(1), Bytes{0});
  EXPECT_EQ(host.Read(39), Packet(Somebody(16)));
  EXPECT_EQ(host.Commands(), Commands{});
}

// A controller that fetches a byte ahead, which the host then does not clock out.
TEST(PersonSensorTarget, BytesFetchedAheadAreNotLost) {
  Host host;
  host.target.Publish(Somebody(17));
  Bytes first = host.Read(33, false);
  host.target.ByteNotSent();
  first.pop_back();
  EXPECT_EQ(first + host.Read(7), Packet(Somebody(17)));
  // Also at the end: what was read whole stays read.
  host.Read(40, false);
  host.target.ByteNotSent();
  EXPECT_EQ(host.Read(39), Packet(Somebody(17)));
}

// Laws.

TEST(PersonSensorTarget, EveryRegisterTakesItsRangeAndNothingElse) {
  const std::array<int, 8> largest{-1, 1, 1, 255, 7, 1, 255, 1};
  for (int reg = 0; reg < 256; ++reg) {
    for (int value = 0; value < 256; ++value) {
      Host host;
      host.Write({1, 0});
      host.Commands();
      host.Write({static_cast<std::uint8_t>(reg), static_cast<std::uint8_t>(value)});
      const bool taken = reg < 8 && value <= largest[static_cast<std::size_t>(reg)];
      const auto command = host.target.TakeCommand();
      ASSERT_EQ(command.has_value(), taken) << reg << ' ' << value;
      ASSERT_EQ(host.target.refused_writes(), taken ? 0 : 1) << reg << ' ' << value;
      if (taken) {
        ASSERT_EQ(static_cast<int>(command->kind), reg);
        ASSERT_EQ(command->value, reg == 3 || reg == 6 ? 0 : value);
      }
    }
  }
}

// New facts between any two bytes: what is read is one of the packets, never parts of two.
TEST(PersonSensorTarget, NoReadIsTorn) {
  for (std::size_t split = 1; split <= 39; ++split) {  // a repeated start after so many bytes
    for (std::size_t publish = 0; publish <= 39; ++publish) {
      Host host;
      host.target.Publish(Somebody(20));
      host.target.Start(Direction::kRead);
      Bytes read;
      for (std::size_t i = 0; i < 39; ++i) {
        if (i == publish) {
          host.target.Publish(Somebody(21));
        }
        if (i == split) {
          host.target.Start(Direction::kRead);
        }
        read.push_back(host.target.ByteWanted());
      }
      host.target.Stop();
      ASSERT_EQ(read, Packet(Somebody(20))) << split << ' ' << publish;
      if (publish < 39) {
        ASSERT_EQ(host.Read(39), Packet(Somebody(21)));
      }
    }
  }
}

TEST(PersonSensorTarget, OfEachKindTheNewestCommandWaitsInItsPlace) {
  Host host;
  host.Write({4, 1});
  host.Write({6, 1});
  host.Write({7, 0});
  host.Write({4, 2});  // labelled after erasing: the label stays
  EXPECT_EQ(host.Commands(),
            (Commands{{Kind::kEraseIds, 0}, {Kind::kLed, 0}, {Kind::kLabelNextId, 2}}));
  for (int i = 0; i < 1000; ++i) {
    host.Write({1, 0, 2, 1, 3, 0, 4, 5, 5, 0, 6, 0, 7, 1});
  }
  EXPECT_EQ(host.Commands().size(), 7U);
}

TEST(PersonSensorTarget, WritesThatAreTooLongAreRefusedWhole) {
  Host host;
  host.Write(Bytes{1, 0} + Bytes{2, 1} + Bytes(10, 1) + Bytes{7});
  host.Write(Bytes(1000, 1));
  EXPECT_EQ(host.Commands(), Commands{});
  EXPECT_EQ(host.target.refused_writes(), 2);
}

TEST(PersonSensorTarget, TheCounterStays) {
  Host host;
  for (int i = 0; i < 70000; ++i) {
    host.Write({99, 1});
  }
  EXPECT_EQ(host.target.refused_writes(), 65535);
}

TEST(PersonSensorTarget, AnswersCorrectlyAfterTenThousandMalformedWrites) {
  std::mt19937 random(1);
  Host host;
  for (int i = 0; i < 10000; ++i) {
    const auto which = static_cast<std::uint8_t>(random());
    for (unsigned events = random() % 24; events > 0; --events) {
      switch (random() % 8) {
        case 0: host.target.Start(Direction::kWrite); break;
        case 1: host.target.Start(Direction::kRead); break;
        case 2: host.target.Stop(); break;
        case 3: host.target.ByteWanted(); break;
        case 4: host.target.ByteNotSent(); break;
        default: host.target.ByteWritten(static_cast<std::uint8_t>(random() % 12));
      }
    }
    host.target.Publish(Somebody(which));
    host.target.Stop();
    ASSERT_EQ(host.Read(39), Packet(Somebody(which))) << i;
    host.Commands();
    host.Write({4, static_cast<std::uint8_t>(which % 8)});
    ASSERT_EQ(host.Commands(),
              (Commands{{Kind::kLabelNextId, static_cast<std::uint8_t>(which % 8)}}));
  }
  EXPECT_GT(host.target.refused_writes(), 0);
}

TEST(PersonSensorTarget, TakesNoHeap) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const PersonFacts facts = Somebody(1);
  const long before = base::heap_calls;
  PersonSensorTarget target;
  target.Publish(facts);
  for (int i = 0; i < 100; ++i) {
    target.Start(Direction::kWrite);
    target.ByteWritten(1);
    target.ByteWritten(0);
    target.Start(Direction::kRead);
    target.ByteWanted();
    target.Stop();
    target.TakeCommand();
  }
  EXPECT_EQ(base::heap_calls, before);
}

}  // namespace
}  // namespace pinhole::outside::i2c
