// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/type.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace pinhole::engine {
namespace {

template <typename T>
void ExpectElement(std::string_view name) {
  EXPECT_EQ(TypeSize(TypeOf<T>()), sizeof(T)) << name;
  EXPECT_EQ(TypeName(TypeOf<T>()), name);
}

TEST(Type, SizesAndNamesAreTheElements) {
  ExpectElement<float>("float32");
  ExpectElement<std::int8_t>("int8");
  ExpectElement<std::uint8_t>("uint8");
  ExpectElement<std::int16_t>("int16");
  ExpectElement<std::uint16_t>("uint16");
  ExpectElement<std::int32_t>("int32");
  ExpectElement<std::uint32_t>("uint32");
  ExpectElement<std::int64_t>("int64");
  ExpectElement<std::uint64_t>("uint64");
  ExpectElement<bool>("bool");
  EXPECT_EQ(TypeSize(Type::kFloat16), 2U);
  EXPECT_EQ(TypeSize(Type::kResource), 0U);
}

TEST(Type, EveryTypeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  const int count = static_cast<int>(Type::kResource) + 1;
  for (int i = 0; i < count; ++i) {
    names.insert(TypeName(static_cast<Type>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
  EXPECT_FALSE(names.contains("?"));
}

}  // namespace
}  // namespace pinhole::engine
