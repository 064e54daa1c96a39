// SPDX-License-Identifier: Apache-2.0
// pinhole models, as its users run it: a real model from a server on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/test_data.h"
#include "host/command_for_tests.h"
#include "models/catalogue.h"
#include "models/http_server_for_tests.h"

namespace pinhole::host {
namespace {

using models::HttpServerForTests;
using nlohmann::json;
using testing::HasSubstr;

TEST(ModelsCommand, PullsAModelThatVerifyFindsRight) {
  const auto data = base::TestData("models/micro_speech_quantized.tflite");
  if (!exists(data)) {
    GTEST_SKIP() << data << " is missing (set PINHOLE_DATA)";
  }
  const std::string content = ReadText(data);
  const HttpServerForTests server([&](const auto& to, const auto&) {
    to.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
            content);
  });
  const TestFolder folder;
  const std::string in = " --folder " + (folder / "models").string();
  const Ran pulled = RunPinhole("models pull micro-speech --mirror " + server.address() + in);
  EXPECT_EQ(pulled.code, 0) << pulled.err;
  EXPECT_EQ(pulled.out, (folder / "models").string() + "/micro_speech_quantized.tflite\n");
  EXPECT_THAT(pulled.err, HasSubstr("micro-speech: 100 %, 18.8 kB of 18.8 kB"));
  EXPECT_EQ(ReadText(folder / "models/micro_speech_quantized.tflite"), content);

  EXPECT_EQ(RunPinhole("models verify" + in).out, "micro-speech: right (SHA-256)\n");
  EXPECT_EQ(RunPinhole("models pull micro-speech --offline" + in).code, 0);
  EXPECT_EQ(server.requests().size(), 1U);

  std::string changed = content;
  changed[100] = static_cast<char>(changed[100] + 1);
  WriteText(folder / "models/micro_speech_quantized.tflite", changed);
  const Ran wrong = RunPinhole("models verify --json" + in);
  EXPECT_EQ(wrong.code, 1);
  const json verdict = json::parse(wrong.out);
  EXPECT_FALSE(verdict["right"].get<bool>());
  EXPECT_THAT(verdict["models"][0]["wrong"].get<std::string>(), HasSubstr("expected 09e5e2a9"));
}

TEST(ModelsCommand, ListsTheCatalogueAndWhatIsHere) {
  const TestFolder folder;
  WriteText(folder / "ggml-tiny.bin.part", "abc");
  const Ran listed = RunPinhole("models list --json --folder " + folder.path().string());
  ASSERT_EQ(listed.code, 0) << listed.err;
  const json list = json::parse(listed.out);
  ASSERT_EQ(list["models"].size(), models::Catalogue().size());
  EXPECT_EQ(list["models"][0]["name"], "tiny");
  EXPECT_EQ(list["models"][0]["here"], "partly");
  EXPECT_EQ(list["models"][0]["bytes_here"], 3);
  const Ran text = RunPinhole("models list --folder " + folder.path().string());
  EXPECT_THAT(text.out, HasSubstr("large-v3-turbo-q5_0"));
  EXPECT_THAT(text.out, HasSubstr("folder: " + folder.path().string() + "\n"));
}

TEST(ModelsCommand, FailsWithOneLineAModelAndGoesOn) {
  const TestFolder folder;
  const Ran ran = RunPinhole("models pull tiny base --offline --folder " + folder.path().string());
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, testing::MatchesRegex("pinhole: the model tiny is not in .*\n"
                                             "pinhole: the model base is not in .*\n"));
  EXPECT_EQ(RunPinhole("models pull").code, 2);
  EXPECT_EQ(RunPinhole("models pull no-such-model --folder x").code, 1);
  EXPECT_EQ(RunPinhole("models verify tiny --folder " + folder.path().string()).code, 1);
}

}  // namespace
}  // namespace pinhole::host
