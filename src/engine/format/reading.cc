// SPDX-License-Identifier: Apache-2.0
#include "engine/format/reading.h"

#include "base/checked.h"
#include "engine/format/schema.h"

namespace pinhole::engine::format {

using base::Error;

void Reading::Explain(Error error) {
  switch (error) {
    case Error::kOutOfMemory:
      Fail(error, "the model arena of ", arena.capacity(), " bytes is full; give a larger one");
      return;
    case Error::kTruncated:
      Fail(error, "an offset or a length leads past the end of the file's ", bytes.size(),
           " bytes; it was cut short or damaged");
      return;
    default:
      Fail(error, "a table contradicts its own layout; the file is damaged or no FlatBuffer");
      return;
  }
}

base::Status Reading::Visit(std::size_t elements) {
  if (elements > visits_left) {
    return Fail(Error::kTooLarge, "the file of ", bytes.size(),
                " bytes refers to the same bytes too often");
  }
  visits_left -= elements;
  return {};
}

base::Result<flat::Bytes> Reading::Outside(std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return Fail(Error::kTruncated, "its ", size, " bytes at offset ", offset,
                " lead past the end of the file's ", bytes.size(), " bytes");
  }
  return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

base::Result<flat::Bytes> Reading::Buffer(std::uint32_t index) {
  if (index == 0) {
    return flat::Bytes();
  }
  if (index >= buffers.size()) {
    return Fail(Error::kMalformed, "buffer ", index, " is asked for, the file has ",
                buffers.size());
  }
  PINHOLE_ASSIGN(const flat::Table table, buffers.Open(index));
  PINHOLE_ASSIGN(const auto inside, table.Numbers<std::uint8_t>(schema::buffer::kData));
  PINHOLE_ASSIGN(const auto offset, table.Number<std::uint64_t>(schema::buffer::kOffset, 0));
  if (offset <= 1) {  // the schema's way to say: not outside
    return inside.bytes();
  }
  if (inside.size() != 0) {
    return Fail(Error::kMalformed, "buffer ", index, " lies both inside and outside the tables");
  }
  PINHOLE_ASSIGN(const auto size, table.Number<std::uint64_t>(schema::buffer::kSize, 0));
  return Outside(offset, size);
}

base::Result<std::span<std::byte>> Reading::TakeFolded(std::size_t size, std::size_t alignment) {
  if (size > limits.max_folded_bytes - model.folded_bytes) {
    return Fail(Error::kTooLarge, "the constants made while loading need more than ",
                limits.max_folded_bytes, " bytes; raise max_folded_bytes to allow it");
  }
  base::Arena& folded = limits.folded != nullptr ? *limits.folded : arena;
  PINHOLE_ASSIGN(const std::span<std::byte> memory, folded.Take(size, alignment));
  model.folded_bytes += size;
  return memory;
}

}  // namespace pinhole::engine::format
