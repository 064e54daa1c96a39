#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/speech/text/unicode_classes.cc: ranges of letters, numbers and white space.

usage: make_unicode_classes.py > src/speech/text/unicode_classes.cc
       make_unicode_classes.py --list     one line `code class` for every code point that is L, N or S

Letters and numbers come from this Python's unicodedata; white space is the property White_Space, which
unicodedata doesn't have, and which has not changed since Unicode 4.1 but for one removal (U+180E).
"""

import sys
import unicodedata

WHITE_SPACE = [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
               0x205F, 0x3000]


def classes():
    """{code: "L", "N" or "S"}."""
    found = {}
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category[0] in "LN":
            found[code] = category[0]
    found.update((code, "S") for code in WHITE_SPACE)
    return found


def ranges(found):
    """(first, last, class) in order; neighbours of one class together."""
    joined = []
    for code, kind in sorted(found.items()):
        if joined and joined[-1][1] == code - 1 and joined[-1][2] == kind:
            joined[-1][1] = code
        else:
            joined.append([code, code, kind])
    return joined


def main():
    found = classes()
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{code} {kind}" for code, kind in sorted(found.items())))
        return
    names = {"L": "kLetter", "N": "kNumber", "S": "kSpace"}
    table = ranges(found)
    print(f"""// SPDX-License-Identifier: Apache-2.0
// Made by tools/make_unicode_classes.py from Unicode {unicodedata.unidata_version}; unicode_classes.h says how to make it anew.
#include "speech/text/unicode_classes.h"

#include <algorithm>
#include <iterator>

namespace pinhole::speech {{
namespace {{

struct Range {{
  std::uint32_t first, last;
  CharacterClass character_class;
}};

constexpr auto kLetter = CharacterClass::kLetter;
constexpr auto kNumber = CharacterClass::kNumber;
constexpr auto kSpace = CharacterClass::kSpace;

// In order, {len(table)} of them.
// clang-format off
constexpr Range kRanges[] = {{""")
    line = "   "
    for first, last, kind in table:
        entry = f" {{0x{first:X}, 0x{last:X}, {names[kind]}}},"
        if len(line) + len(entry) > 100:
            print(line)
            line = "   "
        line += entry
    print(line)
    print("""};
// clang-format on

}  // namespace

CharacterClass ClassOf(std::uint32_t code) {
  const auto* const after =
      std::ranges::upper_bound(kRanges, code, {}, [](const Range& range) { return range.first; });
  if (after == std::begin(kRanges) || code > std::prev(after)->last) {
    return CharacterClass::kOther;
  }
  return std::prev(after)->character_class;
}

}  // namespace pinhole::speech""")


if __name__ == "__main__":
    main()
