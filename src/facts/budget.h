// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much can leave: bits a record, records a minute, bits a second, all computed at compile time
// from one declaration of the record's fields.
//
// A field is one byte with a range. What it can carry is the logarithm of the number of values in
// the range, rounded up to whole bits, whether the sensor means anything by it or not: a bound on
// what an inside that wants to tell more could tell. Rules between fields make the true figure
// smaller; they are not counted.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pinhole::facts {

struct FieldBits {
  std::string_view name;
  std::uint8_t low = 0, high = 0;  // both are allowed values

  [[nodiscard]] constexpr std::uint32_t bits() const {
    return static_cast<std::uint32_t>(std::bit_width(static_cast<unsigned>(high - low)));
  }
};

constexpr std::uint32_t BitsPerRecord(std::span<const FieldBits> fields) {
  std::uint32_t bits = 0;
  for (const FieldBits& field : fields) {
    bits += field.bits();
  }
  return bits;
}

// Rounded up.
constexpr std::uint32_t BitsPerSecond(std::span<const FieldBits> fields,
                                      std::uint32_t records_per_minute) {
  return (BitsPerRecord(fields) * records_per_minute + 59) / 60;
}

}  // namespace pinhole::facts
