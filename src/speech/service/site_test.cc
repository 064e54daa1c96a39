// SPDX-License-Identifier: Apache-2.0
#include "speech/service/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "speech/service/fake_recognizer.h"
#include "speech/service/reply.h"

namespace pinhole::speech::service {
namespace {

using testing::HasSubstr;

constexpr std::string_view kToken = "0123456789abcdef";

Site Open() { return Site({"127.0.0.1", "", FakeModel()}); }
Site Closed() { return Site({"0.0.0.0", std::string(kToken), FakeModel()}); }

RequestHead Head(std::string method, std::string target) {
  return {std::move(method), std::move(target), "localhost:8463", "", ""};
}

unsigned StatusOf(const Site& site, const RequestHead& head, const Snapshot& now = {}) {
  const auto answer = site.Answer(head, now);
  const Reply* const reply = std::get_if<Reply>(&answer);
  return reply == nullptr ? 0 : reply->status;
}

TEST(Site, PathsAndMethods) {
  const Site site = Open();
  for (const char* form : {"/v1/audio/transcriptions", "/v1/audio/translations", "/inference"}) {
    EXPECT_EQ(StatusOf(site, Head("POST", form)), 0U) << "a form is to be read";
    EXPECT_EQ(StatusOf(site, Head("GET", form)), 405U);
  }
  EXPECT_EQ(std::get<Api>(site.Answer(Head("POST", "/v1/audio/translations?x=1"), {})),
            Api::kTranslations);
  for (const char* page : {"/v1/models", "/v1/models/fake", "/v1/models/whisper-1", "/health",
                           "/metrics", "/metrics?x"}) {
    EXPECT_EQ(StatusOf(site, Head("GET", page)), 200U) << page;
    EXPECT_EQ(StatusOf(site, Head("HEAD", page)), 200U);
    EXPECT_EQ(StatusOf(site, Head("POST", page)), 405U);
    EXPECT_EQ(StatusOf(site, Head("DELETE", page)), 405U);
  }
  for (const char* none : {"/", "", "*", "/v1", "/v1/models/other", "/inference/", "//inference"}) {
    EXPECT_EQ(StatusOf(site, Head("GET", none)), 404U) << none;
  }
}

TEST(Site, WithoutATokenOnlyThisMachineIsAnswered) {
  const Site site = Open();
  for (const char* host :
       {"localhost", "localhost:1", "127.0.0.1:8463", "127.9.9.9", "[::1]", "[::1]:80"}) {
    RequestHead head = Head("GET", "/v1/models");
    head.host = host;
    EXPECT_EQ(StatusOf(site, head), 200U) << host;
  }
  for (const char* host : {"", "example.org", "localhost.example.org", "128.0.0.1", "[::2]", "[::1",
                           "[::1]x", "127.0.0.1.example.org"}) {
    RequestHead head = Head("GET", "/v1/models");
    head.host = host;
    EXPECT_EQ(StatusOf(site, head), 421U) << host;
  }
}

TEST(Site, ATokenIsNeededWhereThereIsOne) {
  const Site site = Closed();
  RequestHead head = Head("POST", "/v1/audio/transcriptions");
  head.host = "example.org";
  for (const std::string& given :
       {std::string(), std::string(kToken), "Basic " + std::string(kToken), std::string("Bearer "),
        std::string("Bearer x"), "Bearer " + std::string(kToken) + "0",
        "Bearer " + std::string(kToken.substr(1)),
        "Bearer " + std::string(kToken) + std::string(kToken)}) {
    head.authorization = given;
    EXPECT_EQ(StatusOf(site, head), 401U) << given;
  }
  head.authorization = "bearer  " + std::string(kToken);
  EXPECT_EQ(StatusOf(site, head), 0U);
  RequestHead health = Head("GET", "/health");
  EXPECT_EQ(StatusOf(site, health), 200U);
  health.target = "/metrics";
  EXPECT_EQ(StatusOf(site, health), 401U);
  EXPECT_FALSE(SameToken("", ""));
}

TEST(Site, OtherWebSitesAreRefused) {
  for (const Site& site : {Open(), Closed()}) {
    RequestHead head = Head("POST", "/v1/audio/transcriptions");
    head.authorization = "Bearer " + std::string(kToken);
    for (const char* other : {"cross-site", "same-site"}) {
      head.fetch_site = other;
      EXPECT_EQ(StatusOf(site, head), 403U);
    }
    head.fetch_site = "same-origin";
    EXPECT_EQ(StatusOf(site, head), 0U);
  }
}

TEST(Site, WhileItStopsNothingIsBegun) {
  Snapshot now;
  now.stopping = true;
  EXPECT_EQ(StatusOf(Open(), Head("POST", "/inference"), now), 503U);
  EXPECT_EQ(StatusOf(Open(), Head("GET", "/health"), now), 503U);
}

TEST(Metrics, AreWhatPrometheusReads) {
  Snapshot now;
  now.queue.heard = 3;
  now.queue.sound_ms = 1500;
  std::istringstream lines(Metrics(now));
  std::string metrics;
  for (std::string line; std::getline(lines, line); metrics += line + "\n") {
    if (!line.starts_with("# HELP ") && !line.starts_with("# TYPE ")) {
      EXPECT_THAT(line, testing::MatchesRegex("pinhole_speech_[a-z_]+(\\{[a-z]+=\"[a-z_]+\"\\})? "
                                              "[0-9.e+-]+"));
    }
  }
  EXPECT_THAT(metrics, HasSubstr("pinhole_speech_files_total{result=\"heard\"} 3\n"));
  EXPECT_THAT(metrics, HasSubstr("pinhole_speech_sound_seconds_total 1.5\n"));
}

TEST(Reply, ErrorsAreOpenAisObjects) {
  const Reply reply = ErrorReply({429, "a \"b\"", "", "queue_full"});
  const auto json = nlohmann::json::parse(reply.body)["error"];
  EXPECT_EQ(json["message"], "a \"b\"");
  EXPECT_EQ(json["type"], "rate_limit_error");
  EXPECT_TRUE(json["param"].is_null());
  EXPECT_EQ(json["code"], "queue_full");
  EXPECT_THAT(Bytes(reply, true, false), HasSubstr("\r\nRetry-After: "));
  EXPECT_THAT(Bytes(reply, true, false), HasSubstr("429 Too Many Requests\r\n"));
  const std::string head = Bytes(reply, true, true);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(reply.body.size())));
}

