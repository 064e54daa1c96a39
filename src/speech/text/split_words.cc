// SPDX-License-Identifier: Apache-2.0
#include "speech/text/split_words.h"

#include <algorithm>
#include <cstddef>

#include "speech/text/unicode_classes.h"
#include "speech/text/utf8.h"

namespace pinhole::speech {
namespace {

struct Classified {
  CharacterClass character_class = CharacterClass::kOther;
  std::size_t length = 1;
};

Classified First(std::string_view text) {
  const Utf8Character first = FirstUtf8(text);
  if (first.length == 0) {
    return {};
  }
  return {ClassOf(first.code), first.length};
}

// Bytes of `text` at its front that are of one class.
std::size_t Run(std::string_view text, CharacterClass character_class) {
  std::size_t length = 0;
  while (length < text.size()) {
    const Classified next = First(text.substr(length));
    if (next.character_class != character_class) {
      break;
    }
    length += next.length;
  }
  return length;
}

// White space at the front of `text`, without its last character where something else follows.
std::size_t Blanks(std::string_view text) {
  std::size_t length = 0, before_last = 0;
  while (length < text.size()) {
    const Classified next = First(text.substr(length));
    if (next.character_class != CharacterClass::kSpace) {
      return before_last == 0 ? length : before_last;
    }
    before_last = length;
    length += next.length;
  }
  return length;
}

}  // namespace

std::string_view FirstPiece(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) {
      return text.substr(0, ending.size());
    }
  }
  const std::size_t blank = text.starts_with(' ') ? 1 : 0;
  const std::string_view behind = text.substr(blank);
  if (!behind.empty()) {
    const CharacterClass character_class = First(behind).character_class;
    if (character_class != CharacterClass::kSpace) {
      return text.substr(0, blank + Run(behind, character_class));
    }
  }
  return text.substr(0, Blanks(text));
}

}  // namespace pinhole::speech
