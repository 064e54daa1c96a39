// SPDX-License-Identifier: Apache-2.0
// Files through a queue, by the commands: three servers, two workers that hear with the bundled
// model, one of which is killed.

#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "host/command_for_tests.h"
#include "speech/queue/cluster_for_tests.h"
#include "speech/queue/queue.h"
#include "system/failure.h"

namespace pinhole::host {
namespace {

using speech::queue::ClusterForTests;
using testing::HasSubstr;

const std::string kClips = PINHOLE_MODELS_FOLDER "/speech/golden/";

std::string Said(const std::string& clip) {
  std::string text = nlohmann::json::parse(ReadText(kClips + clip + ".json"))["text"];
  return text.starts_with(' ') ? text.substr(1) : text;
}

// The cluster has elected who keeps what.
void AwaitCluster(const std::string& servers) {
  for (int tries = 0; tries < 200; ++tries) {
    try {
      const speech::queue::Queue queue({.servers = servers, .replicas = 3});
      return;
    } catch (const pinhole::system::Failure&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
}

TEST(SpeechQueue, FilesAreHeardByWhicheverWorkerLives) {
  if (ClusterForTests::Program().empty() || !speech::queue::HasQueue()) {
    GTEST_SKIP() << "nats-server or libnats-dev is missing";
  }
  const ClusterForTests cluster;
  AwaitCluster(cluster.addresses());
  const TestFolder folder;
  const auto worker = [&] {
    return system::Child::Start(
        {PINHOLE_COMMAND, "serve-speech", "--queue", cluster.addresses(), "--queue-replicas", "3"});
  };
  system::Child lives = worker(), dies = worker();
  const std::string ask = "transcribe --quiet --queue '" + cluster.addresses() +
                          "' --queue-replicas 3 --format srt --out texts ";
  const std::string files = kClips + "light.wav " + kClips + "digits.wav " + kClips + "yes.wav ";
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    dies = {};
  });
  const Ran ran = RunPinhole(ask + files, folder.path());
  killer.join();
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const std::string clip : {"light", "digits", "yes"}) {
    EXPECT_THAT(ReadText(folder / ("texts/" + clip + ".srt")), HasSubstr(Said(clip)));
  }
  // Sent by value, and one that nobody can hear.
  WriteText(folder / "letter.wav", "no sound at all");
  const Ran sent =
      RunPinhole("transcribe --quiet --queue '" + cluster.addresses() +
                     "' --queue-replicas 3 --queue-send letter.wav " + kClips + "light.wav",
                 folder.path());
  EXPECT_EQ(sent.code, 1);
  EXPECT_THAT(sent.err, HasSubstr("letter.wav"));
  EXPECT_THAT(sent.out, HasSubstr(Said("light")));
}

TEST(SpeechQueue, NoServerIsOneSentence) {
  if (!speech::queue::HasQueue()) {
    GTEST_SKIP() << "libnats-dev is missing";
  }
  const Ran ran = RunPinhole("transcribe --quiet --queue nats://127.0.0.1:9 " + kClips + "yes.wav");
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(ran.says_one_line()) << ran.err;
}

}  // namespace
}  // namespace pinhole::host
