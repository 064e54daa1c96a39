// SPDX-License-Identifier: Apache-2.0
#pragma once

// Spelled numbers into digits, word by word: "two hundred and sixty" -> "260", "nineteen fifties"
// -> "1950s", "two dollars and seventy cents" -> "$2.70", "double oh seven" -> "007", "one" stays.
//
// `text` is in lower case, without symbols but . % $ ¢ € £. By the rules of OpenAI's normaliser,
// oddities included ("3.1" becomes "3.one"): both sides of a comparison go through them.

#include <string>
#include <string_view>

namespace pinhole::speech {

std::string NormalizeEnglishNumbers(std::string_view text);

}  // namespace pinhole::speech
