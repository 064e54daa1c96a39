// SPDX-License-Identifier: Apache-2.0
// Frames and sessions of Wyoming, without sockets.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "speech/service/fake_recognizer.h"
#include "speech/service/network.h"
#include "speech/service/wyoming_event.h"
#include "speech/service/wyoming_session.h"

namespace pinhole::speech::service {
namespace {

using State = WyomingReader::State;

// As a line, {"type", "data"...}, data apart, payload.
std::string Frame(const std::string& type, const nlohmann::json& data, std::string payload = "",
                  bool data_apart = true) {
  nlohmann::json line = {{"type", type}, {"version", "1.0.0"}};
  std::string bytes;
  if (data_apart) {
    bytes = data.dump();
    line["data_length"] = bytes.size();
  } else {
    line["data"] = data;
  }
  if (!payload.empty()) {
    line["payload_length"] = payload.size();
  }
  return line.dump() + "\n" + bytes + payload;
}

struct Events {
  std::vector<std::string> told;  // each event as text
  bool refused = false;
  std::string failure;
  bool operator==(const Events&) const = default;
};

std::string Tell(const WyomingEvent& event) {
  const auto text = [](const auto& value) -> nlohmann::json {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  return nlohmann::json({event.type, text(event.name), text(event.language), text(event.text),
                         text(event.rate), text(event.width), text(event.channels),
                         std::vector<unsigned char>(event.payload.begin(), event.payload.end())})
      .dump();
}

Events ReadAll(std::string_view bytes, std::size_t piece) {
  Events events;
  WyomingReader reader;
  for (std::size_t at = 0; at < bytes.size() && !events.refused; at += piece) {
    std::string_view next = bytes.substr(at, piece);
    while (!next.empty() && !events.refused) {
      switch (reader.Feed(next)) {
        case State::kMore: EXPECT_TRUE(next.empty()); break;
        case State::kEvent: events.told.push_back(Tell(reader.event())); break;
        case State::kRefused: events.refused = true; break;
      }
    }
  }
  events.failure = reader.failure();
  return events;
}

TEST(WyomingReader, EventsAreRead) {
  WyomingReader reader;
  const std::string bytes =
      Frame("audio-chunk", {{"rate", 16000}, {"width", 2}, {"channels", 1}, {"timestamp", nullptr}},
            "\n{}\n") +
      Frame("transcribe", {{"name", "tiny"}, {"language", "de"}}, "", false) + "{\"type\":\"x\"}\n";
  std::string_view left = bytes;
  ASSERT_EQ(reader.Feed(left), State::kEvent);
  EXPECT_EQ(reader.event().type, "audio-chunk");
  EXPECT_EQ(reader.event().rate, 16000);
  EXPECT_EQ(reader.event().width, 2);
  EXPECT_EQ(reader.event().channels, 1);
  EXPECT_EQ(reader.event().payload, "\n{}\n");
  ASSERT_EQ(reader.Feed(left), State::kEvent);
  EXPECT_EQ(reader.event().name, "tiny");
  EXPECT_EQ(reader.event().language, "de");
  EXPECT_EQ(reader.event().payload, "");
  EXPECT_FALSE(reader.event().rate) << "nothing is left of the last event";
  ASSERT_EQ(reader.Feed(left), State::kEvent);
  EXPECT_TRUE(left.empty());
}

TEST(WyomingReader, DataApartGoesOverDataInTheLine) {
  const std::string apart = R"({"language":"de"})";
  const std::string bytes = R"({"type":"t","data":{"language":"en","name":"n"},"data_length":)" +
                            std::to_string(apart.size()) + "}\n" + apart;
  std::string_view left = bytes;
  WyomingReader reader;
  ASSERT_EQ(reader.Feed(left), State::kEvent);
  EXPECT_EQ(reader.event().language, "de");
  EXPECT_EQ(reader.event().name, "n");
}

TEST(WyomingReader, AnySplitGivesTheSame) {
  std::mt19937 random(5);
  const std::string sound =
      Frame("describe", nlohmann::json::object()) + Frame("ping", {{"text", nullptr}}) +
      Frame("audio-chunk", {{"rate", 16000}, {"width", 2}, {"channels", 1}}, "abcd\nef") +
      Frame("audio-stop", {{"timestamp", 1}});
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = sound;
    for (unsigned i = random() % 3; i > 0; --i) {
      bytes[random() % bytes.size()] = "{}\n\":,09-n"[random() % 10];
    }
    const Events whole = ReadAll(bytes, bytes.size());
    for (const std::size_t piece : {1, 2, 3, 17}) {
      ASSERT_EQ(ReadAll(bytes, piece), whole) << bytes;
    }
  }
}

TEST(WyomingReader, WhatIsNoEventIsRefused) {
  for (const std::string& bytes : {
           std::string("GET / HTTP/1.1\r\n"),
           std::string("\n"),
           std::string("{}\n"),
           std::string("{\"type\":1}\n"),
           std::string("{\"type\":\"t\"} x\n"),
           std::string("{\"type\":\"t\",\"data_length\":-1}\n"),
           std::string("{\"type\":\"t\",\"data_length\":1.5}\n"),
           std::string("{\"type\":\"t\",\"data_length\":\"1\"}\n"),
           std::string("{\"type\":\"t\",\"data_length\":65537}\n"),
           std::string("{\"type\":\"t\",\"payload_length\":1048577}\n"),
           std::string("{\"type\":\"t\",\"payload_length\":99999999999999999999}\n"),
           std::string("{\"type\":\"t\",\"data_length\":2}\n[]"),
           std::string("{\"type\":\"t\",\"data_length\":3}\n{},"),
           "{\"type\":\"" + std::string(9000, 't') + "\"}\n",
           std::string(9000, ' '),
           "{\"type\":\"t\",\"data\":" + std::string(200, '[') + "}\n",
       }) {
    const Events events = ReadAll(bytes, bytes.size());
    EXPECT_TRUE(events.refused) << bytes.substr(0, 60);
    EXPECT_FALSE(events.failure.empty());
  }
}

class Wyoming : public testing::Test {
 protected:
  WyomingSession::Step Take(const std::string& type, const nlohmann::json& data = {},
                            const std::string& payload = "") {
    const std::string bytes =
        Frame(type, data.is_null() ? nlohmann::json::object() : data, payload);
    std::string_view left = bytes;
    WyomingReader reader;
    EXPECT_EQ(reader.Feed(left), State::kEvent);
    return session_.Take(reader.event());
  }
  // The type and data of the event that was answered.
  static std::pair<std::string, nlohmann::json> Answer(const WyomingSession::Step& step) {
    const std::size_t end = step.out.find('\n');
    const auto line = nlohmann::json::parse(step.out.substr(0, end));
    EXPECT_EQ(line["data_length"], step.out.size() - end - 1);
    return {line["type"], nlohmann::json::parse(step.out.substr(end + 1))};
  }
  static std::string Code(const WyomingSession::Step& step) {
    EXPECT_TRUE(step.close);
    const auto [type, data] = Answer(step);
    EXPECT_EQ(type, "error");
    EXPECT_FALSE(data["text"].get<std::string>().empty());
    return data["code"];
  }

