// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes from a client, in arbitrary pieces, to bytes of a reply, without sockets: nothing
// crashes, any split gives the same, each reply is one well-formed head, and without its token a
// sensor tells no facts. The first byte chooses the pieces and whether there is a token.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "outside/http/request_reader.h"
#include "outside/http/site.h"

namespace {

using namespace pinhole;                 // NOLINT(google-build-using-namespace): its own program
using namespace pinhole::outside::http;  // NOLINT(google-build-using-namespace)

constexpr std::string_view kToken = "0123456789abcdef";

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

Site MakeSite(bool with_token) {
  SiteOptions options;
  options.sensor_name = "Hall";
  options.label = "grade: A";
  options.profile = "people";
  options.address = "127.0.0.1";
  options.port = 8462;
  options.token = with_token ? std::string(kToken) : "";
  Site site(options);
  facts::PersonFacts facts;
  facts.reading = facts.present = 1;
  site.Take(facts, Clock::time_point{});
  return site;
}

// What a client gets for `bytes` fed in pieces of `piece`; empty while the request is not whole.
std::string Converse(const Site& site, std::string_view bytes, std::size_t piece) {
  RequestReader reader;
  RequestReader::State state = RequestReader::State::kMore;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    state = reader.Feed(bytes.substr(at, piece));
  }
  switch (state) {
    case RequestReader::State::kMore: return {};
    case RequestReader::State::kRefused: return Bytes(reader.refusal(), false);
    case RequestReader::State::kRequest: break;
  }
  const Reply reply = site.Answer(reader.request(), Clock::time_point{}, Traffic{});
  Require(!reply.stream || reply.status == 200);
  return Bytes(reply, reader.request().method == "HEAD");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Site open_site = MakeSite(false);
  static const Site closed_site = MakeSite(true);
  if (size == 0) {
    return 0;
  }
  const bool with_token = (data[0] & 1U) != 0;
  const Site& site = with_token ? closed_site : open_site;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string reply = Converse(site, bytes, bytes.size() + 1);
  Require(Converse(site, bytes, 1 + data[0] / 2U) == reply);
  if (reply.empty()) {
    return 0;
  }
  Require(reply.starts_with("HTTP/1.1 ") && reply.find("\r\n\r\n") != std::string::npos);
  const std::string_view head = std::string_view(reply).substr(0, reply.find("\r\n\r\n"));
  Require(head.find('\0') == std::string_view::npos);
  for (std::size_t at = head.find('\n'); at != std::string_view::npos;
       at = head.find('\n', at + 1)) {
    Require(head[at - 1] == '\r');
  }
  if (with_token && bytes.find(kToken) == std::string_view::npos &&
      bytes.find('%') == std::string_view::npos &&
      bytes.find("chunked") == std::string_view::npos) {
    Require(!head.starts_with("HTTP/1.1 200") && !head.starts_with("HTTP/1.1 503"));
    Require(reply.find("\"reading\"") == std::string::npos);
    Require(reply.find(kToken) == std::string::npos);
  }
  return 0;
}
