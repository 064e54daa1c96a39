// SPDX-License-Identifier: Apache-2.0
#include "outside/http/request_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pinhole::outside::http {
namespace {

using State = RequestReader::State;

const std::string kHost = "Host: localhost\r\n";

// What became of `bytes`: "GET /path?query body", "400", or "more".
std::string Outcome(RequestReader& reader, State state) {
  switch (state) {
    case State::kMore: return "more";
    case State::kRefused: return std::to_string(reader.refusal().status);
    case State::kRequest: break;
  }
  const Request& request = reader.request();
  return request.method + " " + request.path + "?" + request.query + " " + request.body;
}

std::string Read(const std::string& bytes) {
  RequestReader reader;
  return Outcome(reader, reader.Feed(bytes));
}

std::string Get(const std::string& lines) { return "GET / HTTP/1.1\r\n" + lines + "\r\n"; }

std::string Post(const std::string& lines, const std::string& body) {
  return "POST /login HTTP/1.1\r\n" + kHost + lines + "\r\n" + body;
}

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += "a: b\r\n";
  }
  return lines;
}

struct Case {
  std::string name;
  std::string bytes;
  std::string outcome;
};

std::vector<Case> Cases() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  return {
      {"plain", Get(kHost), "GET /? "},
      {"query", "GET /a?b=c?d HTTP/1.1\r\n" + kHost + "\r\n", "GET /a?b=c?d "},
      {"method of a stranger", "BREW / HTTP/1.1\r\n" + kHost + "\r\n", "BREW /? "},
      {"form", Post("Content-Length: 9\r\n", "token=abc"), "POST /login? token=abc"},
      {"empty form", Post("Content-Length: 0\r\n", ""), "POST /login? "},
      {"chunks", Post(chunked, "4\r\ntoke\r\n5\r\nn=abc\r\n0\r\n\r\n"), "POST /login? token=abc"},
      {"not whole", "GET / HTTP/1.1\r\nHost: loc", "more"},
      {"body not whole", Post("Content-Length: 9\r\n", "token"), "more"},
      {"nothing", "", "more"},

      {"length and chunks", Post("Content-Length: 5\r\n" + chunked, "0\r\n\r\n"), "400"},
      {"chunks and length", Post(chunked + "Content-Length: 5\r\n", "0\r\n\r\n"), "400"},
      {"two lengths", Post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), "400"},
      {"two different lengths", Post("Content-Length: 1\r\nContent-Length: 2\r\n", "a"), "400"},
      {"list of lengths", Post("Content-Length: 1, 1\r\n", "a"), "400"},
      {"negative length", Post("Content-Length: -1\r\n", "a"), "400"},
      {"length with a sign", Post("Content-Length: +1\r\n", "a"), "400"},
      {"length that overflows", Post("Content-Length: 18446744073709551617\r\n", "a"), "400"},
      {"other coding", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400"},
      {"coding in disguise", Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), "400"},
      {"two codings", Post(chunked + chunked, "0\r\n\r\n"), "400"},
      {"chunk without a size", Post(chunked, "zz\r\nabc\r\n0\r\n\r\n"), "400"},
      {"chunk longer than it says", Post(chunked, "2\r\nabc\r\n0\r\n\r\n"), "400"},
      {"chunk size that overflows", Post(chunked, "fffffffffffffffff\r\na\r\n0\r\n\r\n"), "400"},
      {"no host", Get(""), "400"},
      {"two hosts", Get(kHost + "Host: evil.example\r\n"), "400"},
      {"folded line", Get(kHost + "X-Long: a\r\n b\r\n"), "400"},
      {"first line folded", "GET /\r\n HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"space before the colon", Get("Host : localhost\r\n"), "400"},
      {"line without a colon", Get(kHost + "nonsense\r\n"), "400"},
      {"name that is none", Get(kHost + "a(b): c\r\n"), "400"},
      {"empty name", Get(kHost + ": c\r\n"), "400"},
      {"bare line feeds", "GET / HTTP/1.1\nHost: localhost\n\n", "400"},
      {"bare carriage return", Get(kHost + "a: b\rc: d\r\n"), "400"},
      {"zero byte", Get(kHost + std::string("a: \0b\r\n", 8)), "400"},
      {"absolute target", "GET http://localhost/ HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"no path", "GET * HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"authority", "CONNECT localhost:80 HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"fragment", "GET /#a HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"two spaces", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"target beyond ASCII", "GET /\xc3\xa4 HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n" + kHost + "\r\n", "400"},
      {"HTTP/0.9", "GET /\r\n\r\n", "400"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
      {"small letters", "GET / http/1.1\r\n" + kHost + "\r\n", "400"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), "400"},
      {"empty line first", "\r\n" + Get(kHost), "400"},
      {"two at once", Get(kHost) + Get(kHost), "400"},
      {"bytes behind a body", Post("Content-Length: 1\r\n", "ab"), "400"},
      {"GET with a body", Get(kHost + "Content-Length: 1\r\n") + "a", "400"},
      {"GET with chunks", Get(kHost + chunked) + "0\r\n\r\n", "400"},
      {"64 lines", Get(kHost + Lines(63)), "GET /? "},
      {"65 lines", Get(kHost + Lines(64)), "400"},
      {"long head", Get(kHost + "a: " + std::string(9000, 'b') + "\r\n"), "431"},
      {"endless head", "GET /" + std::string(20000, 'a'), "431"},
      {"long body", Post("Content-Length: 4097\r\n", ""), "413"},
      {"long chunk", Post(chunked, "1001\r\n" + std::string(4097, 'a') + "\r\n0\r\n\r\n"), "413"},
      {"endless frames", Post(chunked, "1;" + std::string(20000, 'x')), "more than one way"},
      {"expectation", Post("Expect: 100-continue\r\nContent-Length: 1\r\n", ""), "417"},
  };
}

