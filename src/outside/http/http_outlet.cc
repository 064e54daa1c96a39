// SPDX-License-Identifier: Apache-2.0
// Options checked; the sockets are http_server.cc's.
#include "outside/http/http_outlet.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "outside/http/http_server.h"
#include "outside/http/token.h"

namespace pinhole::outside::http {

namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxProfile = 32;
constexpr std::size_t kMaxLabel = 2048;

// The length of the UTF-8 sequence that `text` begins with, 0 where it is none (RFC 3629: shortest
// form, no surrogates, up to U+10FFFF).
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const bool shortest = first != 0xe0 || byte(1) >= 0xa0;
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    return follows(1) && follows(2) && shortest && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool in_range = (first != 0xf0 || byte(1) >= 0x90) && (first != 0xf4 || byte(1) < 0x90);
    return follows(1) && follows(2) && follows(3) && in_range ? 4 : 0;
  }
  return 0;
}

bool IsPlainText(std::string_view text, bool lines) {
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool control = (first < 0x20 && !(lines && first == '\n')) || first == 0x7f;
    if (length == 0 || control) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

bool IsProfileName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxProfile &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

base::Status CheckTexts(const HttpOptions& options, base::Diagnosis& why) {
  using base::Error;
  if (options.sensor_name.empty() || options.sensor_name.size() > kMaxName ||
      !IsPlainText(options.sensor_name, /*lines=*/false)) {
    return why.Fail(Error::kInvalidArgument, "http: the sensor's name has to be 1 to ", kMaxName,
                    " bytes of UTF-8 without control characters, and has ",
                    options.sensor_name.size());
  }
  if (options.label.size() > kMaxLabel || !IsPlainText(options.label, /*lines=*/true)) {
    return why.Fail(Error::kInvalidArgument, "http: the label has to be at most ", kMaxLabel,
                    " bytes of UTF-8 lines, and has ", options.label.size());
  }
  if (!IsProfileName(options.profile)) {
    return why.Fail(Error::kInvalidArgument, "http: '", options.profile,
                    "' is no profile's name: presence, people or compatible");
  }
  if (options.tick < std::chrono::milliseconds(1) || options.tick > std::chrono::hours(1)) {
    return why.Fail(Error::kInvalidArgument, "http: a tick of ", options.tick.count(),
                    " microseconds: it has to be a millisecond to an hour");
  }
  return {};
}

}  // namespace

base::Result<SiteOptions> CheckedOptions(const HttpOptions& options, base::Diagnosis& why) {
  PINHOLE_TRY(CheckTexts(options, why));
  in_addr v4{};
  in6_addr v6{};
  const bool is_v4 = inet_pton(AF_INET, options.address.c_str(), &v4) == 1;
  const bool is_v6 = !is_v4 && inet_pton(AF_INET6, options.address.c_str(), &v6) == 1;
  if (!is_v4 && !is_v6) {
    return why.Fail(base::Error::kInvalidArgument, "http: '", options.address,
                    "' is no IP address: 127.0.0.1 is this machine alone, 0.0.0.0 every network "
                    "it is in");
  }
  const bool loopback = is_v4 ? ntohl(v4.s_addr) >> 24U == 127 : IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  if (!loopback && options.token_file.empty()) {
    return why.Fail(base::Error::kInvalidArgument, "http: at the address ", options.address,
                    " others can reach this sensor, so it wants a token file, whose first line "
                    "has at least ",
                    kMinToken, " characters; or take 127.0.0.1");
  }
  SiteOptions site;
  if (!options.token_file.empty()) {
    auto token = ReadToken(options.token_file, why);
    if (!token) {
      why.Prefix("http: ");
      return base::Unexpected(token.error());
    }
    site.token = *std::move(token);
  }
  site.sensor_name = options.sensor_name;
  site.label = options.label;
  site.profile = options.profile;
  site.tick = options.tick;
  site.address = options.address;
  site.loopback = loopback;
  site.port = options.port;
  return site;
}

base::Result<std::unique_ptr<HttpOutlet>> OpenHttp(const HttpOptions& options,
                                                   outlet::Notices notices, base::Diagnosis& why) {
  PINHOLE_ASSIGN(SiteOptions site, CheckedOptions(options, why));
  if (!notices) {
    notices = [](std::string_view) {};
  }
  return OpenHttpServer(std::move(site), HttpTimes{}, std::move(notices), why);
}

}  // namespace pinhole::outside::http
