// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: records that differ in one number, and what a host reads of them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "facts/person_facts.h"
#include "facts/person_sensor_packet.h"

namespace pinhole::outside::i2cdev {

using Bytes = std::vector<std::uint8_t>;

inline facts::PersonFacts Somebody(std::uint8_t which) {
  facts::PersonFacts facts;
  facts.reading = facts.present = 1;
  facts.count = 4;
  facts.faces.fill({255, which, which, which, which, 0, 0, 1});
  return facts;
}

inline Bytes Packet(const facts::PersonFacts& facts) {
  std::array<std::byte, facts::kPersonSensorPacketBytes> packet;
  EncodePersonSensorPacket(facts, packet);
  Bytes bytes;
  for (const std::byte byte : packet) {
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return bytes;
}

}  // namespace pinhole::outside::i2cdev
