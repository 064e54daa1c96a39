// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: Whisper's vocabularies out of the test data, a small one that is always there,
// and texts with their tokens.
//
// tokens_for_tests.txt has four lines a text: the text in quotes, with \xHH for what isn't plain;
// the lengths in bytes of its pieces, by the pattern in split_words.h and Python's `regex`; and its
// tokens in either vocabulary, by tiktoken.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/test_data.h"

namespace pinhole::speech {

inline std::string DecodeBase64ForTests(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6U | static_cast<unsigned>(kDigits.find(c));
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>(bits >> held & 0xFFU));
    }
  }
  return bytes;
}

// "gpt2" or "multilingual"; empty where the test data lack it.
inline std::vector<std::string> ReadVocabularyForTests(const std::string& name) {
  std::ifstream file(base::TestData("vocab/" + name + ".tiktoken"));
  std::vector<std::string> vocabulary;
  for (std::string token, rank; file >> token >> rank;) {
    vocabulary.push_back(DecodeBase64ForTests(token));
  }
  return vocabulary;
}

// 256 bytes, and some unions of them.
inline std::vector<std::string> SmallVocabulary() {
  std::vector<std::string> vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.emplace_back(1, static_cast<char>(byte));
  }
  for (const char* token :
       {"th", "he", " t", " th", "the", " the", "ab", "bc", "abc", "aa", "aaaa", "\xC3\xA9"}) {
    vocabulary.emplace_back(token);
  }
  return vocabulary;
}

struct TokenizedText {
  std::string text;
  std::vector<std::size_t> pieces;
  std::vector<std::int32_t> gpt2, multilingual;
};

inline std::string UnescapeForTests(std::string_view quoted) {
  std::string text;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\') {
      text.push_back(
          static_cast<char>(std::stoi(std::string(quoted.substr(i + 2, 2)), nullptr, 16)));
      i += 3;
    } else {
      text.push_back(quoted[i]);
    }
  }
  return text;
}

template <typename Number>
std::vector<Number> NumbersBehindAWord(const std::string& line) {
  std::istringstream in(line);
  std::string word;
  in >> word;
  std::vector<Number> numbers;
  for (Number number; in >> number;) {
    numbers.push_back(number);
  }
  return numbers;
}

inline std::vector<TokenizedText> ReadTokenizedTexts() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  std::ifstream file(std::filesystem::path(source != nullptr ? source : ".") /
                     "src/speech/text/tokens_for_tests.txt");
  std::vector<TokenizedText> texts;
  std::string text, pieces, gpt2, multilingual;
  while (std::getline(file, text) && std::getline(file, pieces) && std::getline(file, gpt2) &&
         std::getline(file, multilingual)) {
    texts.push_back({UnescapeForTests(text), NumbersBehindAWord<std::size_t>(pieces),
                     NumbersBehindAWord<std::int32_t>(gpt2),
                     NumbersBehindAWord<std::int32_t>(multilingual)});
  }
  return texts;
}

}  // namespace pinhole::speech
