// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sizes that come from outside are multiplied and added here, where an overflow is an answer and
// not an accident.

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>

namespace pinhole::base {

template <std::unsigned_integral U>
constexpr std::optional<U> CheckedMul(U a, U b) {
  if (b != 0 && a > std::numeric_limits<U>::max() / b) {
    return std::nullopt;
  }
  return static_cast<U>(a * b);
}

template <std::unsigned_integral U>
constexpr std::optional<U> CheckedAdd(U a, U b) {
  if (a > std::numeric_limits<U>::max() - b) {
    return std::nullopt;
  }
  return static_cast<U>(a + b);
}

// `value` rounded up to a multiple of `alignment`, a power of two; nullopt where that does not fit.
constexpr std::optional<std::size_t> CheckedAlign(std::size_t value, std::size_t alignment) {
  const std::optional<std::size_t> raised = CheckedAdd(value, alignment - 1);
  if (!raised) {
    return std::nullopt;
  }
  return *raised & ~(alignment - 1);
}

// True where [offset, offset + length) lies inside a buffer of `size`; never overflows.
constexpr bool InBounds(std::size_t offset, std::size_t length, std::size_t size) {
  return offset <= size && length <= size - offset;
}

}  // namespace pinhole::base