  const nlohmann::json format_ = {{"rate", 16000}, {"width", 2}, {"channels", 1}};
  ModelInfo model_ = FakeModel();
  TranscribeOptions defaults_;
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(1000);
  WyomingSession session_{model_, defaults_, budget_, 500};
};

TEST_F(Wyoming, IsDescribed) {
  const auto [type, data] = Answer(Take("describe"));
  EXPECT_EQ(type, "info");
  const auto& program = data["asr"][0];
  EXPECT_EQ(program["name"], "pinhole");
  EXPECT_EQ(program["installed"], true);
  EXPECT_TRUE(program["attribution"].contains("url"));
  EXPECT_EQ(program["models"][0]["name"], "fake");
  EXPECT_EQ(program["models"][0]["languages"], (std::vector<std::string>{"en", "de"}));
}

TEST_F(Wyoming, APingIsAnswered) {
  const auto [type, data] = Answer(Take("ping", {{"text", "a\"b"}}));
  EXPECT_EQ(type, "pong");
  EXPECT_EQ(data["text"], "a\"b");
  EXPECT_TRUE(Answer(Take("ping")).second["text"].is_null());
}

TEST_F(Wyoming, AnUtteranceIsHeard) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Take("transcribe", {{"language", "de"}, {"name", "fake"}}).out, "");
    EXPECT_EQ(Take("audio-start", format_).out, "");
    EXPECT_EQ(Take("audio-chunk", format_, "abcd").out, "");
    EXPECT_EQ(Take("audio-chunk", format_, "efgh").out, "");
    WyomingSession::Step step = Take("audio-stop", {{"timestamp", nullptr}});
    ASSERT_TRUE(step.sound);
    EXPECT_EQ(session_.options().language, "de");
    base::Diagnosis why;
    FakeRecognizer recognizer;
    const auto heard = recognizer.Transcribe(*step.sound, session_.options(), {}, why);
    ASSERT_TRUE(heard);
    const auto [type, data] = Answer(session_.Heard({JobEnd::kHeard, *heard, {}, ""}));
    EXPECT_EQ(type, "transcript");
    EXPECT_EQ(data["text"], "8 bytes at 16000 Hz");
    EXPECT_EQ(data["language"], "de");
  }
  EXPECT_EQ(session_.options().language, "") << "what was asked for ends with its answer";
}

