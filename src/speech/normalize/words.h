// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small questions about text in ASCII or UTF-8 that the rules of this room ask again and again.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhole::speech {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLowerCase(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// A part of a word; of what isn't ASCII everything is, here.
constexpr bool IsWordPart(char c) {
  return IsDigit(c) || IsLowerCase(c) || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Symbols of money, in UTF-8.
inline constexpr std::string_view kCent = "\xC2\xA2";
inline constexpr std::string_view kMoney[] = {"$", kCent, "\xC2\xA3", "\xE2\x82\xAC"};

// The length of a symbol of money at `at`, or 0.
constexpr std::size_t MoneyAt(std::string_view text, std::size_t at) {
  for (const std::string_view symbol : kMoney) {
    if (text.substr(at).starts_with(symbol)) {
      return symbol.size();
    }
  }
  return 0;
}

constexpr bool EndsWithMoney(std::string_view text) {
  for (const std::string_view symbol : kMoney) {
    if (text.ends_with(symbol)) {
      return true;
    }
  }
  return false;
}

// Whether a word begins or ends in front of `at`.
constexpr bool IsWordBoundary(std::string_view text, std::size_t at) {
  const bool before = at > 0 && IsWordPart(text[at - 1]) && !EndsWithMoney(text.substr(0, at));
  const bool after = at < text.size() && IsWordPart(text[at]) && MoneyAt(text, at) == 0;
  return before != after;
}

inline std::size_t BlanksAt(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && IsBlank(text[end])) {
    ++end;
  }
  return end - at;
}

inline std::vector<std::string_view> SplitAtBlanks(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = BlanksAt(text, 0); at < text.size(); at += BlanksAt(text, at)) {
    const std::size_t begin = at;
    while (at < text.size() && !IsBlank(text[at])) {
      ++at;
    }
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

template <typename Words>
std::string JoinWithBlanks(const Words& words) {
  std::string text;
  for (const auto& word : words) {
    text += text.empty() ? "" : " ";
    text += word;
  }
  return text;
}

}  // namespace pinhole::speech
