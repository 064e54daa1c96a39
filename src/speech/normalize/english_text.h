// SPDX-License-Identifier: Apache-2.0
#pragma once

// English text in one spelling, so that two transcripts can be compared word by word.
//
//   "Mr. Smith's 2nd call, at ten to five - [noise] uh, it cost $2.50!"
//     -> "mister smith is 2nd call at 10 to 5 it cost $2.50"
//
// By the rules of OpenAI's normaliser, in which word error rates of Whisper are stated: lower case;
// what stands in brackets and sounds like "uh" left out; contractions and titles written out;
// letters without diacritics, symbols as blanks; numbers in digits (english_numbers.h); blanks
// single, none at the ends.
//
// Three things differ: British spellings stay, since the list is not part of this project; a caller
// may give one. Diacritics are taken off Latin letters up to U+017F, and off what is followed by a
// combining mark. Capitals above U+017F stay as they are. On English none of them changes a word
// error rate but where a British spelling meets an American one.

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pinhole::speech {

// From a word to the one it is written as.
using Spellings = std::map<std::string, std::string, std::less<>>;

std::string NormalizeEnglish(std::string_view text, const Spellings& spellings = {});

}  // namespace pinhole::speech
