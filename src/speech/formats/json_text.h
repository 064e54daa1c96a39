// SPDX-License-Identifier: Apache-2.0
#pragma once

// How JSON spells a text and a number. Appends; keeps no state.
//
//   std::string json = "{\"text\":";
//   AppendJson(text, json);
//   json += '}';

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhole::speech {

// `text` with its quotes. Bytes that are no UTF-8 become U+FFFD; quotes, backslashes and control
// characters are escaped, and so are U+2028 and U+2029, which some readers take for line ends.
void AppendJson(std::string_view text, std::string& to);

// As few digits as read back the same; null for infinity and NaN, which JSON has no word for.
void AppendJson(double number, std::string& to);
void AppendJson(float number, std::string& to);

// Milliseconds as seconds, exactly: 1500 -> 1.5, 0 -> 0.0. Negative ones are taken for 0.
void AppendJsonSeconds(std::int64_t ms, std::string& to);

}  // namespace pinhole::speech
