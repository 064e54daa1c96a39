// SPDX-License-Identifier: Apache-2.0
// Arbitrary events on the bus: commands stay within the guide's table, and afterwards a host reads
// the newest packet. Two bytes an event: what, and its byte.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "outside/i2c/person_sensor_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;                // NOLINT(google-build-using-namespace): its own program
  using namespace pinhole::outside::i2c;  // NOLINT(google-build-using-namespace)
  PersonSensorTarget target;
  facts::PersonFacts facts;
  const auto require = [](bool holds) {
    if (!holds) {
      std::abort();
    }
  };
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    const std::uint8_t byte = data[i + 1];
    switch (data[i] % 8) {
      case 0: target.Start(PersonSensorTarget::Direction::kWrite); break;
      case 1: target.Start(PersonSensorTarget::Direction::kRead); break;
      case 2: target.Stop(); break;
      case 3: target.ByteWanted(); break;
      case 4: target.ByteNotSent(); break;
      case 5:
        facts.reading = facts.present = facts.count = 1;
        facts.faces[0] = {200, byte, byte, byte, byte, 0, 0, 1};
        target.Publish(facts);
        break;
      case 6:
        if (const auto command = target.TakeCommand()) {
          const auto kind = static_cast<unsigned>(command->kind);
          require(kind >= 1 && kind <= 7);
          require(command->value <= (kind == 4 ? 7 : kind == 3 || kind == 6 ? 0 : 1));
        }
        break;
      default: target.ByteWritten(byte);
    }
  }
  target.Stop();
  std::array<std::byte, facts::kPersonSensorPacketBytes> packet{};
  facts::EncodePersonSensorPacket(facts, packet);
  target.Start(PersonSensorTarget::Direction::kRead);
  for (const std::byte byte : packet) {
    require(std::byte{target.ByteWanted()} == byte);
  }
  target.Stop();
  int waiting = 0;
  while (target.TakeCommand()) {
    ++waiting;
  }
  require(waiting <= 7);
  return 0;
}
