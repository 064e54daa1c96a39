// SPDX-License-Identifier: Apache-2.0
#include "outside/http/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "outside/http/http_limits.h"
#include "outside/http/token.h"

namespace pinhole::outside::http {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Clock::time_point kStart{seconds(1000)};
const std::string kToken = "0123456789abcdef";

SiteOptions Options() {
  SiteOptions options;
  options.sensor_name = "Hall";
  options.label = "grade: A\nprofile: people\nand a line";
  options.profile = "people";
  options.address = "127.0.0.1";
  options.port = 8462;
  return options;
}

SiteOptions WithToken() {
  SiteOptions options = Options();
  options.token = kToken;
  return options;
}

Request To(std::string path, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  const std::size_t question = path.find('?');
  request.path = path.substr(0, question);
  request.query = question == std::string::npos ? "" : path.substr(question + 1);
  request.host = "localhost:8462";
  return request;
}

facts::PersonFacts Somebody() {
  facts::PersonFacts facts;
  facts.reading = facts.present = facts.count = 1;
  facts.faces[0] = {255, 64, 32, 95, 63, 0, 0, 1};
  return facts;
}

facts::PersonFacts Nobody() {
  facts::PersonFacts facts;
  facts.reading = 1;
  return facts;
}

std::string Header(const Reply& reply, std::string_view name) {
  for (const auto& [other, value] : reply.headers) {
    if (other == name) {
      return value;
    }
  }
  return "";
}

TEST(SiteTest, EveryPathAnswersGetAndHeadAndNothingElse) {
  const Site site(Options());
  for (const char* path : {"/", "/events", "/api/v1/facts", "/api/v1/history", "/api/v1/label",
                           "/metrics", "/health"}) {
    const unsigned expected = path == std::string("/health") ? 503 : 200;
    EXPECT_EQ(site.Answer(To(path), kStart, {}).status, expected) << path;
    EXPECT_EQ(site.Answer(To(path, "HEAD"), kStart, {}).status, expected) << path;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "X"}) {
      const Reply reply = site.Answer(To(path, method), kStart, {});
      EXPECT_EQ(reply.status, 405) << path << method;
      EXPECT_EQ(Header(reply, "Allow"), "GET, HEAD");
      EXPECT_EQ(json::parse(reply.body)["status"], 405);
    }
  }
  EXPECT_EQ(Header(site.Answer(To("/login"), kStart, {}), "Allow"), "POST");
  for (const char* path :
       {"/x", "//", "/events/", "/api/v1/", "/../etc/passwd", "/%2e", "/index.html"}) {
    const Reply reply = site.Answer(To(path), kStart, {});
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(json::parse(reply.body)["status"], 404);
  }
}

TEST(SiteTest, FactsAreTheNewestRecordUntilItIsStale) {
  Site site(Options());
  const auto facts = [&](Clock::duration after) {
    return json::parse(site.Answer(To("/api/v1/facts"), kStart + after, {}).body);
  };
  EXPECT_EQ(facts({})["reading"], false);
  site.Take(Somebody(), kStart);
  EXPECT_EQ(facts({})["present"], true);
  EXPECT_EQ(facts({})["faces"][0]["facing"], true);
  EXPECT_EQ(facts(milliseconds(3999))["present"], true);
  EXPECT_EQ(facts(milliseconds(4000))["reading"], false);
  EXPECT_EQ(facts(milliseconds(4000))["faces"], json::array());
  EXPECT_THAT(site.Event(kStart), StartsWith("id: 1\nevent: facts\ndata: {\"reading\":true"));
  EXPECT_THAT(site.Event(kStart), testing::EndsWith("}\n\n"));
  EXPECT_THAT(site.Event(kStart + seconds(9)), HasSubstr("\"reading\":false"));
}

TEST(SiteTest, HealthWantsTicksAndAReading) {
  Site site(Options());
  const auto health = [&](Clock::duration after) {
    const Reply reply = site.Answer(To("/health"), kStart + after, {});
    json body = json::parse(reply.body);
    body["status"] = reply.status;
    return body;
  };
  const json silent = {{"healthy", false}, {"ticking", false}, {"reading", false}, {"status", 503}};
  EXPECT_EQ(health({}), silent);
  site.Take(facts::PersonFacts{}, kStart);
  EXPECT_EQ(health({}),
            json({{"healthy", false}, {"ticking", true}, {"reading", false}, {"status", 503}}));
  site.Take(Nobody(), kStart);
  EXPECT_EQ(health({}),
            json({{"healthy", true}, {"ticking", true}, {"reading", true}, {"status", 200}}));
  EXPECT_EQ(health(seconds(5)), silent);
}

