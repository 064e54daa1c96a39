// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads FlatBuffers from bytes that nobody has verified.
//
// A FlatBuffer is a tree of tables. A table starts with the (signed, backward) distance to its
// vtable; the vtable holds its own size, the table's size and for each field the field's place in
// the table, 0 where it is absent. What is not a scalar is reached through an unsigned forward
// offset: a string, a vector (a 32-bit length and the elements), another table.
//
// There is no verifying pass: each access checks the one offset and length that it uses, so what
// is never looked at is never trusted. Nothing recurses and nothing is copied; scalars are read at
// any alignment. Every error is one of two: kTruncated where an offset or a length leads past the
// end of the bytes, kMalformed where it contradicts its table. The caller says which thing it was.
//
// Source: "FlatBuffers Internals", flatbuffers.dev.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/little_endian.h"
#include "base/result.h"

namespace pinhole::engine::format::flat {

using Bytes = std::span<const std::byte>;

template <typename T>
concept Scalar = std::integral<T> || std::same_as<T, float>;

template <Scalar T>
constexpr T LoadScalar(const std::byte* from) {
  if constexpr (std::same_as<T, float>) {
    return base::LoadLeFloat(from);
  } else if constexpr (std::same_as<T, bool>) {
    return *from != std::byte{0};
  } else {
    return base::LoadLe<T>(from);
  }
}

// Numbers in a row, in the file. All of them are there.
template <Scalar T>
class ScalarVector {
 public:
  ScalarVector() = default;
  explicit ScalarVector(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size() / sizeof(T); }
  [[nodiscard]] T operator[](std::size_t i) const {
    return LoadScalar<T>(bytes_.data() + i * sizeof(T));
  }
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

class TableVector;

// Fields are numbered in the schema's order of declaration; a union takes two numbers, its type and
// its table.
class Table {
 public:
  // The tree's root: the offset to it is the first thing in the bytes.
  static base::Result<Table> Root(Bytes bytes);

  template <Scalar T>
  [[nodiscard]] base::Result<T> Number(std::size_t field, T absent) const {
    PINHOLE_ASSIGN(const std::optional<std::size_t> at, Find(field, sizeof(T)));
    return at ? LoadScalar<T>(bytes_.data() + *at) : absent;
  }
  // Ends with a NUL that is not counted. Empty where the field is absent.
  [[nodiscard]] base::Result<std::string_view> String(std::size_t field) const;
  // Empty where the field is absent.
  template <Scalar T>
  [[nodiscard]] base::Result<ScalarVector<T>> Numbers(std::size_t field) const {
    PINHOLE_ASSIGN(const Bytes elements, Elements(field, sizeof(T)));
    return ScalarVector<T>(elements);
  }
  [[nodiscard]] base::Result<TableVector> Tables(std::size_t field) const;
  [[nodiscard]] base::Result<std::optional<Table>> Child(std::size_t field) const;

 private:
  friend class TableVector;

  Table() = default;
  static base::Result<Table> Open(Bytes bytes, std::size_t at);
  // Where the forward offset stored at `at` (inside the bytes) leads.
  static base::Result<std::size_t> Follow(Bytes bytes, std::size_t at);
  // Where field `field` of `size` bytes lies; nullopt where it is absent.
  [[nodiscard]] base::Result<std::optional<std::size_t>> Find(std::size_t field,
                                                              std::size_t size) const;
  // The elements of the vector that `field` leads to, without its length.
  [[nodiscard]] base::Result<Bytes> Elements(std::size_t field, std::size_t element_size) const;

  Bytes bytes_;
  std::size_t at_ = 0;
  std::size_t vtable_ = 0;
  std::uint16_t vtable_size_ = 0;
  std::uint16_t size_ = 0;
};

// Tables in a row: their offsets are all there, each table is checked when it is opened.
class TableVector {
 public:
  TableVector() = default;

  [[nodiscard]] std::size_t size() const { return offsets_size_ / sizeof(std::uint32_t); }
  // i < size().
  [[nodiscard]] base::Result<Table> Open(std::size_t i) const;

 private:
  friend class Table;

  Bytes bytes_;
  std::size_t offsets_ = 0;
  std::size_t offsets_size_ = 0;
};

}  // namespace pinhole::engine::format::flat
