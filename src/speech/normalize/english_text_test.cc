// SPDX-License-Identifier: Apache-2.0
#include "speech/normalize/english_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "speech/normalize/words.h"

namespace pinhole::speech {
namespace {

// Input and expected: english_for_tests.txt, two lines a text, the second by openai/whisper's
// normaliser without its list of spellings and with single blanks.
TEST(NormalizeEnglish, EqualsOpenAIs) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  const auto path = std::filesystem::path(source != nullptr ? source : ".") /
                    "src/speech/normalize/english_for_tests.txt";
  std::ifstream file(path);
  int compared = 0;
  for (std::string text, expected; std::getline(file, text) && std::getline(file, expected);) {
    EXPECT_EQ(NormalizeEnglish(text), expected) << text;
    ++compared;
  }
  EXPECT_GE(compared, 230) << path << " is missing (set PINHOLE_SOURCE)";
}

TEST(NormalizeEnglish, SpellingsAreTheCallers) {
  EXPECT_EQ(NormalizeEnglish("The colour."), "the colour");
  EXPECT_EQ(NormalizeEnglish("The colour.", {{"colour", "color"}}), "the color");
}

TEST(NormalizeEnglish, BlanksAreSingleAndNeverAtTheEnds) {
  std::mt19937 random(4);
  const std::string_view parts[] = {" ",        "  ",       "\t",       ".",    "$",      "%",
                                    "a",        "1",        "'",        "(",    ")",      "[",
                                    "]",        ",",        "s",        "half", "and",    "one",
                                    "\xC2\xA3", "\xC3\xA9", "\xE2\x82", "\xFF", "million"};
  for (int turn = 0; turn < 5000; ++turn) {
    std::string text;
    for (std::size_t i = random() % 14; i > 0; --i) {
      text += parts[random() % std::size(parts)];
    }
    const std::string normal = NormalizeEnglish(text);
    EXPECT_EQ(normal, JoinWithBlanks(SplitAtBlanks(normal))) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace pinhole::speech
