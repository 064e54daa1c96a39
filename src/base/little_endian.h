// SPDX-License-Identifier: Apache-2.0
#pragma once

// Little-endian integers and floats read from and written to bytes, one byte at a time: right on
// every processor, at every alignment. The caller has checked that the bytes are there.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pinhole::base {

template <std::integral Integer>
constexpr Integer LoadLe(const std::byte* from) {
  using Unsigned = std::make_unsigned_t<Integer>;
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = static_cast<Unsigned>(value |
                                  static_cast<Unsigned>(static_cast<Unsigned>(from[i]) << (8 * i)));
  }
  return static_cast<Integer>(value);
}

template <std::integral Integer>
constexpr void StoreLe(Integer value, std::byte* to) {
  using Unsigned = std::make_unsigned_t<Integer>;
  const auto bits = static_cast<Unsigned>(value);
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    to[i] = static_cast<std::byte>(bits >> (8 * i));
  }
}

constexpr float LoadLeFloat(const std::byte* from) {
  return std::bit_cast<float>(LoadLe<std::uint32_t>(from));
}
constexpr void StoreLeFloat(float value, std::byte* to) {
  StoreLe(std::bit_cast<std::uint32_t>(value), to);
}

}  // namespace pinhole::base
