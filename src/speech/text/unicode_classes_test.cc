// SPDX-License-Identifier: Apache-2.0
#include "speech/text/unicode_classes.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace pinhole::speech {
namespace {

TEST(UnicodeClasses, KnowWhatEverybodyKnows) {
  for (const std::uint32_t letter :
       {0x41U, 0x7AU, 0xAAU, 0xE9U, 0x3B1U, 0x5D0U, 0x4E00U, 0xAC00U, 0x20000U, 0x1D400U}) {
    EXPECT_EQ(ClassOf(letter), CharacterClass::kLetter) << letter;
  }
  for (const std::uint32_t number :
       {0x30U, 0x39U, 0xB2U, 0xBDU, 0x660U, 0x2167U, 0x2460U, 0x3007U, 0x1D7D8U}) {
    EXPECT_EQ(ClassOf(number), CharacterClass::kNumber) << number;
  }
  for (const std::uint32_t space :
       {0x9U, 0xDU, 0x20U, 0x85U, 0xA0U, 0x1680U, 0x2000U, 0x200AU, 0x2028U, 0x3000U}) {
    EXPECT_EQ(ClassOf(space), CharacterClass::kSpace) << space;
  }
  // Marks, signs, the zero-width ones, what is unassigned, and what is no code point.
  for (const std::uint32_t other :
       {0x0U, 0x1CU, 0x2FU, 0x3AU, 0x301U, 0x93EU, 0x180EU, 0x200BU, 0x20ACU, 0xFEFFU, 0xD800U,
        0x1F600U, 0x10FFFFU, 0x110000U, 0xFFFFFFFFU}) {
    EXPECT_EQ(ClassOf(other), CharacterClass::kOther) << other;
  }
}

// Unicode 14: as many as the standard's own tables count.
TEST(UnicodeClasses, AreAsManyAsTheStandardCounts) {
  std::array<int, 4> counts{};
  for (std::uint32_t code = 0; code < 0x110000; ++code) {
    ++counts[static_cast<std::size_t>(ClassOf(code))];
  }
  EXPECT_EQ(counts[static_cast<std::size_t>(CharacterClass::kLetter)], 131756);
  EXPECT_EQ(counts[static_cast<std::size_t>(CharacterClass::kNumber)], 1791);
  EXPECT_EQ(counts[static_cast<std::size_t>(CharacterClass::kSpace)], 25);
}

// All code points against Python's unicodedata. A newer one has more letters, so that only classes
// that both know are compared, and how many were.
TEST(UnicodeClasses, EqualPythons) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  const std::string script =
      std::string(source != nullptr ? source : ".") + "/tools/make_unicode_classes.py";
  if (std::system("python3 -c '' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "python3 is missing";
  }
  std::FILE* const list = popen(("python3 '" + script + "' --list").c_str(), "r");
  ASSERT_NE(list, nullptr);
  std::uint32_t code = 0;
  char kind = 0;
  int same = 0;
  while (std::fscanf(list, "%u %c", &code, &kind) == 2) {
    const CharacterClass found = ClassOf(code);
    const CharacterClass expected = kind == 'L'   ? CharacterClass::kLetter
                                    : kind == 'N' ? CharacterClass::kNumber
                                                  : CharacterClass::kSpace;
    if (found != CharacterClass::kOther) {
      ASSERT_EQ(found, expected) << code;
      ++same;
    }
  }
  EXPECT_EQ(pclose(list), 0);
  EXPECT_EQ(same, 131756 + 1791 + 25);
}

}  // namespace
}  // namespace pinhole::speech
