// SPDX-License-Identifier: Apache-2.0
#include "speech/formats/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "speech/text/utf8.h"

namespace pinhole::speech {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void AppendEscape(std::uint32_t code, std::string& to) {
  to += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    to += kHex[(code >> static_cast<unsigned>(shift)) & 15U];
  }
}

void AppendCharacter(std::uint32_t code, std::string_view bytes, std::string& to) {
  switch (code) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
  }
  if (code < 0x20 || code == 0x7F || code == 0x2028 || code == 0x2029) {
    AppendEscape(code, to);
  } else {
    to += bytes;
  }
}

template <typename Real>
void AppendNumber(Real number, std::string& to) {
  if (!std::isfinite(number)) {
    to += "null";
    return;
  }
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  to.append(digits, end);
}

}  // namespace

void AppendJson(std::string_view text, std::string& to) {
  std::string valid;
  Utf8Stream stream;
  stream.Push(text, valid);
  stream.Finish(valid);
  to += '"';
  for (std::string_view rest = valid; !rest.empty();) {
    const Utf8Character next = FirstUtf8(rest);
    AppendCharacter(next.code, rest.substr(0, next.length), to);
    rest.remove_prefix(next.length);
  }
  to += '"';
}

void AppendJson(double number, std::string& to) { AppendNumber(number, to); }
void AppendJson(float number, std::string& to) { AppendNumber(number, to); }

void AppendJsonSeconds(std::int64_t ms, std::string& to) {
  ms = std::max<std::int64_t>(ms, 0);
  to += std::to_string(ms / 1000);
  std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  while (fraction.size() > 1 && fraction.back() == '0') {
    fraction.pop_back();
  }
  to += '.';
  to += fraction;
}

}  // namespace pinhole::speech
