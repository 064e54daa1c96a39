// SPDX-License-Identifier: Apache-2.0
// The service over real sockets: clients sound, slow, broken and gone.
#include "speech/service/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "speech/service/client_for_tests.h"
#include "speech/service/wyoming_event.h"

namespace pinhole::speech::service {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kPath = "/v1/audio/transcriptions";

ServiceOptions Hurried() {
  ServiceOptions options;
  options.times.head = options.times.body = options.times.idle = options.times.reply =
      milliseconds(250);
  options.times.linger = milliseconds(2000);
  return options;
}

std::string BodyOf(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }

std::string MetricOf(const Service& service, const std::string& name) {
  TestClient client(service.http_address());
  client.Say(Get("/metrics"));
  const std::string reply = client.Reply();
  const std::size_t at = reply.find("\npinhole_speech_" + name + " ");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = reply.find(' ', at) + 1;
  return reply.substr(begin, reply.find('\n', begin) - begin);
}

TEST(Service, HearsFilesOneAfterTheOtherOnOneConnection) {
  const auto service = OpenTestService();
  TestClient client(service->http_address());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Say(FormRequest(kPath, {{"model", "whisper-1"}}, "Good\nmorning.")));
    const std::string reply = client.Reply();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(nlohmann::json::parse(BodyOf(reply))["text"], "Good morning.");
  }
  ASSERT_TRUE(client.Say(Get("/health")));
  EXPECT_THAT(client.Reply(), HasSubstr("\"ok\""));
}

