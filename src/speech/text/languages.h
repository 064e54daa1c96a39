// SPDX-License-Identifier: Apache-2.0
#pragma once

// The languages that Whisper knows, in the order of their tokens.

#include <array>
#include <string_view>

namespace pinhole::speech {

struct Language {
  std::string_view code;  // ISO 639, as Whisper spells it
  std::string_view name;  // in English, lower case
};

// The last one, Cantonese, came with large-v3.
inline constexpr int kLanguages = 100;
extern const std::array<Language, kLanguages> kLanguageTable;

// The place in the table of a code or an English name in any case; some other names that the same
// languages go by are known, too ("flemish", "mandarin"). -1 where it is none.
int FindLanguage(std::string_view code_or_name);

}  // namespace pinhole::speech
