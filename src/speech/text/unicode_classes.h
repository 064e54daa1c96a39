// SPDX-License-Identifier: Apache-2.0
#pragma once

// What kind of character a code point is, as far as splitting text into words needs it.
//
// Letters are Unicode's general categories L*, numbers N*; white space is the property White_Space.
// The tables in unicode_classes.cc are made by tools/make_unicode_classes.py from Python's
// unicodedata:
//   python3 tools/make_unicode_classes.py > src/speech/text/unicode_classes.cc

#include <cstdint>

namespace pinhole::speech {

enum class CharacterClass : std::uint8_t { kOther, kLetter, kNumber, kSpace };

// Any number: what is no code point is kOther.
CharacterClass ClassOf(std::uint32_t code);

}  // namespace pinhole::speech
