// SPDX-License-Identifier: Apache-2.0
#pragma once

// How many words a transcript has wrong: the fewest words to replace, leave out and put in that
// make the reference of it (Levenshtein's distance over words).
//
// Words are what stands between blanks; normalise both texts before (english_text.h). Of ways that
// cost the same, the one with most replacements counts. Memory and time: the product of both
// lengths, the memory for two rows of it.

#include <cstdint>
#include <string_view>

namespace pinhole::speech {

struct WordErrors {
  std::int64_t replaced = 0;
  std::int64_t left_out = 0;  // words of the reference that the transcript lacks
  std::int64_t put_in = 0;    // words of the transcript that the reference lacks
  std::int64_t words = 0;     // of the reference

  [[nodiscard]] std::int64_t errors() const { return replaced + left_out + put_in; }
  // May be more than 1; 0 where there are no words and no errors, else infinite without words.
  [[nodiscard]] double rate() const;

  // Over several texts: errors and words are added, not rates.
  WordErrors& operator+=(const WordErrors& other);
};

WordErrors CountWordErrors(std::string_view reference, std::string_view transcript);

}  // namespace pinhole::speech
