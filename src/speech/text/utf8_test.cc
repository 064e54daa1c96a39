// SPDX-License-Identifier: Apache-2.0
#include "speech/text/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pinhole::speech {
namespace {

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = FirstUtf8(text);
    if (next.length == 0) {
      return false;
    }
    text.remove_prefix(next.length);
  }
  return true;
}

std::string Whole(std::string_view bytes) {
  Utf8Stream stream;
  std::string text;
  stream.Push(bytes, text);
  stream.Finish(text);
  return text;
}

TEST(Utf8, EveryCodePointComesBack) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code < 0xE000) {
      continue;
    }
    std::string text;
    AppendUtf8(code, text);
    const Utf8Character first = FirstUtf8(text);
    ASSERT_EQ(first.code, code);
    ASSERT_EQ(first.length, text.size());
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      ASSERT_EQ(FirstUtf8(std::string_view(text).substr(0, cut)).length, 0U);
    }
  }
}

TEST(Utf8, SurrogatesLongFormsAndLargeNumbersAreNone) {
  for (const char* bytes :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC3(", "\xE2\x82("}) {
    EXPECT_EQ(FirstUtf8(bytes).length, 0U);
  }
}

// Expected: Python's bytes.decode("utf-8", errors="replace"), and the table in Unicode 3.9.
TEST(Utf8Stream, ReplacesMaximalParts) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(Whole("a\xF1\x80\x80\xE1\x80\xC2"
                  "b\x80"
                  "c\x80\xBF"
                  "d"),
            "a" + r + r + r + "b" + r + "c" + r + r + "d");
  EXPECT_EQ(Whole("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                  "A"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(Whole("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
                  "A"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(Whole("\xF4\x91\x92\x93\xFF"
                  "A\x80\xBF"
                  "B"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(Whole("\xE2\x82"), r);
  EXPECT_EQ(Whole("\xE2\x82\xAC"), "\xE2\x82\xAC");
}

TEST(Utf8Stream, PiecesChangeNothingAndEveryPieceIsText) {
  std::mt19937 random(3);
  const std::string_view parts[] = {"a",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                    "\xE2\x82", "\xF0\x9F", "\x80",         "\xFF"};
  for (int turn = 0; turn < 3000; ++turn) {
    std::string bytes;
    for (std::size_t i = random() % 12; i > 0; --i) {
      bytes += parts[random() % std::size(parts)];
    }
    Utf8Stream stream;
    std::string text;
    std::string_view left = bytes;
    while (!left.empty()) {
      const std::size_t size = std::min<std::size_t>(left.size(), random() % 4);
      std::string piece;
      stream.Push(left.substr(0, size), piece);
      EXPECT_TRUE(IsUtf8(piece));
      text += piece;
      left.remove_prefix(size);
    }
    stream.Finish(text);
    EXPECT_EQ(text, Whole(bytes));
    EXPECT_TRUE(IsUtf8(text));
    if (IsUtf8(bytes)) {
      EXPECT_EQ(text, bytes);
    }
  }
}

TEST(Utf8Stream, HoldsBackWhatMayBecomeACharacter) {
  Utf8Stream stream;
  std::string text;
  stream.Push("x\xF0\x9F", text);
  EXPECT_EQ(text, "x");
  stream.Push("\x98", text);
  EXPECT_EQ(text, "x");
  stream.Push("\x80y", text);
  EXPECT_EQ(text, "x\xF0\x9F\x98\x80y");
  stream.Finish(text);
  EXPECT_EQ(text, "x\xF0\x9F\x98\x80y");
}

}  // namespace
}  // namespace pinhole::speech
