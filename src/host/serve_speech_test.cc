// SPDX-License-Identifier: Apache-2.0
// pinhole serve-speech as other programs use it, with the bundled model and the recordings that its
// recipe left beside it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "host/command_for_tests.h"
#include "speech/service/client_for_tests.h"
#include "speech/service/wyoming_event.h"
#include "system/child_process.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using speech::service::FormRequest;
using speech::service::TestClient;
using speech::service::WyomingBytes;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kClips = PINHOLE_MODELS_FOLDER "/speech/golden/";

std::string Said(const std::string& clip) {
  std::string text = json::parse(ReadText(kClips + clip + ".json"))["text"];
  return text.starts_with(' ') ? text.substr(1) : text;
}

// The command, serving at free ports.
class Served {
 public:
  Served() {
    system::PipeEnds out = system::MakePipe();
    child_ = system::Child::Start(
        {PINHOLE_COMMAND, "serve-speech", "--port", "0", "--wyoming-port", "0", "--threads", "1"},
        {{out.writing.get(), 1}});
    out.writing.Close();
    std::string said;
    char byte = 0;
    while (said.find("Ctrl-C") == std::string::npos && read(out.reading.get(), &byte, 1) == 1) {
      said += byte;
    }
    http = said.substr(0, said.find(' '));
    const std::size_t line = said.find('\n') + 1;
    wyoming = said.substr(line, said.find(' ', line) - line);
  }
  system::Ending End() {
    child_.Signal(SIGTERM);
    return child_.Wait();
  }

  std::string http, wyoming;

 private:
  system::Child child_;
};

std::string BodyOf(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }

TEST(ServeSpeech, HearsFilesOverHttp) {
  Served served;
  ASSERT_THAT(served.http, StartsWith("http://127.0.0.1:"));
  TestClient client(served.http);
  client.Say(FormRequest("/v1/audio/transcriptions", {{"model", "whisper-1"}},
                         ReadText(kClips + "light.wav")));
  EXPECT_EQ(json::parse(BodyOf(client.Reply()))["text"], Said("light"));
  client.Say(
      FormRequest("/inference", {{"response_format", "text"}}, ReadText(kClips + "digits.wav")));
  EXPECT_EQ(BodyOf(client.Reply()), Said("digits") + "\n");
  client.Say(FormRequest("/v1/audio/transcriptions", {}, "no sound at all"));
  const std::string refused = client.Reply();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(refused, HasSubstr("said.txt"));
  client.Say(
      FormRequest("/v1/audio/transcriptions",
                  {{"response_format", "verbose_json"}, {"timestamp_granularities[]", "word"}},
                  ReadText(kClips + "light.wav")));
  EXPECT_FALSE(json::parse(BodyOf(client.Reply()))["words"].empty());
  EXPECT_EQ(served.End().exit_code, 0);
}

TEST(ServeSpeech, HearsWyoming) {
  Served served;
  ASSERT_THAT(served.wyoming, StartsWith("tcp://127.0.0.1:"));
  TestClient client(served.wyoming);
  constexpr std::size_t kHeader = 44;
  const std::string pcm = ReadText(kClips + "light.wav").substr(kHeader);
  const std::string format = R"({"rate":16000,"width":2,"channels":1})";
  client.Say(WyomingBytes("transcribe", R"({"language":"en"})"));
  client.Say(WyomingBytes("audio-start", format));
  for (std::size_t at = 0; at < pcm.size(); at += 2048) {
    const std::string piece = pcm.substr(at, 2048);
    client.Say("{\"type\":\"audio-chunk\",\"data\":" + format +
               ",\"payload_length\":" + std::to_string(piece.size()) + "}\n" + piece);
  }
  client.Say(WyomingBytes("audio-stop", "{}"));
  EXPECT_TRUE(client.Until("{\"text\":" + json(Said("light")).dump() + ",\"language\":\"en\"}"))
      << client.got();
  EXPECT_EQ(served.End().exit_code, 0);
}

TEST(ServeSpeech, SaysWhatItWants) {
  EXPECT_THAT(RunPinhole("serve-speech --address 0.0.0.0").err, HasSubstr("wants a token"));
  EXPECT_THAT(RunPinhole("serve-speech --wyoming-address 0.0.0.0 --port 0").err,
              HasSubstr("which addresses may connect"));
  EXPECT_EQ(RunPinhole("serve-speech --workers 0").code, 2);
  EXPECT_EQ(RunPinhole("serve-speech --token-file /nowhere").code, 1);
}

}  // namespace
}  // namespace pinhole::host