TEST(Reply, FailuresHaveTheirStatus) {
  const auto status = [](base::Error error) {
    return ReplyFor({JobEnd::kFailed, {}, error, "why"}, {}).status;
  };
  EXPECT_EQ(status(base::Error::kWrongKind), 400U);
  EXPECT_EQ(status(base::Error::kInvalidArgument), 400U);
  EXPECT_EQ(status(base::Error::kTooLarge), 413U);
  EXPECT_EQ(status(base::Error::kNotReady), 503U);
  EXPECT_EQ(status(base::Error::kInternal), 500U);
  EXPECT_EQ(status(base::Error::kIo), 500U);
  EXPECT_EQ(ReplyFor({JobEnd::kCancelled, {}, {}, ""}, {}).status, 503U);
}

TEST(TextStream, DeltasJoinedAreTheText) {
  TextStream stream;
  std::string joined;
  for (const char* text : {" ", " Good", " morn", "ing.", "  How\n", " are you?"}) {
    Segment segment;
    segment.text = text;
    const std::string event = stream.Delta(segment);
    if (!event.empty()) {
      const auto json = nlohmann::json::parse(event.substr(6));
      EXPECT_EQ(json["type"], "transcript.text.delta");
      joined += json["delta"].get<std::string>();
    }
  }
  EXPECT_EQ(joined, "Good morning. How are you?");
  const auto done = nlohmann::json::parse(stream.Done({}).substr(6));
  EXPECT_EQ(done["type"], "transcript.text.done");
  EXPECT_EQ(done["text"], joined);
}

TEST(Reply, Chunks) {
  EXPECT_EQ(Chunk(""), "") << "an empty one would be the last";
  EXPECT_EQ(Chunk("0123456789abcdef"), "10\r\n0123456789abcdef\r\n");
}

}  // namespace
}  // namespace pinhole::speech::service