TEST(Service, AFormMayComeInPiecesAndChunks) {
  const auto service = OpenTestService();
  TestClient slow(service->http_address());
  for (const char byte : FormRequest(kPath, {}, "in pieces")) {
    ASSERT_TRUE(slow.Say(std::string_view(&byte, 1)));
  }
  EXPECT_THAT(slow.Reply(), HasSubstr("in pieces"));
  TestClient chunked(service->http_address());
  const std::string body = FormBody({}, "in chunks");
  std::string request = FormHead(kPath, 0);
  request.replace(request.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
  request += Chunk(body.substr(0, 100)) + Chunk(body.substr(100)) + std::string(kLastChunk);
  ASSERT_TRUE(chunked.Say(request));
  EXPECT_THAT(chunked.Reply(), HasSubstr("in chunks"));
}

TEST(Service, RequestsThatWaitBehindOneAnotherAreAnsweredInOrder) {
  const auto service = OpenTestService();
  TestClient client(service->http_address());
  ASSERT_TRUE(client.Say(FormRequest(kPath, {}, "first") + FormRequest(kPath, {}, "second") +
                         Get("/health")));
  EXPECT_THAT(client.Reply(), HasSubstr("first"));
  EXPECT_THAT(client.Reply(), HasSubstr("second"));
  EXPECT_THAT(client.Reply(), HasSubstr("ok"));
}

TEST(Service, LargeFormsAreAskedFor) {
  const auto service = OpenTestService();
  const std::string body = FormBody({{"response_format", "text"}}, std::string(2000000, 'x'));
  TestClient client(service->http_address());
  ASSERT_TRUE(client.Say(FormHead(kPath, body.size(), "Expect: 100-continue\r\n")));
  ASSERT_TRUE(client.Until("HTTP/1.1 100 Continue\r\n\r\n"));
  client.Forget();
  ASSERT_TRUE(client.Say(body));
  EXPECT_EQ(BodyOf(client.Reply()).size(), 2000001U);
  // One that is refused is not asked for.
  TestClient other(service->http_address());
  ASSERT_TRUE(other.Say(FormHead("/nowhere", body.size(), "Expect: 100-continue\r\n")));
  EXPECT_THAT(other.Reply(), StartsWith("HTTP/1.1 404 "));
}

TEST(Service, StreamsTextAsItIsHeard) {
  const auto service = OpenTestService();
  TestClient client(service->http_address());
  ASSERT_TRUE(client.Say(FormRequest(kPath, {{"stream", "true"}}, "Good\nmorning.")));
  ASSERT_TRUE(client.UntilClosed());
  EXPECT_THAT(client.got(), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(client.got(), HasSubstr("{\"type\":\"transcript.text.delta\",\"delta\":\"Good\"}"));
  EXPECT_THAT(client.got(), HasSubstr("\"delta\":\" morning.\"}"));
  EXPECT_THAT(client.got(),
              HasSubstr("\"type\":\"transcript.text.done\",\"text\":\"Good morning.\""));
  EXPECT_TRUE(client.got().ends_with(kLastChunk));
  // What fails before the first word has a status.
  TestClient failing(service->http_address());
  ASSERT_TRUE(failing.Say(FormRequest(kPath, {{"stream", "true"}}, "fail")));
  EXPECT_THAT(failing.Reply(), StartsWith("HTTP/1.1 400 "));
}

TEST(Service, BrokenRequestsAreRefusedAndTheNextIsHeard) {
  const auto service = OpenTestService();
  struct Case {
    std::string request;
    const char* status;
  };
  const std::string whole = FormRequest(kPath, {}, "sound");
  std::string wrong_boundary = whole;
  wrong_boundary.replace(wrong_boundary.find("boundary="), 12, "boundary=xyz");
  std::string no_boundary = whole;
  no_boundary.erase(no_boundary.find("; boundary="), 11 + kTestBoundary.size());
  std::string both = whole;
  both.insert(both.find("Content-Length"), "Transfer-Encoding: chunked\r\n");
  const std::string cut = FormBody({}, "sound").substr(0, 150);
  for (const Case& test : {
           Case{wrong_boundary, "400"}, Case{no_boundary, "400"}, Case{both, "400"},
           Case{FormHead(kPath, cut.size()) + cut, "400"},
           Case{FormRequest(kPath, {}, "fail"), "400"},
           Case{FormRequest(kPath, {}, "throw"), "500"}, Case{FormRequest(kPath, {}, ""), "400"},
           Case{"POST " + std::string(kPath) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "415"},
           Case{"no http\r\n\r\n", "400"},
           Case{std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400"},
           Case{Get("/", "X: " + std::string(9000, 'x') + "\r\n"), "431"},
           Case{Get("/health", "Expect: the worst\r\n"), "417"},
           Case{FormHead(kPath, std::size_t{1} << 40U), "413"},
           Case{FormHead(kPath, 10) + "a", ""},  // it leaves
       }) {
    TestClient client(service->http_address());
    client.Say(test.request);
    if (test.status[0] != '\0') {
      EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 " + std::string(test.status)))
          << test.request.substr(0, 200);
    }
  }
  TestClient client(service->http_address());
  client.Say(whole);
  EXPECT_THAT(client.Reply(), HasSubstr("sound"));
}

TEST(Service, FilesHaveALimit) {
  ServiceOptions options;
  options.upload_limit = 1000;
  const auto service = OpenTestService(options);
  TestClient client(service->http_address());
  client.Say(FormRequest(kPath, {}, std::string(1000, 'x')));
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 200 "));
  client.Say(FormRequest(kPath, {}, std::string(1001, 'x')));
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(Eventually([&] { return MetricOf(*service, "upload_bytes") == "0"; }));
}

TEST(Service, SlowRequestsEnd) {
  const auto service = OpenTestService(Hurried());
  TestClient silent(service->http_address());
  EXPECT_TRUE(silent.UntilClosed());
  EXPECT_EQ(silent.got(), "");
  TestClient head(service->http_address());
  head.Say("POST /v1/audio/tra");
  EXPECT_TRUE(head.UntilClosed());
  EXPECT_THAT(head.got(), StartsWith("HTTP/1.1 408 "));
  TestClient body(service->http_address());
  body.Say(FormHead(kPath, 1000) + "--");
  EXPECT_TRUE(body.UntilClosed());
  EXPECT_THAT(body.got(), StartsWith("HTTP/1.1 408 "));
}

// A byte now and then does not put the end off.
TEST(Service, ASlowlorisEnds) {
  const auto service = OpenTestService(Hurried());
  TestClient client(service->http_address());
  client.Say(FormHead(kPath, 100000));
  EXPECT_TRUE(Eventually([&] { return !client.Say("x"); }));
}

TEST(Service, AFullQueueIsSaid) {
  ServiceOptions options;
  options.queue.most_waiting = 1;
  const auto service = OpenTestService(options);
  TestClient busy(service->http_address());
  TestClient waiting(service->http_address());
  busy.Say(FormRequest(kPath, {}, "wait"));
  waiting.Say(FormRequest(kPath, {}, "next"));
  ASSERT_TRUE(Eventually([&] { return service->queue().full(); }));
  TestClient third(service->http_address());
  third.Say(FormRequest(kPath, {}, "too many"));
  const std::string reply = third.Reply();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(reply, HasSubstr("\r\nRetry-After: "));
  EXPECT_EQ(MetricOf(*service, "waiting"), "1");
  EXPECT_EQ(MetricOf(*service, "workers_busy"), "1");
  busy.Leave();
  EXPECT_THAT(waiting.Reply(), HasSubstr("next"));
}

TEST(Service, WhoLeavesTakesTheirWorkAlong) {
  const auto service = OpenTestService();
  for (const char* stream : {"false", "true"}) {
    TestClient client(service->http_address());
    client.Say(FormRequest(kPath, {{"stream", stream}}, "wait"));
    ASSERT_TRUE(Eventually([&] { return service->queue().counts().busy == 1; }));
    client.Leave();
    ASSERT_TRUE(Eventually([&] { return service->queue().counts().busy == 0; }));
  }
  EXPECT_EQ(service->queue().counts().cancelled, 2U);
}

TEST(Service, WhoNeverReadsIsDropped) {
  ServiceOptions options;
  options.times.reply = milliseconds(50);
  const auto service = OpenTestService(options);
  std::string text;
  for (int i = 0; i < 30000; ++i) {
    text += "a line of some length that is said again and again and again and again\n";
  }
  for (const char* stream : {"false", "true"}) {
    TestClient client(service->http_address(), /*receive_buffer=*/4096);
    client.Say(FormRequest("/v1/audio/transcriptions", {{"stream", stream}}, text));
    ASSERT_TRUE(Eventually([&] {
      return MetricOf(*service, "clients_dropped_total") == (stream[0] == 'f' ? "1" : "2");
    }));
  }
}

TEST(Service, ConnectionsAreBounded) {
  const auto service = OpenTestService();
  std::vector<TestClient> clients;
  for (std::size_t i = 0; i < kMaxConnections; ++i) {
    clients.emplace_back(service->http_address());
    ASSERT_TRUE(clients.back().Say(Get("/health")));
    ASSERT_THAT(clients.back().Reply(), StartsWith("HTTP/1.1 200 "));
  }
  TestClient one_more(service->http_address());
  one_more.Say(Get("/health"));
  EXPECT_TRUE(one_more.UntilClosed());
  EXPECT_EQ(one_more.got(), "");
}

TEST(Service, StoppingAnswersWhatIsHeardAndRefusesWhatWaits) {
  ServiceOptions options;
  options.times.farewell = milliseconds(50);
  const auto service = OpenTestService(options);
  TestClient busy(service->http_address());
  TestClient waiting(service->http_address());
  TestClient uploading(service->http_address());
  TestClient idle(service->http_address());
  busy.Say(FormRequest(kPath, {}, "wait"));
  ASSERT_TRUE(Eventually([&] { return service->queue().counts().busy == 1; }));
  waiting.Say(FormRequest(kPath, {}, "next"));
  ASSERT_TRUE(Eventually([&] { return service->queue().counts().waiting == 1; }));
  uploading.Say(FormHead(kPath, 100000) + FormBody({}, "").substr(0, 100));
  idle.Say(Get("/health"));
  EXPECT_THAT(idle.Reply(), StartsWith("HTTP/1.1 200 "));
  service->Stop();
  EXPECT_THAT(busy.Reply(), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(waiting.Reply(), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(uploading.Reply(), StartsWith("HTTP/1.1 503 "));
  EXPECT_TRUE(idle.UntilClosed());
  EXPECT_FALSE(TestClient(service->http_address()).connected());
}

TEST(Service, StopsInTheMiddleOfAStream) {
  ServiceOptions options;
  options.times.farewell = options.times.linger = milliseconds(50);
  const auto service = OpenTestService(options);
  TestClient client(service->http_address());
  client.Say(FormRequest(kPath, {{"stream", "true"}}, "wait"));
  ASSERT_TRUE(Eventually([&] { return service->queue().counts().busy == 1; }));
  service->Stop();
  EXPECT_TRUE(client.UntilClosed());
}

TEST(Service, IsRefusedWhereOthersCouldReachItFreely) {
  const auto why_not = [](ServiceOptions options) {
    options.port = options.wyoming_port = 0;
    std::vector<std::unique_ptr<Recognizer>> recognizers;
    recognizers.push_back(std::make_unique<FakeRecognizer>());
    base::Diagnosis why;
    const auto service =
        OpenService(std::move(options), std::move(recognizers), [](std::string_view) {}, why);
    return service ? std::string() : std::string(why.text());
  };
  EXPECT_EQ(why_not({}), "");
  EXPECT_THAT(why_not({.address = "0.0.0.0"}), HasSubstr("token"));
  EXPECT_EQ(why_not({.address = "0.0.0.0", .token = "0123456789abcdef"}), "");
  EXPECT_THAT(why_not({.wyoming_address = "0.0.0.0"}), HasSubstr("which addresses may connect"));
  EXPECT_EQ(why_not({.wyoming_address = "0.0.0.0", .wyoming_clients = {"10.0.0.0/8"}}), "");
  EXPECT_EQ(why_not({.wyoming = false, .wyoming_address = "0.0.0.0"}), "");
  EXPECT_THAT(why_not({.address = "localhost"}), HasSubstr("no IP address"));
  EXPECT_THAT(why_not({.wyoming_clients = {"somebody"}}), HasSubstr("somebody"));
  EXPECT_THAT(why_not({.upload_limit = 10, .memory_limit = 9}), Not(""));
}

TEST(Service, ATakenPortIsNamed) {
  const auto service = OpenTestService();
  const std::string url = service->http_address();
  ServiceOptions options;
  options.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  std::vector<std::unique_ptr<Recognizer>> recognizers;
  recognizers.push_back(std::make_unique<FakeRecognizer>());
  base::Diagnosis why;
  EXPECT_FALSE(OpenService(options, std::move(recognizers), [](std::string_view) {}, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("is taken by another program"));
}

std::string Event(const std::string& type, const nlohmann::json& data, std::string payload = "") {
  std::string bytes = WyomingBytes(type, data.dump());
  if (!payload.empty()) {
    bytes.insert(bytes.find('}'), ",\"payload_length\":" + std::to_string(payload.size()));
  }
  return bytes + payload;
}

const nlohmann::json kFormat = {{"rate", 16000}, {"width", 2}, {"channels", 1}};

std::string Utterance(std::size_t bytes) {
  return Event("transcribe", {{"language", "en"}}) + Event("audio-start", kFormat) +
         Event("audio-chunk", kFormat, std::string(bytes, 'x')) +
         Event("audio-stop", nlohmann::json::object());
}

TEST(Service, WyomingIsHeard) {
  const auto service = OpenTestService();
  TestClient client(service->wyoming_address());
  client.Say(Event("describe", nlohmann::json::object()));
  EXPECT_TRUE(client.Until("\"languages\":[\"en\",\"de\"]"));
  for (const char byte : Utterance(64)) {
    ASSERT_TRUE(client.Say(std::string_view(&byte, 1)));
  }
  EXPECT_TRUE(client.Until("{\"text\":\"64 bytes at 16000 Hz\",\"language\":\"en\"}"));
  client.Say(Utterance(100000));
  EXPECT_TRUE(client.Until("100000 bytes at 16000 Hz"));
}

TEST(Service, WyomingsErrorsReachTheClient) {
  const auto service = OpenTestService();
  TestClient client(service->wyoming_address());
  // More than is read before the answer, which has to come through all the same.
  client.Say(Event("audio-start", {{"rate", 1}, {"width", 2}, {"channels", 1}}) +
             Utterance(500000));
  EXPECT_TRUE(client.Until("\"code\":\"audio-format\""));
  TestClient other(service->wyoming_address());
  other.Say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(other.Until("\"code\":\"malformed\""));
}

TEST(Service, WyomingsClientsWhoLeaveOrStandStillEnd) {
  const auto service = OpenTestService(Hurried());
  TestClient silent(service->wyoming_address());
  EXPECT_TRUE(silent.UntilClosed());
  TestClient half(service->wyoming_address());
  half.Say("{\"type\":\"audio-chunk\",\"payload_length\":1000}\nabc");
  EXPECT_TRUE(half.UntilClosed());
  TestClient asking(service->wyoming_address(), /*receive_buffer=*/4096);
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += Event("describe", nlohmann::json::object());
  }
  EXPECT_TRUE(Eventually([&] { return !asking.Say(pings); })) << "who asks has to read";
}

TEST(Service, WyomingIsTurnedAwayWhereTheQueueIsFull) {
  ServiceOptions options;
  options.queue.most_waiting = 0;
  const auto service = OpenTestService(options);
  TestClient busy(service->http_address());
  busy.Say(FormRequest(kPath, {}, "wait"));
  ASSERT_TRUE(Eventually([&] { return service->queue().full(); }));
  TestClient client(service->wyoming_address());
  client.Say(Utterance(64));
  EXPECT_TRUE(client.Until("\"code\":\"queue-full\""));
  EXPECT_TRUE(client.UntilClosed());
}

TEST(Service, WorkersWorkAtTheSameTime) {
  const auto service = OpenTestService({}, /*workers=*/2);
  TestClient busy(service->http_address());
  busy.Say(FormRequest(kPath, {}, "wait"));
  ASSERT_TRUE(Eventually([&] { return service->queue().counts().busy == 1; }));
  TestClient client(service->http_address());
  client.Say(FormRequest(kPath, {}, "meanwhile"));
  EXPECT_THAT(client.Reply(), HasSubstr("meanwhile"));
}

}  // namespace
}  // namespace pinhole::speech::service
