// SPDX-License-Identifier: Apache-2.0
#include "engine/format/flatbuffer.h"

#include "base/checked.h"

namespace pinhole::engine::format::flat {

namespace {

using base::Error;
using base::InBounds;
using base::Unexpected;

constexpr std::size_t kOffsetSize = sizeof(std::uint32_t);
constexpr std::size_t kVtableHeader = 4;  // its own size and the table's, two bytes each

}  // namespace

base::Result<Table> Table::Root(Bytes bytes) {
  if (bytes.size() < kOffsetSize) {
    return Unexpected(Error::kTruncated);
  }
  PINHOLE_ASSIGN(const std::size_t at, Follow(bytes, 0));
  return Open(bytes, at);
}

base::Result<Table> Table::Open(Bytes bytes, std::size_t at) {
  if (!InBounds(at, kOffsetSize, bytes.size())) {
    return Unexpected(Error::kTruncated);
  }
  // The distance back may be negative: 64 bits hold every sum.
  const std::int64_t vtable = static_cast<std::int64_t>(at) -
                              std::int64_t{base::LoadLe<std::int32_t>(bytes.data() + at)};
  if (vtable < 0) {
    return Unexpected(Error::kMalformed);
  }
  if (static_cast<std::uint64_t>(vtable) > bytes.size() ||
      !InBounds(static_cast<std::size_t>(vtable), kVtableHeader, bytes.size())) {
    return Unexpected(Error::kTruncated);
  }
  Table table;
  table.bytes_ = bytes;
  table.at_ = at;
  table.vtable_ = static_cast<std::size_t>(vtable);
  table.vtable_size_ = base::LoadLe<std::uint16_t>(bytes.data() + table.vtable_);
  table.size_ = base::LoadLe<std::uint16_t>(bytes.data() + table.vtable_ + 2);
  if (table.vtable_size_ < kVtableHeader || table.vtable_size_ % 2 != 0 ||
      table.size_ < kOffsetSize) {
    return Unexpected(Error::kMalformed);
  }
  if (!InBounds(table.vtable_, table.vtable_size_, bytes.size()) ||
      !InBounds(at, table.size_, bytes.size())) {
    return Unexpected(Error::kTruncated);
  }
  return table;
}

base::Result<std::size_t> Table::Follow(Bytes bytes, std::size_t at) {
  const std::uint32_t forward = base::LoadLe<std::uint32_t>(bytes.data() + at);
  if (forward == 0) {
    return Unexpected(Error::kMalformed);  // nothing can lie in its own offset
  }
  if (forward > bytes.size() - at) {
    return Unexpected(Error::kTruncated);
  }
  return at + forward;
}

base::Result<std::optional<std::size_t>> Table::Find(std::size_t field, std::size_t size) const {
  const std::size_t slot = kVtableHeader + 2 * field;
  if (slot + 2 > vtable_size_) {
    return std::optional<std::size_t>();
  }
  const std::uint16_t offset = base::LoadLe<std::uint16_t>(bytes_.data() + vtable_ + slot);
  if (offset == 0) {
    return std::optional<std::size_t>();
  }
  if (offset < kOffsetSize || !InBounds(offset, size, size_)) {
    return Unexpected(Error::kMalformed);
  }
  return std::optional<std::size_t>(at_ + offset);
}

base::Result<Bytes> Table::Elements(std::size_t field, std::size_t element_size) const {
  PINHOLE_ASSIGN(const std::optional<std::size_t> slot, Find(field, kOffsetSize));
  if (!slot) {
    return Bytes();
  }
  PINHOLE_ASSIGN(const std::size_t at, Follow(bytes_, *slot));
  if (!InBounds(at, kOffsetSize, bytes_.size())) {
    return Unexpected(Error::kTruncated);
  }
  const std::size_t first = at + kOffsetSize;
  const std::size_t count = base::LoadLe<std::uint32_t>(bytes_.data() + at);
  if (count > (bytes_.size() - first) / element_size) {
    return Unexpected(Error::kTruncated);
  }
  return bytes_.subspan(first, count * element_size);
}

base::Result<std::string_view> Table::String(std::size_t field) const {
  PINHOLE_ASSIGN(const Bytes text, Elements(field, 1));
  if (text.data() == nullptr) {
    return std::string_view("");
  }
  const auto end = static_cast<std::size_t>(text.data() + text.size() - bytes_.data());
  if (end == bytes_.size()) {
    return Unexpected(Error::kTruncated);
  }
  if (bytes_[end] != std::byte{0}) {
    return Unexpected(Error::kMalformed);
  }
  return std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
}

base::Result<TableVector> Table::Tables(std::size_t field) const {
  PINHOLE_ASSIGN(const Bytes offsets, Elements(field, kOffsetSize));
  TableVector tables;
  if (!offsets.empty()) {
    tables.bytes_ = bytes_;
    tables.offsets_ = static_cast<std::size_t>(offsets.data() - bytes_.data());
    tables.offsets_size_ = offsets.size();
  }
  return tables;
}

base::Result<std::optional<Table>> Table::Child(std::size_t field) const {
  PINHOLE_ASSIGN(const std::optional<std::size_t> slot, Find(field, kOffsetSize));
  if (!slot) {
    return std::optional<Table>();
  }
  PINHOLE_ASSIGN(const std::size_t at, Follow(bytes_, *slot));
  PINHOLE_ASSIGN(const Table table, Open(bytes_, at));
  return std::optional<Table>(table);
}

base::Result<Table> TableVector::Open(std::size_t i) const {
  PINHOLE_ASSIGN(const std::size_t at, Table::Follow(bytes_, offsets_ + i * kOffsetSize));
  return Table::Open(bytes_, at);
}

}  // namespace pinhole::engine::format::flat
