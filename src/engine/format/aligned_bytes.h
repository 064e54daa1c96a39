// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: bytes at an address aligned to 16, in a block of exactly their size, so that
// AddressSanitizer sees a step too far.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace pinhole::engine::format {

class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size, int fill = 0xA5)
      : data_(static_cast<std::byte*>(::operator new(size == 0 ? 1 : size, kAlign))), size_(size) {
    std::memset(data_.get(), fill, size);
  }
  explicit AlignedBytes(std::span<const std::byte> from) : AlignedBytes(from.size()) {
    std::copy(from.begin(), from.end(), data_.get());
  }
  [[nodiscard]] std::span<std::byte> span() const { return {data_.get(), size_}; }

 private:
  static constexpr std::align_val_t kAlign{16};
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, kAlign); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_;
};

}  // namespace pinhole::engine::format
