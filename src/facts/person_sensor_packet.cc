// SPDX-License-Identifier: Apache-2.0
#include "facts/person_sensor_packet.h"

#include <array>
#include <cstdint>

#include "base/little_endian.h"

namespace pinhole::facts {

namespace {

constexpr std::size_t kHeaderBytes = 4;
constexpr std::size_t kChecksumBytes = 2;
constexpr std::size_t kChecksumAt = kPersonSensorPacketBytes - kChecksumBytes;

// 0 to 255 becomes 0 to 100, rounded; what is not 0 does not become 0.
std::uint8_t Percent(std::uint8_t of_255) {
  const int percent = (of_255 * 100 + 127) / 255;
  return static_cast<std::uint8_t>(percent == 0 && of_255 != 0 ? 1 : percent);
}

// CRC-16/MCRF4XX: polynomial 0x1021 bit by bit from the lowest bit, from 0xFFFF, nothing added.
std::uint16_t Crc16(std::span<const std::byte> bytes) {
  constexpr unsigned kReflectedPolynomial = 0x8408;
  unsigned crc = 0xFFFF;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<unsigned>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? crc >> 1 ^ kReflectedPolynomial : crc >> 1;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

void EncodePersonSensorPacket(const PersonFacts& facts,
                              std::span<std::byte, kPersonSensorPacketBytes> out) {
  std::size_t at = 0;
  const auto put = [&](int value) { out[at++] = static_cast<std::byte>(value & 0xFF); };
  put(0);
  put(0);
  constexpr int kLength = kChecksumAt - kHeaderBytes;
  put(kLength);
  put(kLength >> 8);
  put(facts.count);
  for (const FaceFacts& face : facts.faces) {
    put(Percent(face.confidence));
    put(face.left);
    put(face.top);
    put(face.right);
    put(face.bottom);
    put(Percent(face.id_confidence));
    // A place without a face is all zero, as the sensor has it.
    put(face == FaceFacts{} ? 0 : face.id - 1);
    put(face.facing);
  }
  base::StoreLe(Crc16(out.first(kChecksumAt)), out.data() + kChecksumAt);
}

}  // namespace pinhole::facts
