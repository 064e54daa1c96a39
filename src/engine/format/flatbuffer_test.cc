// SPDX-License-Identifier: Apache-2.0
#include "engine/format/flatbuffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/format/model_builder.h"

namespace pinhole::engine::format::flat {
namespace {

using base::Error;

TableSpec Sample() {
  TableSpec child;
  child.Set<std::int8_t>(0, -3);
  TableSpec root;
  root.Set<std::uint64_t>(0, 0x0123456789ABCDEFU)
      .Set<std::int8_t>(1, -7)
      .Set<float>(2, 1.5F)
      .SetString(4, "name")
      .SetNumbers<std::int32_t>(5, {1, -2, 3})
      .SetTables(6, {child, child.Set<std::int8_t>(0, 9)})
      .SetTable(7, child);
  return root;
}

TEST(Table, ReadsBackWhatWasWritten) {
  const AlignedBytes file(Sample().Serialise("TEST"));
  const auto root = Table::Root(file.span());
  ASSERT_TRUE(root);
  EXPECT_EQ(*root->Number<std::uint64_t>(0, 0), 0x0123456789ABCDEFU);
  EXPECT_EQ(*root->Number<std::int8_t>(1, 0), -7);
  EXPECT_EQ(*root->Number<float>(2, 0), 1.5F);
  EXPECT_EQ(*root->String(4), "name");
  const auto numbers = root->Numbers<std::int32_t>(5);
  ASSERT_EQ(numbers->size(), 3U);
  EXPECT_EQ((*numbers)[1], -2);
  const auto tables = root->Tables(6);
  ASSERT_EQ(tables->size(), 2U);
  EXPECT_EQ(*tables->Open(0)->Number<std::int8_t>(0, 0), -3);
  EXPECT_EQ(*tables->Open(1)->Number<std::int8_t>(0, 0), 9);
  const auto child = root->Child(7);
  ASSERT_TRUE(child && *child);
  EXPECT_EQ(*(*child)->Number<std::int8_t>(0, 0), 9);
}

TEST(Table, AnAbsentFieldIsItsDefault) {
  const AlignedBytes file(Sample().Serialise("TEST"));
  const auto root = Table::Root(file.span());
  ASSERT_TRUE(root);
  for (const std::size_t field : {3U, 8U, 30000U}) {  // skipped, and beyond the vtable
    EXPECT_EQ(*root->Number<std::int32_t>(field, 42), 42);
    EXPECT_EQ(*root->String(field), "");
    EXPECT_EQ(root->Numbers<float>(field)->size(), 0U);
    EXPECT_EQ(root->Tables(field)->size(), 0U);
    EXPECT_FALSE(root->Child(field)->has_value());
  }
}

// Writes `value` into a copy of the sample and says how reading field 5 then fails.
template <typename T>
Error ErrorWith(std::size_t at, T value) {
  const AlignedBytes file(Sample().Serialise("TEST"));
  base::StoreLe(value, file.span().data() + at);
  const auto root = Table::Root(file.span());
  if (!root) {
    return root.error();
  }
  const auto numbers = root->Numbers<std::int32_t>(5);
  EXPECT_FALSE(numbers);
  return numbers ? Error::kInternal : numbers.error();
}

TEST(Table, RefusesWhatLeadsOutOfTheBytes) {
  const AlignedBytes file(Sample().Serialise("TEST"));
  const std::byte* bytes = file.span().data();
  const std::size_t table = base::LoadLe<std::uint32_t>(bytes);
  const auto vtable = static_cast<std::size_t>(
      static_cast<std::int64_t>(table) - base::LoadLe<std::int32_t>(bytes + table));
  const std::size_t slot = table + base::LoadLe<std::uint16_t>(bytes + vtable + 4 + 2 * 5);
  const std::size_t vector = slot + base::LoadLe<std::uint32_t>(bytes + slot);
  constexpr std::uint32_t kFar = std::numeric_limits<std::uint32_t>::max();
  constexpr std::int32_t kBack = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kAhead = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(ErrorWith(0, kFar), Error::kTruncated);             // the root
  EXPECT_EQ(ErrorWith(0, 0U), Error::kMalformed);
  EXPECT_EQ(ErrorWith(table, kBack), Error::kMalformed);        // the vtable
  EXPECT_EQ(ErrorWith(table, kAhead), Error::kTruncated);
  EXPECT_EQ(ErrorWith(vtable, std::uint16_t{2}), Error::kMalformed);
  EXPECT_EQ(ErrorWith(vtable, std::uint16_t{21}), Error::kMalformed);
  EXPECT_EQ(ErrorWith(vtable, std::uint16_t{65534}), Error::kTruncated);
  EXPECT_EQ(ErrorWith(vtable + 2, std::uint16_t{3}), Error::kMalformed);  // the table's size
  EXPECT_EQ(ErrorWith(vtable + 2, std::uint16_t{65535}), Error::kTruncated);
  EXPECT_EQ(ErrorWith(vtable + 14, std::uint16_t{2}), Error::kMalformed);  // a field's place
  EXPECT_EQ(ErrorWith(vtable + 14, std::uint16_t{1000}), Error::kMalformed);
  EXPECT_EQ(ErrorWith(slot, kFar), Error::kTruncated);          // the vector
  EXPECT_EQ(ErrorWith(slot, 0U), Error::kMalformed);
  EXPECT_EQ(ErrorWith(vector, kFar), Error::kTruncated);        // its length
  EXPECT_EQ(ErrorWith(vector, 0x40000001U), Error::kTruncated);  // 4 * length wraps around
}

TEST(Table, AStringMustEndWithANul) {
  ByteVector bytes = TableSpec().SetString(0, "ab").Serialise("TEST");
  ASSERT_EQ(bytes.back(), std::byte{0});
  bytes.back() = std::byte{'c'};
  EXPECT_EQ(Table::Root(AlignedBytes(bytes).span()).has_value(), true);
  const AlignedBytes unended(bytes);
  EXPECT_EQ(Table::Root(unended.span())->String(0).error(), Error::kMalformed);
  bytes.pop_back();
  const AlignedBytes cut(bytes);
  EXPECT_EQ(Table::Root(cut.span())->String(0).error(), Error::kTruncated);
}

TEST(Table, RefusesTooFewBytesForARoot) {
  for (std::size_t size = 0; size < 4; ++size) {
    const AlignedBytes file(ByteVector(size, std::byte{1}));
    EXPECT_EQ(Table::Root(file.span()).error(), Error::kTruncated) << size;
  }
}

}  // namespace
}  // namespace pinhole::engine::format::flat
