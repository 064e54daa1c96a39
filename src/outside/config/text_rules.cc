// SPDX-License-Identifier: Apache-2.0
#include "outside/config/text_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhole::outside::config {

namespace {

constexpr std::size_t kMaxPath = 4095;

bool AllOf(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A scheme that is named has to be one that is known: a wrong one would be taken for a file.
bool IsInput(std::string_view text) {
  for (const std::string_view scheme : {"rtsp://", "rtsps://", "v4l2:", "gst:"}) {
    if (text.starts_with(scheme)) {
      return text.size() > scheme.size() && text.size() <= kMaxPath;
    }
  }
  return text.find("://") == std::string_view::npos && text.size() <= kMaxPath;
}

bool IsI2cPath(std::string_view text) {
  const std::size_t name = text.rfind('/') + 1;
  return text.starts_with('/') && text.size() <= kMaxPath &&
         text.substr(name).starts_with("i2c-") && IsDigits(text.substr(name + 4));
}

// The bytes of an address; empty where `text` is none.
std::string AddressBytes(std::string_view text) {
  const std::string terminated(text);
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
    return {bytes.data(), sizeof(in_addr)};
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) {
    return {bytes.data(), bytes.size()};
  }
  return "";
}

}  // namespace

const TextRule kName = {"a name of 1 to 64 bytes",
                        [](std::string_view text) { return !text.empty() && text.size() <= 64; }};
const TextRule kFile = {"the path of a file, 1 to 4095 bytes", [](std::string_view text) {
                          return !text.empty() && text.size() <= kMaxPath;
                        }};
const TextRule kFileOrNone = {"the path of a file, or \"\" for none",
                              [](std::string_view text) { return text.size() <= kMaxPath; }};
const TextRule kInput = {
    "a path, rtsp://ADDRESS, v4l2:DEVICE, gst:PIPELINE, or \"\" for the bundled film", IsInput};
const TextRule kI2cPath = {"an absolute path that ends in /i2c- and a number", IsI2cPath};
const TextRule kHost = {"a host's name or IP address", [](std::string_view text) {
                          return !text.empty() && text.size() <= 253 && AllOf(text, ".:-_%");
                        }};
const TextRule kIpAddress = {"an IP address, as 127.0.0.1 or ::1",
                             [](std::string_view text) { return !AddressBytes(text).empty(); }};
const TextRule kUserName = {"a name of at most 255 bytes, or \"\" for none",
                            [](std::string_view text) { return text.size() <= 255; }};
const TextRule kDeviceId = {
    "at most 64 of a to z, 0 to 9, _ and -, or \"\" for one made of the machine's id",
    [](std::string_view text) {
      return text.size() <= 64 && AllOf(text, "_-") &&
             std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    }};
const TextRule kTopicPrefix = {
    "1 to 128 bytes without +, #, and a / or $ in front or a / behind", [](std::string_view text) {
      return !text.empty() && text.size() <= 128 &&
             text.find_first_of("+#") == std::string_view::npos && text.front() != '$' &&
             text.front() != '/' && text.back() != '/';
    }};

std::pair<std::size_t, std::size_t> PasswordIn(std::string_view input) {
  constexpr std::pair<std::size_t, std::size_t> kNone = {std::string_view::npos, 0};
  const std::size_t scheme = input.find("://");
  if (scheme == std::string_view::npos) {
    return kNone;
  }
  const std::size_t begin = scheme + 3;
  // A password with a '/' in it breaks the rules for addresses, but people write such: the last '@'
  // before a query counts, so that rather too much is hidden than too little.
  const std::size_t at = input.substr(0, input.find('?', begin)).rfind('@');
  const std::size_t colon = input.find(':', begin);
  if (at == std::string_view::npos || at < begin || colon >= at) {
    return kNone;
  }
  return {colon + 1, at - colon - 1};
}

std::string Shortened(std::string_view text) {
  constexpr std::size_t kShown = 80;
  if (text.size() <= kShown) {
    return std::string(text);
  }
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)) + "...";
}

bool IsLoopback(std::string_view ip_address) {
  const std::string bytes = AddressBytes(ip_address);
  return bytes.size() == sizeof(in_addr) ? bytes[0] == 127
                                         : bytes == std::string(sizeof(in6_addr) - 1, '\0') + '\1';
}

}  // namespace pinhole::outside::config
