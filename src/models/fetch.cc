// SPDX-License-Identifier: Apache-2.0
#include "models/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "system/failure.h"

namespace pinhole::models {

namespace {

using system::Failure;
using system::Printable;

constexpr long kMaxRedirects = 8;
constexpr long kOk = 200;
constexpr long kPartial = 206;
constexpr long kForbidden = 403;
constexpr long kNotFound = 404;
constexpr long kTimeout = 408;
constexpr long kGone = 410;
constexpr long kBadRange = 416;
constexpr long kTooMany = 429;
constexpr long kServerErrors = 500;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

// Scheme and host of an address.
struct Where {
  std::string scheme, host;
};

std::optional<Where> WhereOf(const std::string& address) {
  struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    curl_url_get(url.get(), which, &text, 0);
    std::string copy = text == nullptr ? "" : text;
    curl_free(text);
    return copy;
  };
  return Where{.scheme = part(CURLUPART_SCHEME), .host = part(CURLUPART_HOST)};
}

bool IsLoopback(const std::string& host) {
  in_addr v4 = {};
  constexpr unsigned kLoopbackNet = 127;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == kLoopbackNet;
  }
  return host == "localhost" || host == "[::1]";
}

// What the callbacks share while libcurl works.
struct Transfer {
  CURL* easy;
  const Exchange& exchange;
  PartFile& part;
  std::string etag = {};
  std::optional<std::uint64_t> range_start = {};
  bool body_began = false;
  // Why the body was cut off by us.
  std::optional<Answer> stopped = {};
  std::exception_ptr failure = {};

  [[nodiscard]] long Code() const {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
};

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const auto last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
}

std::optional<std::string_view> ValueOf(std::string_view line, std::string_view name) {
  if (line.size() > name.size() && line[name.size()] == ':' &&
      ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
    return Trimmed(line.substr(name.size() + 1));
  }
  return std::nullopt;
}

std::size_t OnHeader(const char* data, std::size_t, std::size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // another reply: after a redirect, or after 100 Continue
    transfer.etag.clear();
    transfer.range_start.reset();
  } else if (const auto etag = ValueOf(line, "etag")) {
    // A weak one (W/"...") says nothing about bytes, and may not stand in If-Range.
    transfer.etag = etag->starts_with('"') ? *etag : "";
  } else if (auto range = ValueOf(line, "content-range"); range && range->starts_with("bytes ")) {
    std::uint64_t start = 0;
    range->remove_prefix(std::string_view("bytes ").size());
    if (std::from_chars(range->data(), range->data() + range->size(), start).ec == std::errc()) {
      transfer.range_start = start;
    }
  }
  return size;
}

// The first byte of a reply's body: does it go on where the part ends?
void BeginBody(Transfer& transfer) {
  const std::uint64_t have = transfer.part.size();
  if (transfer.Code() == kOk) {
    transfer.part.Restart(transfer.etag);
  } else if (transfer.range_start.value_or(have + 1) != have) {
    transfer.stopped = Answer{.outcome = Outcome::kStale,
                              .what = "the server sent another part of the file than was asked"};
  }
  curl_off_t announced = -1;
  curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  const std::uint64_t room = transfer.exchange.bytes - transfer.part.size();
  if (!transfer.stopped && announced > 0 && static_cast<std::uint64_t>(announced) > room) {
    transfer.stopped = Answer{
        .outcome = Outcome::kRefused,
        .what = "the server has a file of " +
                std::to_string(transfer.part.size() + static_cast<std::uint64_t>(announced)) +
                " bytes where " + std::to_string(transfer.exchange.bytes) + " were expected"};
  }
}

void TakeBody(Transfer& transfer, std::span<const std::byte> bytes) {
  if (!transfer.body_began) {
    transfer.body_began = true;
    BeginBody(transfer);
  }
  const std::uint64_t room = transfer.exchange.bytes - transfer.part.size();
  if (!transfer.stopped && bytes.size() > room) {
    transfer.stopped =
        Answer{.outcome = Outcome::kRefused,
               .what = "the server sends more than the " + std::to_string(transfer.exchange.bytes) +
                       " bytes that were expected"};
  }
  if (!transfer.stopped) {
    transfer.part.Append(bytes);
    if (transfer.exchange.moved) {
      transfer.exchange.moved();
    }
  }
}

std::size_t OnBody(const char* data, std::size_t, std::size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const long code = transfer.Code();
  if (code != kOk && code != kPartial) {
    transfer.stopped = Answer{};  // an error's page is not read; the code says enough
    return 0;
  }
  try {  // no exception may cross libcurl, which is C
    TakeBody(transfer, std::as_bytes(std::span(data, size)));
  } catch (...) {
    transfer.failure = std::current_exception();
  }
  return transfer.failure != nullptr || transfer.stopped ? 0 : size;
}

