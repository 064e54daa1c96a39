// SPDX-License-Identifier: Apache-2.0
// The Person Sensor's port against a controller that does everything wrong: checks/port_check.cc
// publishes records while this test drives the bus.
//
// Laws: what is read is the beginning of a packet that was published, whole, and goes on where a
// repeated start left it; commands are those that the same events give the protocol's class on a
// PC; the bus never waits long; after anything the next transfer is well.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "facts/person_sensor_packet.h"
#include "firmware/emulated/machine_for_tests.h"
#include "outside/i2c/person_sensor_target.h"

namespace pinhole::firmware::emulated {
namespace {

using emulator::I2cReply;
using outside::i2c::HostCommand;
using outside::i2c::PersonSensorTarget;

constexpr std::uint8_t kAddress = outside::i2c::kPersonSensorAddress;
using Packet = std::array<std::byte, facts::kPersonSensorPacketBytes>;

Packet PacketOf(std::optional<std::uint8_t> left) {
  facts::PersonFacts facts{};
  facts.reading = 1;
  if (left) {
    facts.present = facts.count = 1;
    facts.faces[0] = {.confidence = 255,
                      .left = *left,
                      .top = 1,
                      .right = static_cast<std::uint8_t>(*left + 10),
                      .bottom = 12};
  }
  Packet packet;
  facts::EncodePersonSensorPacket(facts, packet);
  return packet;
}

const std::vector<Packet>& AllPackets() {
  static const std::vector<Packet> packets = [] {
    std::vector<Packet> made = {PacketOf(std::nullopt)};
    for (unsigned left = 1; left < 200; left += 2) {
      made.push_back(PacketOf(static_cast<std::uint8_t>(left)));
    }
    return made;
  }();
  return packets;
}

// Beyond the packet everything is 0.
bool BeginsAPacket(const std::vector<std::uint8_t>& read) {
  return std::ranges::any_of(AllPackets(), [&](const Packet& packet) {
    for (std::size_t i = 0; i < read.size(); ++i) {
      const auto wanted = i < packet.size() ? std::to_integer<std::uint8_t>(packet[i]) : 0;
      if (read[i] != wanted) {
        return false;
      }
    }
    return true;
  });
}

// A controller at 400 kHz, the protocol's class beside it as the truth about commands.
class Controller {
 public:
  static constexpr std::uint64_t kByteMicros = 23;

