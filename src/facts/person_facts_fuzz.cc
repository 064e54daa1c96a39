// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes at the door: what is taken is canonical and encodes to the same bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "facts/person_codec.h"
#include "facts/person_sensor_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole::facts;  // NOLINT(google-build-using-namespace): a program of its own
  const std::span bytes = std::as_bytes(std::span(data, size));
  const auto facts = DecodePerson(bytes);
  if (!facts) {
    return 0;
  }
  std::array<std::byte, kPersonFactsBytes> again{};
  if (!EncodePerson(*facts, again) || !std::equal(again.begin(), again.end(), bytes.begin())) {
    std::abort();
  }
  std::array<std::byte, kPersonSensorPacketBytes> packet{};
  EncodePersonSensorPacket(*facts, packet);
  return 0;
}