Answer OfCode(Transfer& transfer, long code) {
  curl_off_t retry_after = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &retry_after);
  constexpr curl_off_t kLongestWait = 300;
  const int wait = static_cast<int>(std::clamp<curl_off_t>(retry_after, 0, kLongestWait));
  const std::string said = "the server answered " + std::to_string(code);
  if (code == kBadRange) {
    return {.outcome = Outcome::kStale, .what = said + " (no such part)"};
  }
  if (code == kTimeout || code == kTooMany || code >= kServerErrors) {
    return {.outcome = Outcome::kTrouble,
            .what = said + (code == kTooMany ? " (too many requests)" : ""),
            .retry_after_s = wait};
  }
  const char* const meaning = code == kNotFound || code == kGone ? " (no such file)"
                              : code == kForbidden               ? " (not allowed)"
                                                                 : "";
  return {.outcome = Outcome::kRefused, .what = said + meaning};
}

// What libcurl's own result means, where it is no success.
Answer OfResult(const Transfer& transfer, CURLcode result, const char* detail) {
  switch (result) {
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {.outcome = Outcome::kRefused,
              .what = "the server leads on to an address that is not https"};
    case CURLE_TOO_MANY_REDIRECTS:
      return {.outcome = Outcome::kRefused, .what = "the server leads in a circle"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {.outcome = Outcome::kRefused,
              .what = "the server's certificate is not trusted here (" + Printable(detail) +
                      "; is the package ca-certificates installed, and the clock right?)"};
    case CURLE_OPERATION_TIMEDOUT:
      return {.outcome = Outcome::kTrouble,
              .what = "nothing came for " + std::to_string(transfer.exchange.stall_s) + " s"};
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
      return {.outcome = Outcome::kTrouble,
              .what = "the connection ended after " + std::to_string(transfer.part.size()) +
                      " of " + std::to_string(transfer.exchange.bytes) + " bytes"};
    default:
      return {.outcome = Outcome::kTrouble,
              .what = Printable(*detail != '\0' ? detail : curl_easy_strerror(result))};
  }
}

Answer Judge(Transfer& transfer, CURLcode result, const char* detail) {
  const long code = transfer.Code();
  if (code != 0 && code != kOk && code != kPartial &&
      (result == CURLE_OK || result == CURLE_WRITE_ERROR)) {
    return OfCode(transfer, code);
  }
  if (transfer.stopped) {
    return *transfer.stopped;
  }
  if (result == CURLE_OK && transfer.part.size() == transfer.exchange.bytes) {
    return {.outcome = Outcome::kWhole, .what = ""};
  }
  return OfResult(transfer, result == CURLE_OK ? CURLE_PARTIAL_FILE : result, detail);
}

void Set(CURL* easy, const Exchange& exchange, bool loopback, curl_slist* headers) {
  curl_easy_setopt(easy, CURLOPT_URL, exchange.address.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "pinhole");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(exchange.stall_s));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(exchange.stall_s));
  if (loopback) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }
}

}  // namespace

std::string WhyNotAsked(const std::string& address) {
  const auto where = WhereOf(address);
  if (!where) {
    return "'" + Printable(address) + "' is no address";
  }
  if (where->scheme == "https" || (where->scheme == "http" && IsLoopback(where->host))) {
    return "";
  }
  return "'" + Printable(address) +
         "' is not https; plain http is for a mirror on this machine alone";
}

Answer Fetch(const Exchange& exchange, PartFile& part) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Easy easy(ready == CURLE_OK ? curl_easy_init() : nullptr);
  if (easy == nullptr) {
    throw Failure("the library libcurl can't be used; install it again");
  }
  if (std::string why = WhyNotAsked(exchange.address); !why.empty()) {
    return {.outcome = Outcome::kRefused, .what = std::move(why)};
  }
  Headers headers;
  const auto add = [&](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str()); longer != nullptr) {
      headers.release();
      headers.reset(longer);
    }
  };
  if (part.size() > 0) {
    add("Range: bytes=" + std::to_string(part.size()) + "-");
    if (!part.etag().empty()) {
      add("If-Range: " + part.etag());
    }
  }
  const auto where = WhereOf(exchange.address);
  Set(easy.get(), exchange, where && IsLoopback(where->host), headers.get());
  char detail[CURL_ERROR_SIZE] = {};
  Transfer transfer{.easy = easy.get(), .exchange = exchange, .part = part};
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
  const CURLcode result = curl_easy_perform(easy.get());
  if (transfer.failure != nullptr) {
    std::rethrow_exception(transfer.failure);
  }
  return Judge(transfer, result, detail);
}

}  // namespace pinhole::models
