// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an audit and the process that plays the inside for it agree on: the beat, the message, and
// how an attempt's answer comes back.
//
// The answer of an attempt that was not killed comes as one record of the facts pipe's size, since
// that is all that can be written: "attempt", then the result and errno, little-endian.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace pinhole::wall {

inline constexpr std::uint32_t kLastBeat = 0xFFFFFFFFU;

// Bit `index` of the message that `seed` stands for.
constexpr bool MessageBit(std::uint32_t seed, std::uint32_t index) {
  std::uint32_t x = seed * 0x9E3779B9U + index * 0x85EBCA6BU + 1;
  x ^= x >> 16;
  x *= 0x7FEB352DU;
  x ^= x >> 15;
  x *= 0x846CA68BU;
  x ^= x >> 16;
  return (x & 1) != 0;
}

struct AttemptAnswer {
  std::int64_t result = 0;
  std::int64_t error = 0;  // errno where result is below 0
};

inline constexpr std::array<char, 8> kAnswerMark = {'a', 't', 't', 'e', 'm', 'p', 't', '!'};

// `record` is at least 24 bytes; what lies beyond is zero.
inline void EncodeAnswer(const AttemptAnswer& answer, std::span<std::byte> record) {
  std::memset(record.data(), 0, record.size());
  std::memcpy(record.data(), kAnswerMark.data(), kAnswerMark.size());
  for (std::size_t i = 0; i < 8; ++i) {
    record[8 + i] = static_cast<std::byte>(static_cast<std::uint64_t>(answer.result) >> (8 * i));
    record[16 + i] = static_cast<std::byte>(static_cast<std::uint64_t>(answer.error) >> (8 * i));
  }
}

inline std::optional<AttemptAnswer> DecodeAnswer(std::span<const std::byte> record) {
  if (record.size() < 24 ||
      std::memcmp(record.data(), kAnswerMark.data(), kAnswerMark.size()) != 0) {
    return std::nullopt;
  }
  std::uint64_t result = 0;
  std::uint64_t error = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    result |= std::to_integer<std::uint64_t>(record[8 + i]) << (8 * i);
    error |= std::to_integer<std::uint64_t>(record[16 + i]) << (8 * i);
  }
  return AttemptAnswer{static_cast<std::int64_t>(result), static_cast<std::int64_t>(error)};
}

}  // namespace pinhole::wall
