// SPDX-License-Identifier: Apache-2.0
#include "speech/text/tokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "speech/text/split_words.h"
#include "speech/text/vocabulary_for_tests.h"

namespace pinhole::speech {
namespace {

Tokenizer Small() {
  base::Diagnosis why;
  return Tokenizer::Make(SmallVocabulary(), why).value();
}

// The definition: of all neighbours the union of lowest rank, the leftmost of equals, again and
// again.
std::vector<std::string> JoinNaively(const std::vector<std::string>& vocabulary,
                                     std::string_view piece) {
  std::vector<std::string> parts;
  for (const char c : piece) {
    parts.emplace_back(1, c);
  }
  while (true) {
    std::size_t best = vocabulary.size(), at = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      for (std::size_t rank = 0; rank < best; ++rank) {
        if (vocabulary[rank] == parts[i] + parts[i + 1]) {
          best = rank;
          at = i;
        }
      }
    }
    if (best == vocabulary.size()) {
      return parts;
    }
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

std::string RandomText(std::mt19937& random, std::string_view letters, std::size_t most) {
  std::string text(random() % (most + 1), '\0');
  for (char& c : text) {
    c = letters.empty() ? static_cast<char>(random()) : letters[random() % letters.size()];
  }
  return text;
}

TEST(Tokenizer, JoinsAsTheDefinitionDoes) {
  const Tokenizer tokenizer = Small();
  const auto vocabulary = SmallVocabulary();
  std::mt19937 random(1);
  for (int turn = 0; turn < 500; ++turn) {
    const std::string text = RandomText(random, turn % 2 == 0 ? "abc" : "the ", 24);
    std::string_view left = text;
    std::vector<std::string> expected, found;
    while (!left.empty()) {
      const std::string_view piece = FirstPiece(left);
      const auto parts = JoinNaively(vocabulary, piece);
      expected.insert(expected.end(), parts.begin(), parts.end());
      left.remove_prefix(piece.size());
    }
    for (const std::int32_t token : tokenizer.Encode(text)) {
      found.emplace_back(tokenizer.Bytes(token));
    }
    ASSERT_EQ(found, expected) << '"' << text << '"';
  }
}

TEST(Tokenizer, AnyBytesComeBack) {
  const Tokenizer tokenizer = Small();
  std::mt19937 random(2);
  for (int turn = 0; turn < 2000; ++turn) {
    const std::string text =
        RandomText(random, turn % 2 == 0 ? "" : " the\xC3\xA9\xE2\x80\xA8\n'", 200);
    EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(text)), text);
  }
}

// A piece that is a token as a whole is that token, even where its joins would not lead there.
TEST(Tokenizer, AWholePieceIsItsToken) {
  auto vocabulary = SmallVocabulary();
  vocabulary.emplace_back("xyz");
  base::Diagnosis why;
  const auto tokenizer = Tokenizer::Make(vocabulary, why);
  EXPECT_EQ(tokenizer->Encode("xyz"), std::vector<std::int32_t>{tokenizer->size() - 1});
  EXPECT_EQ(tokenizer->Encode("xyza").size(), 4U);
}

TEST(Tokenizer, LongPiecesTakeTimeInProportion) {
  const Tokenizer tokenizer = Small();
  const auto tokens = tokenizer.Encode(std::string(400000, 'a'));
  EXPECT_EQ(tokens.size(), 100000U);
}

TEST(Tokenizer, NumbersThatAreNoTokenHaveNoBytes) {
  const Tokenizer tokenizer = Small();
  EXPECT_EQ(tokenizer.Bytes(-1), "");
  EXPECT_EQ(tokenizer.Bytes(tokenizer.size()), "");
  EXPECT_EQ(tokenizer.Bytes(INT32_MAX), "");
  EXPECT_EQ(tokenizer.Decode(std::vector<std::int32_t>{97, 50364, 98, -5}), "ab");
}

TEST(Tokenizer, RefusesAVocabularyThatLacksAByte) {
  auto vocabulary = SmallVocabulary();
  vocabulary[0x85] = "";
  base::Diagnosis why;
  EXPECT_FALSE(Tokenizer::Make(vocabulary, why));
  EXPECT_NE(why.text().find("none for the byte 133"), std::string_view::npos) << why.text();
  EXPECT_FALSE(Tokenizer::Make({}, why));
}

TEST(Tokenizer, MovingKeepsTheTable) {
  Tokenizer first = Small();
  const auto tokens = first.Encode("the abc");
  const Tokenizer second = std::move(first);
  EXPECT_EQ(second.Encode("the abc"), tokens);
}

TEST(SplitWords, EqualsTheRegularExpression) {
  const auto texts = ReadTokenizedTexts();
  ASSERT_GE(texts.size(), 90U) << "tokens_for_tests.txt is missing (set PINHOLE_SOURCE)";
  for (const TokenizedText& expected : texts) {
    std::vector<std::size_t> pieces;
    std::string_view left = expected.text;
    while (!left.empty()) {
      pieces.push_back(FirstPiece(left).size());
      left.remove_prefix(pieces.back());
    }
    EXPECT_EQ(pieces, expected.pieces) << '"' << expected.text << '"';
  }
}

TEST(SplitWords, BytesThatAreNoTextAreAnythingElse) {
  EXPECT_EQ(FirstPiece("\xFF\x80!a"), "\xFF\x80!");
  EXPECT_EQ(FirstPiece(" \xC3"), " \xC3");
  EXPECT_EQ(FirstPiece("a\xC3"), "a");
  EXPECT_EQ(FirstPiece("  \xFF"), " ");
}

// Expected: tiktoken's, over OpenAI's vocabularies.
TEST(Tokenizer, EqualsTiktoken) {
  const auto texts = ReadTokenizedTexts();
  ASSERT_GE(texts.size(), 90U) << "tokens_for_tests.txt is missing (set PINHOLE_SOURCE)";
  for (const char* name : {"gpt2", "multilingual"}) {
    auto vocabulary = ReadVocabularyForTests(name);
    if (vocabulary.empty()) {
      GTEST_SKIP() << name << ".tiktoken is missing (set PINHOLE_DATA)";
    }
    // The multilingual one's last token is empty, and no text has it: it is left out.
    base::Diagnosis why;
    const auto tokenizer = Tokenizer::Make(std::move(vocabulary), why);
    ASSERT_TRUE(tokenizer) << why.text();
    for (const TokenizedText& expected : texts) {
      const auto& tokens = name == std::string("gpt2") ? expected.gpt2 : expected.multilingual;
      EXPECT_EQ(tokenizer->Encode(expected.text), tokens) << '"' << expected.text << '"';
      EXPECT_EQ(tokenizer->Decode(tokens), expected.text);
    }
  }
}

}  // namespace
}  // namespace pinhole::speech
