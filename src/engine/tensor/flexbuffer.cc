// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/flexbuffer.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

#include "base/checked.h"
#include "base/little_endian.h"

namespace pinhole::engine {

namespace {

using base::Error;
using base::Unexpected;

// The format's type numbers, as far as options use them.
enum FlexType : std::uint8_t {
  kInt = 1,
  kUint = 2,
  kFloat = 3,
  kIndirectInt = 6,
  kIndirectUint = 7,
  kIndirectFloat = 8,
  kMap = 9,
  kVectorInt = 11,
  kVectorUint = 12,
  kVectorInt2 = 16,  // vectors of fixed length: 2, 3 and 4 elements of int, uint, float in turn
  kVectorFloat4 = 24,
  kBool = 26,
  kVectorBool = 36,
};

// The low two bits of a packed type: the width's logarithm.
constexpr std::uint8_t WidthOf(std::uint8_t packed) {
  return static_cast<std::uint8_t>(1U << (packed & 3U));
}

std::uint64_t ReadUnsigned(const std::byte* at, std::uint8_t width) {
  switch (width) {
    case 1: return base::LoadLe<std::uint8_t>(at);
    case 2: return base::LoadLe<std::uint16_t>(at);
    case 4: return base::LoadLe<std::uint32_t>(at);
    default: return base::LoadLe<std::uint64_t>(at);
  }
}

std::int64_t ReadSigned(const std::byte* at, std::uint8_t width) {
  switch (width) {
    case 1: return base::LoadLe<std::int8_t>(at);
    case 2: return base::LoadLe<std::int16_t>(at);
    case 4: return base::LoadLe<std::int32_t>(at);
    default: return base::LoadLe<std::int64_t>(at);
  }
}

// Where the offset of `width` bytes stored at `at` leads. nullopt where it leads out of the bytes
// in front of it.
std::optional<std::size_t> Follow(std::span<const std::byte> bytes, std::size_t at,
                                  std::uint8_t width) {
  if (!base::InBounds(at, width, bytes.size())) {
    return std::nullopt;
  }
  const std::uint64_t back = ReadUnsigned(bytes.data() + at, width);
  if (back > at) {
    return std::nullopt;
  }
  return at - static_cast<std::size_t>(back);
}

bool IsVectorOfFixedLength(std::uint8_t type) {
  return type >= kVectorInt2 && type <= kVectorFloat4;
}

}  // namespace

std::int64_t FlexInts::operator[](std::size_t i) const {
  const std::byte* at = first_ + i * width_;
  if (is_signed_) {
    return ReadSigned(at, width_);
  }
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(ReadUnsigned(at, width_), kMost));
}

base::Result<FlexMap> FlexMap::Parse(std::span<const std::byte> bytes) {
  if (bytes.size() < 3) {
    return Unexpected(Error::kTruncated);
  }
  const auto root_width = std::to_integer<std::uint8_t>(bytes[bytes.size() - 1]);
  const auto packed = std::to_integer<std::uint8_t>(bytes[bytes.size() - 2]);
  if (root_width == 0 || root_width > 8 || !std::has_single_bit(root_width) ||
      root_width > bytes.size() - 2) {
    return Unexpected(Error::kMalformed);
  }
  if (packed >> 2 != kMap) {
    return Unexpected(Error::kWrongKind);
  }
  const std::size_t root = bytes.size() - 2 - root_width;
  const std::optional<std::size_t> values = Follow(bytes, root, root_width);
  const std::uint8_t width = WidthOf(packed);
  // In front of the values: where the keys lie, the width of their offsets, how many entries.
  if (!values || *values < std::size_t{3} * width) {
    return Unexpected(Error::kMalformed);
  }
  FlexMap map;
  map.bytes_ = bytes;
  map.values_ = *values;
  map.width_ = width;
  const std::uint64_t size = ReadUnsigned(bytes.data() + *values - width, width);
  const std::uint64_t key_width = ReadUnsigned(bytes.data() + *values - 2 * width, width);
  const std::optional<std::size_t> keys =
      Follow(bytes, *values - std::size_t{3} * width, width);
  if (size > kMaxEntries) {
    return Unexpected(Error::kTooLarge);
  }
  if (!keys || key_width == 0 || key_width > 8 || !std::has_single_bit(key_width)) {
    return Unexpected(Error::kMalformed);
  }
  map.size_ = static_cast<std::size_t>(size);
  map.key_width_ = static_cast<std::uint8_t>(key_width);
  map.keys_ = *keys;
  if (!base::InBounds(*values, map.size_ * (std::size_t{width} + 1), bytes.size()) ||
      !base::InBounds(*keys, map.size_ * map.key_width_, bytes.size())) {
    return Unexpected(Error::kMalformed);
  }
  for (std::size_t i = 0; i < map.size_; ++i) {
    if (!Follow(bytes, map.KeyOffset(i), map.key_width_)) {
      return Unexpected(Error::kMalformed);
    }
  }
  return map;
}

std::size_t FlexMap::KeyOffset(std::size_t i) const { return keys_ + i * key_width_; }