TEST_F(Wyoming, SoundIsAWavFile) {
  Take("audio-start", {{"rate", 48000}, {"width", 3}, {"channels", 2}});
  Take("audio-chunk", {{"rate", 48000}, {"width", 3}, {"channels", 2}}, std::string(12, 'x'));
  const auto step = Take("audio-stop");
  ASSERT_TRUE(step.sound);
  base::Diagnosis why;
  const auto fd = step.sound->Descriptor(why);
  ASSERT_TRUE(fd);
  std::string bytes(100, '\0');
  ASSERT_EQ(read(fd->get(), bytes.data(), bytes.size()), 56);
  // Expected: the fields of RIFF WAVE, by hand.
  EXPECT_EQ(bytes.substr(0, 44),
            std::string("RIFF\x30\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xBB\0\0\0\x65\x04\0\x06\0"
                        "\x18\0"
                        "data\x0C\0\0\0",
                        44));
}

TEST_F(Wyoming, SilenceSaysNothing) {
  Take("audio-start", format_);
  const auto [type, data] = Answer(Take("audio-stop"));
  EXPECT_EQ(type, "transcript");
  EXPECT_EQ(data["text"], "");
  EXPECT_EQ(budget_->used(), 0U);
}

TEST_F(Wyoming, AudioStartMayBeLeftOut) {
  EXPECT_EQ(Take("audio-chunk", format_, "abcd").out, "");
  EXPECT_TRUE(Take("audio-stop").sound);
}

TEST_F(Wyoming, UnknownEventsArePassedOver) {
  const WyomingSession::Step step = Take("select-program", {{"name", "x"}});
  EXPECT_EQ(step.out, "");
  EXPECT_FALSE(step.close);
}

TEST_F(Wyoming, WhatCannotBeDoneIsNamed) {
  EXPECT_EQ(Code(Take("transcribe", {{"name", "other"}})), "model-not-found");
  EXPECT_EQ(Code(Take("transcribe", {{"language", "klingon"}})), "language-not-supported");
  EXPECT_EQ(Code(Take("audio-stop")), "no-audio");
  EXPECT_EQ(Code(Take("audio-start")), "audio-format");
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::int64_t>>{
           {"rate", 0}, {"rate", 10000000000}, {"width", 5}, {"width", -2}, {"channels", 9}}) {
    nlohmann::json format = format_;
    format[key] = value;
    EXPECT_EQ(Code(Take("audio-start", format)), "audio-format");
  }
  Take("audio-start", format_);
  nlohmann::json other = format_;
  other["rate"] = 8000;
  EXPECT_EQ(Code(Take("audio-chunk", other, "ab")), "audio-format");
}

TEST_F(Wyoming, AnUtteranceIsBounded) {
  Take("audio-start", format_);
  EXPECT_EQ(Take("audio-chunk", format_, std::string(456, 'x')).out, "");
  EXPECT_EQ(Code(Take("audio-chunk", format_, "x")), "too-long");
  WyomingSession other(model_, defaults_, budget_, 5000);
  WyomingEvent event{.type = "audio-chunk", .rate = 16000, .width = 2, .channels = 1};
  event.payload = std::string(900, 'x');
  EXPECT_EQ(Code(other.Take(event)), "busy") << "the budget is shared";
}

TEST_F(Wyoming, OneUtteranceAtATime) {
  Take("audio-start", format_);
  Take("audio-chunk", format_, "abcd");
  ASSERT_TRUE(Take("audio-stop").sound);
  EXPECT_EQ(Answer(Take("ping")).first, "pong");
  EXPECT_EQ(Code(Take("audio-start", format_)), "busy");
  EXPECT_EQ(Code(Take("transcribe")), "busy");
  EXPECT_EQ(Code(Take("audio-stop")), "busy");
  EXPECT_EQ(Code(session_.TurnedAway()), "queue-full");
}

TEST(Network, ContainsWhatBeginsAlike) {
  const auto contains = [](const char* network, const char* address) {
    base::Diagnosis why;
    return Network::Parse(network, why).value().Contains(boost::asio::ip::make_address(address));
  };
  EXPECT_TRUE(contains("192.168.1.0/24", "192.168.1.255"));
  EXPECT_FALSE(contains("192.168.1.0/24", "192.168.2.1"));
  EXPECT_TRUE(contains("192.168.1.128/25", "192.168.1.129"));
  EXPECT_FALSE(contains("192.168.1.128/25", "192.168.1.127"));
  EXPECT_TRUE(contains("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(contains("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(contains("10.0.0.1", "::ffff:10.0.0.1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("fe80::/10", "fe80::1"));
  for (const char* none : {"", "/", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/8x",
                           "localhost", "10.0.0", "::1/129"}) {
    base::Diagnosis why;
    EXPECT_FALSE(Network::Parse(none, why)) << none;
    EXPECT_FALSE(why.empty());
  }
}

}  // namespace
}  // namespace pinhole::speech::service