TEST(SiteTest, MetricsAreWellFormedAndTrue) {
  Site site(Options());
  site.Take(Somebody(), kStart);
  site.Take(Somebody(), kStart);
  Traffic traffic;
  traffic.streams = 3;
  traffic.events_sent = 17;
  const Reply reply = site.Answer(To("/metrics"), kStart, traffic);
  EXPECT_THAT(reply.content_type, StartsWith("text/plain; version=0.0.4"));
  for (const char* line :
       {"pinhole_reading 1", "pinhole_present 1", "pinhole_faces 1", "pinhole_ticks_total 2",
        "pinhole_http_clients 3", "pinhole_http_events_sent_total 17"}) {
    EXPECT_THAT(reply.body, HasSubstr(std::string("\n") + line + "\n"));
  }
  // Each value has its HELP and TYPE before it, and counters are called _total.
  std::istringstream lines(reply.body);
  for (std::string help, type, value; std::getline(lines, help);) {
    ASSERT_TRUE(std::getline(lines, type) && std::getline(lines, value));
    const std::string name = value.substr(0, value.find(' '));
    EXPECT_THAT(help, StartsWith("# HELP " + name + " "));
    EXPECT_EQ(type, "# TYPE " + name + (name.ends_with("_total") ? " counter" : " gauge"));
  }
}

TEST(SiteTest, LabelAndHistoryAreJson) {
  SiteOptions options = Options();
  options.sensor_name = "a\"\\<b>\xc3\xa4";
  Site site(options);
  const json label = json::parse(site.Answer(To("/api/v1/label"), kStart, {}).body);
  EXPECT_EQ(label, json({{"name", options.sensor_name},
                         {"profile", "people"},
                         {"tick_ms", 1000},
                         {"label", {"grade: A", "profile: people", "and a line"}}}));
  site.Take(Nobody(), kStart);
  site.Take(Somebody(), kStart + seconds(1));
  const json history =
      json::parse(site.Answer(To("/api/v1/history"), kStart + seconds(1), {}).body);
  EXPECT_EQ(history, json({{"id", 2}, {"tick_ms", 1000}, {"size", 600}, {"ticks", ".1"}}));
}

