// SPDX-License-Identifier: Apache-2.0
#include "outside/http/token.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "system/files.h"

namespace pinhole::outside::http {

namespace {

constexpr std::size_t kMaxTokenFile = 4096;

bool IsTokenCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("._~+/=-").find(c) != std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

base::Result<std::string> ReadToken(const std::string& path, base::Diagnosis& why) {
  system::AlignedBytes bytes;
  try {
    bytes = system::ReadFile(path, kMaxTokenFile);
  } catch (const system::Failure& failure) {
    return why.Fail(base::Error::kNotFound, "the token file can't be read: ", failure.what());
  }
  const auto* text = reinterpret_cast<const char*>(bytes.span().data());
  std::string_view line(text, bytes.size());
  line = Trimmed(line.substr(0, line.find('\n')));
  if (line.size() < kMinToken || line.size() > kMaxToken) {
    return why.Fail(base::Error::kInvalidArgument, "the first line of the token file ", path,
                    " has ", line.size(), " characters; a token has ", kMinToken, " to ", kMaxToken,
                    ": write a random one into it, for example with: openssl rand -hex "
                    "24 > ",
                    path);
  }
  if (!std::all_of(line.begin(), line.end(), IsTokenCharacter)) {
    return why.Fail(base::Error::kInvalidArgument, "the first line of the token file ", path,
                    " holds a character that a token may not have; use letters, digits and "
                    ". _ ~ + / = -");
  }
  return std::string(line);
}

bool SameToken(std::string_view expected, std::string_view given) {
  unsigned different = expected.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    different |= static_cast<std::uint8_t>(given[i] ^ other);
  }
  // Read through a volatile, so that no compiler finds a way to leave the loop early.
  const volatile unsigned result = different;
  return result == 0 && !expected.empty();
}

std::string FormValue(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::size_t end = form.find('&');
    const std::string_view pair = form.substr(0, end);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return Decoded(pair.substr(name.size() + 1));
    }
    form = end == std::string_view::npos ? std::string_view() : form.substr(end + 1);
  }
  return {};
}

std::string_view CookieValue(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::size_t end = cookies.find(';');
    const std::string_view pair = Trimmed(cookies.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    cookies = end == std::string_view::npos ? std::string_view() : cookies.substr(end + 1);
  }
  return {};
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) {
    return {};
  }
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((authorization[i] | 0x20) != kScheme[i]) {
      return {};
    }
  }
  return Trimmed(authorization.substr(kScheme.size()));
}

}  // namespace pinhole::outside::http
