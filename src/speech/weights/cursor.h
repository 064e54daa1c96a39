// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parts of a file that are there, and a place in it that only moves forward.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/little_endian.h"

namespace pinhole::speech {

// `count` bytes from `begin` on; nullopt where they aren't all there. Both may be any number, on
// 32-bit processors too.
inline std::optional<std::span<const std::byte>> Part(std::span<const std::byte> bytes,
                                                      std::uint64_t begin, std::uint64_t count) {
  if (begin > bytes.size() || count > bytes.size() - begin) {
    return std::nullopt;
  }
  return bytes.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
}

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : left_(bytes) {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }
  [[nodiscard]] std::span<const std::byte> left() const { return left_; }

  // nullopt where the file ends before; then nothing moved.
  std::optional<std::span<const std::byte>> Bytes(std::uint64_t count) {
    if (count > left_.size()) {
      return std::nullopt;
    }
    const auto taken = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::optional<std::string_view> Text(std::uint64_t count) {
    const auto bytes = Bytes(count);
    if (!bytes) {
      return std::nullopt;
    }
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
  template <std::integral Integer>
  std::optional<Integer> Read() {
    const auto bytes = Bytes(sizeof(Integer));
    if (!bytes) {
      return std::nullopt;
    }
    return base::LoadLe<Integer>(bytes->data());
  }

 private:
  std::span<const std::byte> left_;
};

}  // namespace pinhole::speech
