// SPDX-License-Identifier: Apache-2.0
#include "speech/normalize/word_error_rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "speech/normalize/words.h"

namespace pinhole::speech {
namespace {

TEST(WordErrors, AreCountedByKind) {
  const auto expect = [](const char* reference, const char* transcript, int replaced, int left_out,
                         int put_in) {
    const WordErrors errors = CountWordErrors(reference, transcript);
    EXPECT_EQ(errors.replaced, replaced) << reference << " / " << transcript;
    EXPECT_EQ(errors.left_out, left_out) << reference << " / " << transcript;
    EXPECT_EQ(errors.put_in, put_in) << reference << " / " << transcript;
  };
  expect("", "", 0, 0, 0);
  expect("a b c", "a b c", 0, 0, 0);
  expect("a b c", "  a\tb  c ", 0, 0, 0);
  expect("a b c", "a x c", 1, 0, 0);
  expect("a b c", "a c", 0, 1, 0);
  expect("a b c", "a b b c", 0, 0, 1);
  expect("a b c", "", 0, 3, 0);
  expect("", "a b", 0, 0, 2);
  expect("the cat sat on the mat", "a cat sat the mat there", 1, 1, 1);
}

TEST(WordErrors, RatesAreOfTheReferencesWords) {
  EXPECT_EQ(CountWordErrors("a b c d", "a b c x").rate(), 0.25);
  EXPECT_EQ(CountWordErrors("a", "x y z").rate(), 3.0);
  EXPECT_EQ(CountWordErrors("", "").rate(), 0.0);
  EXPECT_TRUE(std::isinf(CountWordErrors("", "x").rate()));
  WordErrors sum = CountWordErrors("a b", "a x");
  sum += CountWordErrors("c d e f g h", "c d e f g h");
  EXPECT_EQ(sum.words, 8);
  EXPECT_EQ(sum.rate(), 0.125);
}

// Against the recursive definition, and: lengths differ by what is put in and left out.
TEST(WordErrors, AreTheFewest) {
  std::mt19937 random(6);
  for (int turn = 0; turn < 300; ++turn) {
    std::vector<std::string> a(random() % 6), b(random() % 6);
    for (auto* words : {&a, &b}) {
      for (std::string& word : *words) {
        word = std::string(1, static_cast<char>('a' + random() % 3));
      }
    }
    const auto fewest = [&](auto&& self, std::size_t i, std::size_t j) -> std::int64_t {
      if (i == a.size() || j == b.size()) {
        return static_cast<std::int64_t>(a.size() - i + b.size() - j);
      }
      return std::min({self(self, i + 1, j + 1) + (a[i] == b[j] ? 0 : 1), self(self, i + 1, j) + 1,
                       self(self, i, j + 1) + 1});
    };
    const WordErrors errors = CountWordErrors(JoinWithBlanks(a), JoinWithBlanks(b));
    EXPECT_EQ(errors.errors(), fewest(fewest, 0, 0));
    EXPECT_EQ(errors.words, static_cast<std::int64_t>(a.size()));
    EXPECT_EQ(errors.words - errors.left_out + errors.put_in, static_cast<std::int64_t>(b.size()));
  }
}

}  // namespace
}  // namespace pinhole::speech
