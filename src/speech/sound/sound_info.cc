// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_info.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace pinhole::speech {

namespace {

constexpr std::string_view kMark = "pinhole-sound 1 ";
constexpr std::size_t kMaxName = 40;
constexpr std::int32_t kMaxRate = 1 << 24;
constexpr std::int32_t kMaxChannels = 1024;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ',' || c == '.' ||
         c == '-';
}

std::string Cleaned(std::string_view name) {
  std::string clean(name.substr(0, kMaxName));
  std::ranges::replace_if(clean, [](char c) { return !IsNameByte(c); }, '-');
  return clean.empty() ? "-" : clean;
}

// What stands behind `key` at the front of `rest`, up to the next blank; both are taken away.
bool TakeField(std::string_view& rest, std::string_view key, std::string_view& value) {
  if (!rest.starts_with(key)) {
    return false;
  }
  rest.remove_prefix(key.size());
  const std::size_t end = std::min(rest.find(' '), rest.size());
  value = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

template <typename Integer>
bool TakeNumber(std::string_view& rest, std::string_view key, Integer low, Integer high,
                Integer& number) {
  std::string_view text;
  if (!TakeField(rest, key, text)) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= low &&
         number <= high;
}

bool TakeName(std::string_view& rest, std::string_view key, std::string& name) {
  std::string_view text;
  if (!TakeField(rest, key, text) || text.empty() || text.size() > kMaxName ||
      !std::ranges::all_of(text, IsNameByte)) {
    return false;
  }
  name = text;
  return true;
}

}  // namespace

std::string HeaderLine(const SoundInfo& info) {
  return std::string(kMark) + "duration_ms=" + std::to_string(info.duration_ms) +
         " rate=" + std::to_string(info.rate) + " channels=" + std::to_string(info.channels) +
         " container=" + Cleaned(info.container) + " codec=" + Cleaned(info.codec) + "\n";
}

base::Result<SoundInfo> ParseHeader(std::string_view line, base::Diagnosis& why) {
  SoundInfo info;
  std::string_view rest = line;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1000000;
  const bool marked = rest.starts_with(kMark);
  rest.remove_prefix(marked ? kMark.size() : 0);
  if (!marked || !TakeNumber(rest, "duration_ms=", std::int64_t{-1}, kMost, info.duration_ms) ||
      !TakeNumber(rest, "rate=", 1, kMaxRate, info.rate) ||
      !TakeNumber(rest, "channels=", 1, kMaxChannels, info.channels) ||
      !TakeName(rest, "container=", info.container) || !TakeName(rest, "codec=", info.codec) ||
      !rest.empty()) {
    return why.Fail(base::Error::kMalformed, "the decoder answers '", line.substr(0, 80),
                    "', which is not how sound begins; install Pinhole again");
  }
  return info;
}

}  // namespace pinhole::speech
