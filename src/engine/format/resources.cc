// SPDX-License-Identifier: Apache-2.0
#include "engine/format/resources.h"

namespace pinhole::engine::format {

using base::Error;

base::Result<std::int16_t> ResourceTable::FindOrAdd(Reading& reading, std::string_view container,
                                                    std::string_view name) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (room_[i].name == name && room_[i].container == container) {
      return static_cast<std::int16_t>(i);
    }
  }
  if (count_ == room_.size()) {
    return reading.Fail(Error::kTooLarge, "more than ", kMaxResources, " variables");
  }
  room_[count_] = {container, name, 0};
  return static_cast<std::int16_t>(count_++);
}

base::Status ResourceTable::NoteValue(Reading& reading, std::int16_t resource,
                                      std::uint32_t bytes) {
  Entry& entry = room_[static_cast<std::size_t>(resource)];
  if (entry.bytes != 0 && entry.bytes != bytes) {
    return reading.Fail(Error::kMalformed, "variable '", entry.name, "' holds ", bytes,
                        " bytes here and ", entry.bytes, " elsewhere");
  }
  entry.bytes = bytes;
  return {};
}

}  // namespace pinhole::engine::format