  explicit Controller(Machine& machine) : machine_(machine) {
    EXPECT_TRUE(bus_.Attach(&machine.chip().i2c(1)));
    EXPECT_TRUE(machine.RunUntilSaid("open\n", 100'000));
  }

  bool Start(std::uint8_t address, bool read) {
    machine_.RunForMicros(kByteMicros);
    const bool there = bus_.Start(address, read) == I2cReply::kAck;
    EXPECT_EQ(there, address == kAddress);
    if (!there) {
      // Whoever was addressed before has seen a repeated start for somebody else.
      return false;
    }
    // An address for a write behind which nothing comes but a repeated start leaves no trace in the
    // chip's block: it is as if it had not been.
    write_begins_ = !read;
    if (read) {
      truth_.Start(PersonSensorTarget::Direction::kRead);
      if (!goes_on_) {
        read_.clear();
      }
    }
    return true;
  }

  void Write(std::uint8_t byte) {
    machine_.RunForMicros(kByteMicros);
    EXPECT_EQ(Offer([&] { return bus_.Write(byte); }), I2cReply::kAck);
    goes_on_ = false;
    if (write_begins_) {
      write_begins_ = false;
      truth_.Start(PersonSensorTarget::Direction::kWrite);
      TakeCommands();
    }
    truth_.ByteWritten(byte);
  }

  void Read() {
    machine_.RunForMicros(kByteMicros);
    std::uint8_t byte = 0;
    EXPECT_EQ(Offer([&] { return bus_.Read(byte); }), I2cReply::kAck);
    read_.push_back(byte);
    static_cast<void>(truth_.ByteWanted());
    // Those of a write that this read's start ended.
    TakeCommands();
    // After the packet's end a read begins anew.
    goes_on_ = read_.size() < facts::kPersonSensorPacketBytes;
  }

  void Stop() {
    machine_.RunForMicros(kByteMicros);
    bus_.Stop();
    truth_.Stop();
    goes_on_ = false;
    TakeCommands();
  }

  void TakeCommands() {
    while (const auto command = truth_.TakeCommand()) {
      expected_.push_back("command " + std::to_string(static_cast<int>(command->kind)) + " " +
                          std::to_string(command->value) + "\n");
      if (!machine_.RunUntilSaid(expected_.back(), 60'000)) {
        ADD_FAILURE() << "not carried out: " << expected_.back();
        return;
      }
    }
  }

  [[nodiscard]] const std::vector<std::uint8_t>& read() const { return read_; }
  [[nodiscard]] std::uint64_t longest_wait() const { return longest_wait_; }
  [[nodiscard]] std::size_t commands() const { return expected_.size(); }

 private:
  template <typename Offered>
  I2cReply Offer(const Offered& offered) {
    constexpr std::uint64_t kLimit = 1000;
    std::uint64_t waited = 0;
    I2cReply reply = offered();
    while (reply == I2cReply::kWait && waited < kLimit) {
      machine_.RunForMicros(1);
      ++waited;
      reply = offered();
    }
    longest_wait_ = std::max(longest_wait_, waited);
    return reply;
  }

  Machine& machine_;
  emulator::I2cBus bus_;
  PersonSensorTarget truth_;
  std::vector<std::uint8_t> read_;
  bool goes_on_ = false;
  bool write_begins_ = false;
  std::uint64_t longest_wait_ = 0;
  std::vector<std::string> expected_;
};

std::size_t Count(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

void ReadAPacket(Controller& controller) {
  ASSERT_TRUE(controller.Start(kAddress, true));
  for (std::size_t i = 0; i < facts::kPersonSensorPacketBytes; ++i) {
    controller.Read();
  }
  controller.Stop();
  ASSERT_TRUE(BeginsAPacket(controller.read()));
}

TEST(PersonSensorPort, AReadIsAWholePacketAlsoInTwoParts) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  Controller controller(*machine);
  for (int i = 0; i < 20; ++i) {
    ReadAPacket(controller);
    // As clients do that can read 32 bytes at most; a new record comes in between.
    ASSERT_TRUE(controller.Start(kAddress, true));
    for (int n = 0; n < 32; ++n) {
      controller.Read();
    }
    machine->RunForMicros(7000);
    ASSERT_TRUE(controller.Start(kAddress, true));
    for (int n = 0; n < 7; ++n) {
      controller.Read();
    }
    controller.Stop();
    ASSERT_EQ(controller.read().size(), 39u);
    ASSERT_TRUE(BeginsAPacket(controller.read()));
  }
  EXPECT_LT(controller.longest_wait(), 50u) << "microseconds that the bus waited for a byte";
}

TEST(PersonSensorPort, ThePinSaysWhetherSomebodyIsThere) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  machine->RunForMicros(100'000);
  std::vector<PinChange> changes;
  for (const PinChange& change : machine->pin_changes()) {
    if (change.pin == 20) {
      changes.push_back(change);
    }
  }
  ASSERT_GE(changes.size(), 15u);
  for (std::size_t i = 1; i < changes.size(); ++i) {
    EXPECT_NE(changes[i].high, changes[i - 1].high);
  }
}

TEST(PersonSensorPort, EveryWriteCutAtEveryByte) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  Controller controller(*machine);
  const std::array<std::uint8_t, 18> bytes = {1, 0, 2, 1, 3, 1, 4, 7, 5, 1, 6, 1, 7, 0, 1, 1, 2, 0};
  enum class End { kStop, kRead, kWrite };
  for (const End end : {End::kStop, End::kRead, End::kWrite}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      ASSERT_TRUE(controller.Start(kAddress, false));
      for (std::size_t i = 0; i < cut; ++i) {
        controller.Write(bytes[i]);
      }
      if (end == End::kRead) {
        ASSERT_TRUE(controller.Start(kAddress, true));
        controller.Read();
      } else if (end == End::kWrite) {
        ASSERT_TRUE(controller.Start(kAddress, false));
        controller.Write(7);
        controller.Write(1);
      }
      controller.Stop();
      ReadAPacket(controller);
    }
  }
  machine->RunForMicros(50'000);
  EXPECT_EQ(Count(machine->console(), "command "), controller.commands()) << machine->console();
  EXPECT_GT(controller.commands(), 60u);
}

TEST(PersonSensorPort, TenThousandRandomTransfers) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  Controller controller(*machine);
  std::mt19937 random(2040);
  const auto pick = [&](unsigned most) { return static_cast<unsigned>(random() % (most + 1)); };
  for (int transfer = 0; transfer < 10'000; ++transfer) {
    const bool read = pick(2) != 0;
    if (pick(19) == 0) {
      controller.Start(static_cast<std::uint8_t>(kAddress ^ (1 + pick(100))), read);
      controller.Stop();
      continue;
    }
    ASSERT_TRUE(controller.Start(kAddress, read));
    if (read) {
      for (unsigned i = 1 + pick(45); i > 0; --i) {
        controller.Read();
      }
      ASSERT_TRUE(BeginsAPacket(controller.read())) << "transfer " << transfer;
    } else {
      for (unsigned i = pick(16); i > 0; --i) {
        // Mostly what means something.
        controller.Write(static_cast<std::uint8_t>(pick(3) != 0 ? pick(8) : pick(255)));
      }
    }
    if (pick(3) != 0) {
      controller.Stop();
    }
    if (testing::Test::HasFailure()) {
      FAIL() << "transfer " << transfer;
    }
  }
  controller.Stop();
  machine->RunForMicros(50'000);
  EXPECT_EQ(Count(machine->console(), "command "), controller.commands());
  EXPECT_GT(controller.commands(), 1000u);
  EXPECT_EQ(machine->console().find("given up"), std::string::npos);
  ReadAPacket(controller);
}

TEST(PersonSensorPort, AControllerThatVanishesIsGivenUp) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  Controller controller(*machine);
  for (const bool read : {true, false}) {
    for (int bytes = 0; bytes < 4; ++bytes) {
      ASSERT_TRUE(controller.Start(kAddress, read));
      for (int i = 0; i < bytes; ++i) {
        read ? controller.Read() : controller.Write(1);
      }
      ASSERT_TRUE(machine->RunUntilSaid("given up ", 300'000)) << machine->console();
      controller.Stop();
      ReadAPacket(controller);
    }
  }
}

// The controller is reset in the middle of a byte that the program has given already, and begins
// again: the byte was not sent, and the packet is read whole.
TEST(PersonSensorPort, AByteThatWasNotSentIsNotLost) {
  PINHOLE_LOAD_FIRMWARE(machine, "pico", "port_check.elf");
  emulator::I2cBus bus;
  ASSERT_TRUE(bus.Attach(&machine->chip().i2c(1)));
  ASSERT_TRUE(machine->RunUntilSaid("open\n", 100'000));
  ASSERT_EQ(bus.Start(kAddress, true), I2cReply::kAck);
  std::uint8_t byte = 0;
  ASSERT_EQ(bus.Read(byte), I2cReply::kWait);  // asked; the program answers
  machine->RunForMicros(50);
  ASSERT_EQ(bus.Start(kAddress, true), I2cReply::kAck);
  std::vector<std::uint8_t> read;
  for (std::size_t i = 0; i < facts::kPersonSensorPacketBytes; ++i) {
    while (bus.Read(byte) == I2cReply::kWait) {
      machine->RunForMicros(1);
    }
    read.push_back(byte);
  }
  bus.Stop();
  EXPECT_TRUE(BeginsAPacket(read));
}

}  // namespace
}  // namespace pinhole::firmware::emulated
