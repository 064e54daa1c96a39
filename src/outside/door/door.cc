// SPDX-License-Identifier: Apache-2.0
#include "outside/door/door.h"

#include <algorithm>

#include "facts/person_codec.h"

namespace pinhole::outside::door {

base::Status Door::Take(std::span<const std::byte> bytes) {
  if (closed_) {
    return base::Unexpected(base::Error::kNotReady);
  }
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), facts::kPersonFactsBytes);
    const auto record = facts::DecodePerson(bytes.first(size));
    if (!record) {
      Reopen();  // forgets what came before
      closed_ = true;
      return base::Unexpected(record.error());
    }
    newest_ = facts::Reduce(*record, profile_);
    fresh_ = true;
    bytes = bytes.subspan(size);
  }
  return {};
}

facts::PersonFacts Door::Tick() {
  silent_ticks_ = fresh_ ? 0 : std::min(silent_ticks_ + 1, kStaleTicks);
  fresh_ = false;
  if (silent_ticks_ == kStaleTicks) {
    newest_ = facts::PersonFacts{};
  }
  return newest_;
}

}  // namespace pinhole::outside::door