TEST(SiteTest, TheDashboardHoldsNameAndLabelHarmless) {
  SiteOptions options = Options();
  options.sensor_name = "<script>{{label}}";
  options.label = "a<b: {{name}} & \"c\"\nalone";
  const Reply reply = Site(options).Answer(To("/"), kStart, {});
  EXPECT_THAT(reply.body, HasSubstr("<h1>&lt;script&gt;{{label}}</h1>"));
  EXPECT_THAT(reply.body, HasSubstr("<dt>a&lt;b</dt><dd>{{name}} &amp; &quot;c&quot;</dd>"));
  EXPECT_THAT(reply.body, HasSubstr("<div><dd>alone</dd></div>"));
  EXPECT_THAT(reply.body, HasSubstr("not a picture"));
  EXPECT_THAT(reply.body, HasSubstr("data-profile=\"people\" data-tick-ms=\"1000\""));
  // Nothing in it loads from anywhere, and the policy would not let it.
  EXPECT_THAT(reply.body, Not(HasSubstr("src=")));
  EXPECT_THAT(reply.body, Not(HasSubstr("@import")));
  EXPECT_THAT(reply.body, Not(HasSubstr("url(")));
  EXPECT_THAT(reply.content_policy, StartsWith("default-src 'none';"));
  EXPECT_THAT(reply.content_policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(reply.content_policy, Not(HasSubstr("unsafe")));
}

TEST(SiteTest, OnLoopbackOnlyItsOwnNamesAreAnswered) {
  SiteOptions options = Options();
  options.address = "127.0.0.5";
  const Site site(options);
  const auto status = [&](const std::string& host) {
    Request request = To("/api/v1/facts");
    request.host = host;
    return site.Answer(request, kStart, {}).status;
  };
  for (const char* host : {"localhost", "LocalHost:1", "127.0.0.1", "127.0.0.5:8462", "[::1]",
                           "[::1]:8462", "localhost:"}) {
    EXPECT_EQ(status(host), 200) << host;
  }
  for (const char* host :
       {"evil.example", "evil.example:8462", "", "127.0.0.1.evil.example", "localhost.evil.example",
        "192.168.1.2", "::1", "localhost:x", "localhost, evil", "0.0.0.0", "[::2]", "127.evil"}) {
    EXPECT_EQ(status(host), 421) << host;
  }
  options.loopback = false;
  options.token = kToken;
  Request request = To("/api/v1/facts");
  request.host = "pi.local";
  request.authorization = "Bearer " + kToken;
  EXPECT_EQ(Site(options).Answer(request, kStart, {}).status, 200);
}

TEST(SiteTest, OtherWebSitesLearnNothing) {
  const Site site(Options());
  Request request = To("/api/v1/facts");
  for (const char* place : {"cross-site", "same-site"}) {
    request.fetch_site = place;
    request.fetch_mode = "no-cors";
    EXPECT_EQ(site.Answer(request, kStart, {}).status, 403);
    request.fetch_mode = "navigate";  // a link that somebody followed
    EXPECT_EQ(site.Answer(request, kStart, {}).status, 200);
  }
  request.fetch_site = "same-origin";
  request.fetch_mode = "cors";
  const Reply reply = site.Answer(request, kStart, {});
  EXPECT_EQ(reply.status, 200);
  const std::string bytes = Bytes(reply, false);
  EXPECT_THAT(bytes, Not(HasSubstr("Access-Control")));
  EXPECT_THAT(bytes, HasSubstr("\r\nCross-Origin-Resource-Policy: same-origin\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"));
  EXPECT_THAT(bytes, HasSubstr("\r\nCache-Control: no-store\r\n"));
}

TEST(SiteTest, WithATokenEveryPathWantsIt) {
  const Site site(WithToken());
  for (const char* path : {"/", "/events", "/api/v1/facts", "/api/v1/history", "/api/v1/label",
                           "/metrics", "/health", "/nowhere"}) {
    Request request = To(path);
    Reply reply = site.Answer(request, kStart, {});
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_FALSE(reply.stream);
    EXPECT_THAT(Header(reply, "WWW-Authenticate"), StartsWith("Bearer"));
    EXPECT_THAT(json::parse(reply.body)["error"].get<std::string>(), HasSubstr("Bearer"));
    for (const char* wrong : {"Bearer 0123456789abcdeF", "Bearer ", "Basic 0123456789abcdef",
                              "0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef"}) {
      request.authorization = wrong;
      EXPECT_EQ(site.Answer(request, kStart, {}).status, 401) << wrong;
    }
    request.authorization = "bearer " + kToken;
    EXPECT_NE(site.Answer(request, kStart, {}).status, 401);
    request.authorization.clear();
    request.cookie = "a=b; pinhole_8462=" + kToken;
    EXPECT_NE(site.Answer(request, kStart, {}).status, 401);
    request.cookie = "pinhole_1=" + kToken + "; xpinhole_8462=" + kToken;
    EXPECT_EQ(site.Answer(request, kStart, {}).status, 401);
  }
}

TEST(SiteTest, ABrowserTradesTheTokenForACookie) {
  const Site site(WithToken());
  Request request = To("/");
  request.accept = "text/html,*/*";
  Reply reply = site.Answer(request, kStart, {});
  EXPECT_EQ(reply.status, 401);
  EXPECT_THAT(reply.body, HasSubstr("<form method=\"post\" action=\"/login\">"));
  EXPECT_THAT(reply.body, Not(HasSubstr("not this sensor")));
  EXPECT_THAT(reply.body, Not(HasSubstr("Hall")));  // strangers need not know its name
  EXPECT_THAT(reply.content_policy, HasSubstr("form-action 'self'"));

  const std::string cookie =
      "pinhole_8462=" + kToken + "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict";
  reply = site.Answer(To("/?token=" + kToken), kStart, {});
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(Header(reply, "Location"), "/");
  EXPECT_EQ(Header(reply, "Set-Cookie"), cookie);
  EXPECT_EQ(site.Answer(To("/?token=0123456789abcdeX"), kStart, {}).status, 401);
  EXPECT_EQ(site.Answer(To("/events?token=" + kToken), kStart, {}).status, 401);

  request = To("/login", "POST");
  request.body = "token=" + kToken;
  EXPECT_EQ(site.Answer(request, kStart, {}).status, 415);
  request.content_type = "application/x-www-form-urlencoded";
  reply = site.Answer(request, kStart, {});
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(Header(reply, "Set-Cookie"), cookie);
  request.body = "token=wrong&token=" + kToken;
  reply = site.Answer(request, kStart, {});
  EXPECT_EQ(reply.status, 401);
  EXPECT_THAT(reply.body, HasSubstr("not this sensor"));
  EXPECT_EQ(Header(reply, "Set-Cookie"), "");
}

TEST(SiteTest, AsManyStreamsAsThereMayBe) {
  const Site site(Options());
  Traffic traffic;
  traffic.streams = kMaxStreams - 1;
  EXPECT_TRUE(site.Answer(To("/events"), kStart, traffic).stream);
  traffic.streams = kMaxStreams;
  const Reply reply = site.Answer(To("/events"), kStart, traffic);
  EXPECT_EQ(reply.status, 503);
  EXPECT_FALSE(reply.stream);
  EXPECT_EQ(Header(reply, "Retry-After"), "10");
}

TEST(SiteTest, TheReferencePageNamesEveryMetric) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  if (source == nullptr) {
    GTEST_SKIP() << "PINHOLE_SOURCE does not say where docs/reference/http.md is";
  }
  std::ifstream file(std::string(source) + "/docs/reference/http.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  std::istringstream lines(Site(Options()).Answer(To("/metrics"), kStart, {}).body);
  std::size_t metrics = 0;
  for (std::string word, name, kind, line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (words >> word >> word >> name >> kind && word == "TYPE") {
      EXPECT_THAT(page, HasSubstr("\n| `" + name + "` | " + kind + " | "));
      ++metrics;
    }
  }
  EXPECT_EQ(metrics, 9U);
}

TEST(TokenTest, ComparesWholeTokens) {
  EXPECT_TRUE(SameToken(kToken, kToken));
  EXPECT_FALSE(SameToken(kToken, ""));
  EXPECT_FALSE(SameToken("", ""));
  EXPECT_FALSE(SameToken(kToken, kToken + kToken));
  EXPECT_FALSE(SameToken(kToken, kToken.substr(0, 15)));
  for (std::size_t i = 0; i < kToken.size(); ++i) {
    std::string other = kToken;
    other[i] ^= 1;
    EXPECT_FALSE(SameToken(kToken, other)) << i;
  }
}

TEST(TokenTest, FormsAndCookies) {
  EXPECT_EQ(FormValue("a=1&token=x%2By%2fz+&b", "token"), "x+y/z+");
  EXPECT_EQ(FormValue("token=%zz%4", "token"), "%zz%4");
  EXPECT_EQ(FormValue("mytoken=a&tokens=b&token", "token"), "");
  EXPECT_EQ(FormValue("", "token"), "");
  EXPECT_EQ(CookieValue("a=1;b=2 ; c=3", "b"), "2");
  EXPECT_EQ(CookieValue("ab=1", "b"), "");
  EXPECT_EQ(CookieValue(";;=;", "b"), "");
  EXPECT_EQ(BearerToken("BEARER  x "), "x");
  EXPECT_EQ(BearerToken("Bearer"), "");
}

TEST(HistoryTest, OneCharacterATickAndTheOldestGo) {
  History history(seconds(1));
  EXPECT_EQ(history.size(), 600U);
  EXPECT_EQ(history.Text(kStart), "");
  Clock::time_point now = kStart;
  history.Add(facts::PersonFacts{}, now);
  history.Add(Nobody(), now += seconds(1));
  history.Add(Somebody(), now += seconds(1));
  facts::PersonFacts no_face = Nobody();
  no_face.present = 1;
  history.Add(no_face, now += seconds(1));
  EXPECT_EQ(history.Text(now), "-.10");
  for (int i = 0; i < 599; ++i) {
    history.Add(Nobody(), now += seconds(1));
  }
  EXPECT_EQ(history.Text(now), "0" + std::string(599, '.'));
}

TEST(HistoryTest, TicksThatDidNotComeAreFilledIn) {
  History history(seconds(1));
  history.Add(Nobody(), kStart);
  history.Add(Nobody(), kStart + milliseconds(1400));  // late
  EXPECT_EQ(history.Text(kStart + milliseconds(1400)), "..");
  history.Add(Nobody(), kStart + milliseconds(4400));  // two are missing
  EXPECT_EQ(history.Text(kStart + milliseconds(4400)), "..--.");
  EXPECT_EQ(history.Text(kStart + milliseconds(6300)), "..--.");
  EXPECT_EQ(history.Text(kStart + milliseconds(6400)), "..--.-");
  EXPECT_EQ(history.Text(kStart + seconds(100000)), std::string(600, '-'));
  history.Add(Somebody(), kStart + seconds(100000));
  EXPECT_EQ(history.Text(kStart + seconds(100000)), std::string(599, '-') + "1");
}

TEST(HistoryTest, MemoryIsBoundedForAnyTick) {
  EXPECT_EQ(History(std::chrono::microseconds(1)).size(), kMaxTicks);
  EXPECT_EQ(History(std::chrono::hours(1)).size(), 1U);
  EXPECT_EQ(History(std::chrono::microseconds(142858)).size(), 4199U);
}

}  // namespace
}  // namespace pinhole::outside::http
