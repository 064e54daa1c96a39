// SPDX-License-Identifier: Apache-2.0
// A hostile inside: any bytes in any pieces, ticks between them. What leaves is canonical and of
// the profile; nothing leaves a closed door.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "facts/person_codec.h"
#include "outside/door/door.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  if (size == 0) {
    return 0;
  }
  const auto profile = static_cast<facts::PersonProfile>(data[0] % facts::kPersonProfiles.size());
  outside::door::Door door(profile);
  auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  while (!bytes.empty()) {
    // One byte says what comes: a tick after so many bytes, or after one record.
    const auto order = std::to_integer<std::size_t>(bytes[0]);
    bytes = bytes.subspan(1);
    const std::size_t wanted = order >= 128 ? facts::kPersonFactsBytes : order;
    const std::size_t piece = std::min(wanted, bytes.size());
    if (door.Take(bytes.first(piece)).has_value() == door.closed()) {
      std::abort();
    }
    bytes = bytes.subspan(piece);
    const facts::PersonFacts out = door.Tick();
    if (!facts::IsCanonical(out) || facts::Reduce(out, profile) != out ||
        (door.closed() && out != facts::PersonFacts{})) {
      std::abort();
    }
    if (order % 2 != 0 && door.closed()) {
      door.Reopen();
    }
  }
  return 0;
}