std::string_view FlexMap::key(std::size_t i) const {
  const std::size_t begin = Follow(bytes_, KeyOffset(i), key_width_).value_or(bytes_.size());
  const auto rest = bytes_.subspan(begin);
  const auto end = std::find(rest.begin(), rest.end(), std::byte{0});
  return {reinterpret_cast<const char*>(rest.data()),
          static_cast<std::size_t>(end - rest.begin())};
}

std::size_t FlexMap::Find(std::string_view key) const {
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t begin = *Follow(bytes_, KeyOffset(i), key_width_);  // Parse has tried it
    // Not through key(i): a hostile key may run on to the end of the bytes.
    if (base::InBounds(begin, key.size() + 1, bytes_.size()) &&
        std::equal(key.begin(), key.end(),
                   reinterpret_cast<const char*>(bytes_.data() + begin)) &&
        bytes_[begin + key.size()] == std::byte{0}) {
      return i;
    }
  }
  return size_;
}

base::Result<FlexMap::Value> FlexMap::Lookup(std::string_view key) const {
  const std::size_t i = Find(key);
  if (i == size_) {
    return Unexpected(Error::kNotFound);
  }
  const auto packed = std::to_integer<std::uint8_t>(bytes_[values_ + size_ * width_ + i]);
  Value value{values_ + i * width_, width_, static_cast<std::uint8_t>(packed >> 2)};
  if (value.type == kInt || value.type == kUint || value.type == kFloat || value.type == kBool) {
    return value;
  }
  const std::optional<std::size_t> target = Follow(bytes_, value.at, width_);
  value.width = WidthOf(packed);
  if (!target || !base::InBounds(*target, value.width, bytes_.size())) {
    return Unexpected(Error::kMalformed);
  }
  value.at = *target;
  switch (value.type) {
    case kIndirectInt: value.type = kInt; break;
    case kIndirectUint: value.type = kUint; break;
    case kIndirectFloat: value.type = kFloat; break;
    default: break;
  }
  return value;
}

base::Result<std::int64_t> FlexMap::Int(std::string_view key) const {
  PINHOLE_ASSIGN(const Value value, Lookup(key));
  if (value.type == kInt) {
    return ReadSigned(bytes_.data() + value.at, value.width);
  }
  if (value.type != kUint && value.type != kBool) {
    return Unexpected(Error::kWrongKind);
  }
  const std::uint64_t number = ReadUnsigned(bytes_.data() + value.at, value.width);
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Unexpected(Error::kTooLarge);
  }
  return static_cast<std::int64_t>(number);
}

base::Result<double> FlexMap::Float(std::string_view key) const {
  PINHOLE_ASSIGN(const Value value, Lookup(key));
  const std::byte* at = bytes_.data() + value.at;
  switch (value.type) {
    case kInt: return static_cast<double>(ReadSigned(at, value.width));
    case kUint:
    case kBool: return static_cast<double>(ReadUnsigned(at, value.width));
    case kFloat: break;
    default: return Unexpected(Error::kWrongKind);
  }
  if (value.width == 4) {
    return static_cast<double>(base::LoadLeFloat(at));
  }
  if (value.width == 8) {
    return std::bit_cast<double>(base::LoadLe<std::uint64_t>(at));
  }
  return Unexpected(Error::kMalformed);  // the format has no narrower floats
}

base::Result<bool> FlexMap::Bool(std::string_view key) const {
  PINHOLE_ASSIGN(const std::int64_t value, Int(key));
  return value != 0;
}

base::Result<std::int32_t> FlexMap::IntIn(std::string_view key, std::int32_t low,
                                          std::int32_t high) const {
  PINHOLE_ASSIGN(const std::int64_t value, Int(key));
  if (value < low || value > high) {
    return Unexpected(Error::kMalformed);
  }
  return static_cast<std::int32_t>(value);
}

base::Result<std::int64_t> FlexMap::IntOr(std::string_view key, std::int64_t absent) const {
  return Has(key) ? Int(key) : base::Result<std::int64_t>(absent);
}

base::Result<FlexInts> FlexMap::Ints(std::string_view key) const {
  PINHOLE_ASSIGN(const Value value, Lookup(key));
  std::size_t size = 0;
  std::uint8_t element = 0;
  if (IsVectorOfFixedLength(value.type)) {
    const auto past = static_cast<std::uint8_t>(value.type - kVectorInt2);
    size = std::size_t{2} + past / 3;
    element = static_cast<std::uint8_t>(kInt + past % 3);
  } else if (value.type == kVectorInt || value.type == kVectorUint || value.type == kVectorBool) {
    if (value.at < value.width) {
      return Unexpected(Error::kMalformed);
    }
    const std::uint64_t count =
        ReadUnsigned(bytes_.data() + value.at - value.width, value.width);
    if (count > bytes_.size()) {
      return Unexpected(Error::kMalformed);
    }
    size = static_cast<std::size_t>(count);
    element = value.type == kVectorInt ? kInt : kUint;
  }
  if (element != kInt && element != kUint) {
    return Unexpected(Error::kWrongKind);
  }
  if (!base::InBounds(value.at, size * value.width, bytes_.size())) {
    return Unexpected(Error::kMalformed);
  }
  return FlexInts(bytes_.data() + value.at, size, value.width, element == kInt);
}

}  // namespace pinhole::engine
