// SPDX-License-Identifier: Apache-2.0
#include "speech/text/utf8.h"

namespace pinhole::speech {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

struct Scan {
  Utf8Character character;  // length 0 where there is none
  std::size_t part = 0;     // then: bytes that begin a character, at least 1
  bool is_cut = false;      // and only its end is missing
};

// What lies at the front of `text`, which isn't empty. The second byte's limits rule out long
// forms, surrogates and what lies above 0x10FFFF (Unicode table 3-7).
Scan ScanUtf8(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<std::uint8_t>(text[i])};
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) {
    return {{lead, 1}, 1, false};
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return {{}, 1, false};
  }
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const std::uint32_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint32_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) {
      return {{}, i, true};
    }
    if (byte(i) < (i == 1 ? least : 0x80) || byte(i) > (i == 1 ? most : 0xBF)) {
      return {{}, i, false};
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return {{code, length}, length, false};
}

}  // namespace

void AppendUtf8(std::uint32_t code, std::string& to) {
  const auto put = [&to](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6U);
    put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12U);
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | code >> 18U);
    put(0x80 | (code >> 12U & 0x3FU));
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  }
}

Utf8Character FirstUtf8(std::string_view text) {
  return text.empty() ? Utf8Character() : ScanUtf8(text).character;
}

void Utf8Stream::Push(std::string_view bytes, std::string& text) {
  held_.append(bytes);
  std::string_view left = held_;
  while (!left.empty()) {
    const Scan scan = ScanUtf8(left);
    if (scan.is_cut) {
      break;
    }
    if (scan.character.length != 0) {
      text.append(left.substr(0, scan.part));
    } else {
      AppendUtf8(kReplacement, text);
    }
    left.remove_prefix(scan.part);
  }
  held_.erase(0, held_.size() - left.size());
}

void Utf8Stream::Finish(std::string& text) {
  if (!held_.empty()) {
    AppendUtf8(kReplacement, text);
    held_.clear();
  }
}

}  // namespace pinhole::speech
