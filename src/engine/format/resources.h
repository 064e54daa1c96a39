// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: the model's variables (VAR_HANDLE), found by container and name across all
// graphs while they are read. The entries lie in scratch memory that the caller provides.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "engine/format/reading.h"

namespace pinhole::engine::format {

class ResourceTable {
 public:
  // More variables than this are refused, which keeps the search short for hostile files.
  static constexpr std::size_t kMaxResources = 256;

  struct Entry {
    std::string_view container, name;
    std::uint32_t bytes = 0;  // 0 until it is read or assigned
  };

  explicit ResourceTable(std::span<Entry> room) : room_(room) {}

  // The index of the variable, which is added where it is new. Error: kTooLarge.
  base::Result<std::int16_t> FindOrAdd(Reading& reading, std::string_view container,
                                       std::string_view name);
  // A value of `bytes` is read from or assigned to it. Error: kMalformed where another use says
  // another size.
  base::Status NoteValue(Reading& reading, std::int16_t resource, std::uint32_t bytes);

  [[nodiscard]] std::span<const Entry> entries() const { return room_.first(count_); }

 private:
  std::span<Entry> room_;
  std::size_t count_ = 0;
};

}  // namespace pinhole::engine::format
