// SPDX-License-Identifier: Apache-2.0
#pragma once

// Characters out of UTF-8 and back; and text whose bytes arrive in pieces.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhole::speech {

// Appends `code`, at most 0x10FFFF.
void AppendUtf8(std::uint32_t code, std::string& to);

// The character at the front of `text`, and its length in bytes; length 0 where there is none: not
// UTF-8, or cut short. Shortest forms only, no surrogates.
struct Utf8Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};
Utf8Character FirstUtf8(std::string_view text);

// Bytes in pieces of any lengths -> text that is valid UTF-8 after every piece. What may yet become
// a character is held back, at most three bytes; what can't is replaced by U+FFFD, once for every
// maximal part of a character (Unicode 3.9, "U+FFFD substitution"), as Python's errors="replace"
// does. How the bytes were cut into pieces changes nothing.
class Utf8Stream {
 public:
  // Appends to `text` what is certain with these bytes.
  void Push(std::string_view bytes, std::string& text);
  // The end: what was held back becomes U+FFFD. Ready for another text.
  void Finish(std::string& text);
  // Whether bytes are held back.
  [[nodiscard]] bool holds_bytes() const { return !held_.empty(); }

 private:
  std::string held_;
};

}  // namespace pinhole::speech
