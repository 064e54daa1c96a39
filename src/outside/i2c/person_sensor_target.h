// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Person Sensor's side of an I2C bus: events of the bus go in, bytes of the packet and commands
// of the host come out. No pins, no clock, no heap: a microcontroller's interrupt and Linux drive
// the same class.
//
//   reads    The 39 bytes of facts/person_sensor_packet.h, 0 from the 40th on. Each read that
//            begins at byte 0 takes the newest packet and keeps it: Publish changes the next packet
//            read, never this one. After a repeated start a read goes on where it was, so that 32
//            and then 7 bytes make one packet; after a stop, a write, or a packet read to its end
//            it begins anew. Register bytes written before do not matter.
//   writes   `register, value`, also several such pairs in one write; see HostCommand. Carried out
//            when the write ends (stop or repeated start). Three bytes are a register and a 16-bit
//            value, high byte first; with a high byte that is not 0, the third byte is ignored. A
//            byte that has no partner does nothing, except that register 3 alone, with a stop
//            behind it, is a single shot.
//   refused  Unknown registers, values out of range, and writes of more than 14 bytes (these as a
//            whole) do nothing but count. All bytes are acknowledged.
//
// A driver calls Start for every address byte with 0x62 in it, whether a start or a repeated one,
// and Stop also when it sees a bus error, a time-out or a reset of the bus. Not for two threads at
// once: what calls Publish and TakeCommand holds off the interrupt (or the lock) that the bus
// events come from.
//
// Why it is so, client by client: docs/decisions/0004-person-sensor-i2c.md.
// Source: usefulsensors/person_sensor_docs, "Configuration" and "Data Format".

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "facts/person_facts.h"
#include "facts/person_sensor_packet.h"

namespace pinhole::outside::i2c {

inline constexpr std::uint8_t kPersonSensorAddress = 0x62;  // of 7 bits

// What a host asks for. The caller starts as the sensor does: continuous, no identities, keeping
// them when asked to, LED on.
struct HostCommand {
  enum class Kind : std::uint8_t {  // the register's number
    kMode = 1,                      // value 0: standby, 1: continuous
    kEnableId = 2,                  // 0 or 1
    kSingleShot = 3,   // take one picture now, in whatever mode; only sent in standby; value 0
    kLabelNextId = 4,  // the next face that can be recognised is person 0 to 7
    kPersistIds = 5,   // 0 or 1
    kEraseIds = 6,     // value 0
    kLed = 7,          // 0 or 1
  };
  Kind kind = Kind::kMode;
  std::uint8_t value = 0;

  friend bool operator==(const HostCommand&, const HostCommand&) = default;
};

class PersonSensorTarget {
 public:
  enum class Direction : std::uint8_t { kWrite, kRead };  // as the host sees it

  // Until the first Publish, a read finds nobody.
  PersonSensorTarget() { Publish(facts::PersonFacts{}); }

  // `facts` is canonical (facts/person_codec.h). Allowed at any time, also in the middle of a read.
  void Publish(const facts::PersonFacts& facts) { EncodePersonSensorPacket(facts, newest_); }

  void Start(Direction direction);
  void ByteWritten(std::uint8_t byte);
  // The byte to send; 0 outside a read.
  std::uint8_t ByteWanted();
  // The last byte wanted was not sent: for controllers that fetch a byte ahead. Before the event
  // that follows.
  void ByteNotSent();
  void Stop();

  // The oldest command not yet taken. At most one of a kind waits: a newer one takes its place at
  // the end, so nothing is lost that still matters, however many a host writes.
  std::optional<HostCommand> TakeCommand();

  // Stays at 65535.
  [[nodiscard]] std::uint16_t refused_writes() const { return refused_; }

 private:
  enum class Phase : std::uint8_t { kIdle, kWriting, kReading };
  static constexpr std::size_t kKinds = 7;
  static constexpr std::size_t kLongestWrite = 2 * kKinds;  // each register once

  void EndWrite(bool stopped);
  void Set(std::uint8_t reg, std::uint8_t value);
  void Enqueue(HostCommand command);
  void Refuse();

  std::array<std::byte, facts::kPersonSensorPacketBytes> newest_{};
  std::array<std::byte, facts::kPersonSensorPacketBytes> reading_{};
  std::uint16_t position_ = 0;  // in reading_, and beyond its end
  Phase phase_ = Phase::kIdle;
  bool standby_ = false;
  std::uint8_t written_count_ = 0;  // kLongestWrite + 1: too many
  std::uint8_t command_count_ = 0;
  std::array<std::uint8_t, kLongestWrite> written_{};
  std::array<HostCommand, kKinds> commands_{};
  std::uint16_t refused_ = 0;
};

}  // namespace pinhole::outside::i2c
