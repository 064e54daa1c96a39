// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the options of a custom operator: a FlexBuffer whose root is a map from names to numbers
// and vectors of integers. A FlexBuffer is read from its end: the last byte is the width of the
// root, the one before it the root's type, and every offset points backwards. Numbers are 1, 2, 4
// or 8 bytes wide, whatever fitted when it was written; here all come back as 64 bits.
//
//   PINHOLE_ASSIGN(const FlexMap options, FlexMap::Parse({custom.bytes, custom.size}));
//   PINHOLE_ASSIGN(const std::int64_t shift, options.Int("shift"));      // kNotFound if absent
//   PINHOLE_ASSIGN(const std::int64_t bits, options.IntOr("bits", 0));   // 0 if absent
//
// The bytes are hostile: Parse checks the map's frame (entry count, types, where keys and values
// lie), every read checks the one place it looks at. Nothing is copied; the bytes must outlive the
// map and the vectors taken from it. A look-up compares with at most kMaxEntries keys.
//
// Source: FlexBuffers' format description (FlatBuffers, "FlexBuffers internals").

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace pinhole::engine {

// A vector of integers inside a FlexBuffer. All elements have been checked to be there.
class FlexInts {
 public:
  FlexInts() = default;
  FlexInts(const std::byte* first, std::size_t size, std::uint8_t width, bool is_signed)
      : first_(first), size_(size), width_(width), is_signed_(is_signed) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  // i < size(). Unsigned values above INT64_MAX come back as INT64_MAX.
  [[nodiscard]] std::int64_t operator[](std::size_t i) const;

 private:
  const std::byte* first_ = nullptr;
  std::size_t size_ = 0;
  std::uint8_t width_ = 1;
  bool is_signed_ = true;
};

class FlexMap {
 public:
  static constexpr std::size_t kMaxEntries = 256;

  // Errors: kTruncated (shorter than any FlexBuffer), kWrongKind (the root is no map), kTooLarge
  // (more than kMaxEntries entries), kMalformed (an offset or a width leads out of the bytes).
  static base::Result<FlexMap> Parse(std::span<const std::byte> bytes);

  [[nodiscard]] std::size_t size() const { return size_; }
  // The name of entry i < size(); entries are sorted by name.
  [[nodiscard]] std::string_view key(std::size_t i) const;
  [[nodiscard]] bool Has(std::string_view key) const { return Find(key) < size_; }

  // The value called `key`. Errors: kNotFound; kWrongKind (not a number of this sort: a float is
  // no Int, a vector is no Float); kMalformed (it leads out of the bytes); kTooLarge (an unsigned
  // value above INT64_MAX). Int takes booleans as 0 and 1, Float takes every number, Bool takes
  // every integer (0 is false).
  [[nodiscard]] base::Result<std::int64_t> Int(std::string_view key) const;
  [[nodiscard]] base::Result<double> Float(std::string_view key) const;
  [[nodiscard]] base::Result<bool> Bool(std::string_view key) const;
  // Int, and kMalformed where the value lies outside [low, high]: most options have a range.
  [[nodiscard]] base::Result<std::int32_t> IntIn(std::string_view key, std::int32_t low,
                                                 std::int32_t high) const;
  // `absent` where there is no such key; Int's other errors.
  [[nodiscard]] base::Result<std::int64_t> IntOr(std::string_view key, std::int64_t absent) const;
  // A vector of signed or unsigned integers or booleans. Errors as above.
  [[nodiscard]] base::Result<FlexInts> Ints(std::string_view key) const;

 private:
  struct Value {
    std::size_t at = 0;  // where the number, or a vector's first element, lies
    std::uint8_t width = 1;
    std::uint8_t type = 0;
  };

  FlexMap() = default;
  [[nodiscard]] std::size_t KeyOffset(std::size_t i) const;
  [[nodiscard]] std::size_t Find(std::string_view key) const;  // size_ where absent
  // The value of `key`, its indirection followed.
  [[nodiscard]] base::Result<Value> Lookup(std::string_view key) const;

  std::span<const std::byte> bytes_;
  std::size_t values_ = 0;  // where the entries' values start; their types follow
  std::size_t keys_ = 0;    // where the offsets of the keys start
  std::size_t size_ = 0;
  std::uint8_t width_ = 1;  // of a value
  std::uint8_t key_width_ = 1;
};

}  // namespace pinhole::engine