TEST(RequestReaderTest, TakesWhatIsSoundAndRefusesTheRest) {
  for (const Case& one : Cases()) {
    const std::string outcome = Read(one.bytes);
    if (one.outcome == "more than one way") {  // which limit it meets first does not matter
      EXPECT_TRUE(outcome == "400" || outcome == "413") << one.name << ": " << outcome;
    } else {
      EXPECT_EQ(outcome, one.outcome) << one.name;
    }
  }
}

TEST(RequestReaderTest, AnySplitOfTheBytesGivesTheSame) {
  std::mt19937 random(7);
  for (const Case& one : Cases()) {
    const std::string whole = Read(one.bytes);
    for (int round = 0; round < 20; ++round) {
      RequestReader reader;
      State state = State::kMore;
      const std::size_t most = round == 0 ? 1 : 1 + random() % 300;
      for (std::size_t at = 0; at < one.bytes.size();) {
        const std::size_t size = std::min(one.bytes.size() - at, 1 + random() % most);
        state = reader.Feed(std::string_view(one.bytes).substr(at, size));
        at += size;
      }
      ASSERT_EQ(Outcome(reader, state), whole) << one.name << ", round " << round;
    }
  }
}

TEST(RequestReaderTest, NextReadsAnotherRequestOnTheConnection) {
  RequestReader reader;
  EXPECT_FALSE(reader.begun());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reader.Feed("GET / HTT"), State::kMore);
    EXPECT_TRUE(reader.begun());
    ASSERT_EQ(reader.Feed("P/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"), State::kRequest);
    EXPECT_EQ(reader.request().host, "a");
    EXPECT_TRUE(reader.request().keep_alive);
    reader.Next();
    EXPECT_FALSE(reader.begun());
  }
}

TEST(RequestReaderTest, TrailersDoNotChangeTheRequest) {
  RequestReader reader;
  ASSERT_EQ(reader.Feed(Post("Transfer-Encoding: chunked\r\n",
                             "1\r\na\r\n0\r\nHost: evil.example\r\nCookie: b=c\r\n\r\n")),
            State::kRequest);
  EXPECT_EQ(reader.request().host, "localhost");
  EXPECT_EQ(reader.request().cookie, "");
}

TEST(RequestReaderTest, HandsOnTheFieldsThatCount) {
  RequestReader reader;
  ASSERT_EQ(reader.Feed("GET / HTTP/1.1\r\nhOST: a:1\r\nAuthorization: Bearer x\r\nCookie: b=c\r\n"
                        "Accept: text/html\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
                        "Connection: close\r\n\r\n"),
            State::kRequest);
  const Request& request = reader.request();
  EXPECT_EQ(request.host, "a:1");
  EXPECT_EQ(request.authorization, "Bearer x");
  EXPECT_EQ(request.cookie, "b=c");
  EXPECT_EQ(request.accept, "text/html");
  EXPECT_EQ(request.fetch_site, "none");
  EXPECT_EQ(request.fetch_mode, "navigate");
  EXPECT_FALSE(request.keep_alive);
}

}  // namespace
}  // namespace pinhole::outside::http
