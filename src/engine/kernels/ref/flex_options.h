// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: options of a custom operator, as bytes.
//
//   const FlexOptions options({{"fft_length", 512}, {"T", 7}});
//   OpHarness op(OpKind::kSignalRfft, options.attribute());   // options must outlive op

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/little_endian.h"
#include "engine/tensor/op.h"

namespace pinhole::engine::kernels::ref {

class FlexOptions {
 public:
  // A FlexBuffer map from names to integers, everything four bytes wide.
  explicit FlexOptions(const std::map<std::string, std::int32_t>& values) {
    std::vector<std::size_t> keys;
    for (const auto& [key, value] : values) {
      keys.push_back(bytes_.size());
      for (const char c : key) {
        bytes_.push_back(static_cast<std::byte>(c));
      }
      bytes_.push_back(std::byte{0});
    }
    const auto count = static_cast<std::uint32_t>(values.size());
    Put(count);
    const std::size_t key_vector = bytes_.size();
    for (const std::size_t key : keys) {
      Put(static_cast<std::uint32_t>(bytes_.size() - key));
    }
    Put(static_cast<std::uint32_t>(bytes_.size() - key_vector));
    Put(4);  // width of the key vector
    Put(count);
    const std::size_t map = bytes_.size();
    for (const auto& [key, value] : values) {
      Put(static_cast<std::uint32_t>(value));
    }
    constexpr int kInt = 1, kMap = 9, kFourBytes = 2;
    bytes_.insert(bytes_.end(), count, std::byte{kInt << 2 | kFourBytes});
    Put(static_cast<std::uint32_t>(bytes_.size() - map));
    bytes_.push_back(std::byte{kMap << 2 | kFourBytes});
    bytes_.push_back(std::byte{4});
  }

  [[nodiscard]] CustomOptions attribute() const {
    return {bytes_.data(), static_cast<std::uint32_t>(bytes_.size())};
  }

 private:
  void Put(std::uint32_t value) {
    bytes_.resize(bytes_.size() + 4);
    base::StoreLe(value, bytes_.data() + bytes_.size() - 4);
  }

  std::vector<std::byte> bytes_;
};

}  // namespace pinhole::engine::kernels::ref
