// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "inside/process/inside_process.h"
#include "inside/process/senders.h"
#include "system/child_process.h"
#include "system/failure.h"

namespace pinhole::inside::process {
namespace {

using testing::HasSubstr;

InsideOptions Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "pinhole-inside");
  return ParseInside(static_cast<int>(words.size()), words.data());
}

std::string Refusal(const std::vector<const char*>& words) {
  try {
    Parse(words);
  } catch (const system::WrongUsage& wrong) {
    return wrong.what();
  }
  return "not refused";
}

TEST(ParseInside, TakesASensorsArguments) {
  const InsideOptions options =
      Parse({"--facts-fd", "3", "--camera", "/dev/video0", "--width", "320", "--height", "180",
             "--fps", "15", "--model", "m.tflite", "--threads", "2", "--at-least", "A"});
  EXPECT_EQ(options.facts_fd, 3);
  EXPECT_EQ(options.camera, "/dev/video0");
  EXPECT_EQ(options.width, 320);
  EXPECT_EQ(options.fps, 15);
  EXPECT_EQ(options.threads, 2);
  EXPECT_EQ(options.at_least, wall::Grade::kA);
  EXPECT_TRUE(options.layers.seccomp && options.layers.landlock && options.layers.namespaces);
}

TEST(ParseInside, RefusesWhatIsWrong) {
  EXPECT_THAT(Refusal({}), HasSubstr("one of --facts-fd and --facts"));
  EXPECT_THAT(Refusal({"--facts-fd"}), HasSubstr("needs a value"));
  EXPECT_THAT(Refusal({"--facts-fd", "x"}), HasSubstr("a number from 0"));
  EXPECT_THAT(Refusal({"--facts-fd", "3x"}), HasSubstr("'3x' found"));
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--fps", "0"}), HasSubstr("from 1 to 240"));
  EXPECT_THAT(Refusal({"--facts-fd", "3"}), HasSubstr("one of --camera and --handover-fd"));
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--camera", "a", "--handover-fd", "4"}),
              HasSubstr("one of --camera and --handover-fd"));
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--camera", "a", "--at-least", "D"}),
              HasSubstr("A, B or C"));
  EXPECT_THAT(Refusal({"--colour", "red"}), HasSubstr("'--colour' is not known"));
}

// The one thing that must never be possible: a sensor with less of a wall.
TEST(ParseInside, NoLayerCanBeLeftOutOfASensor) {
  for (const char* layer : {"seccomp", "landlock", "namespaces"}) {
    EXPECT_THAT(Refusal({"--facts-fd", "3", "--camera", "a", "--without", layer}),
                HasSubstr("can't be left out of a sensor"));
    EXPECT_THAT(Refusal({"--facts-fd", "3", "--send", "rss", "--without", layer}),
                HasSubstr("can't be left out"));
    EXPECT_FALSE(
        Parse({"--facts-fd", "3", "--attempt", "fork", "--without", layer}).attempt.empty());
  }
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--camera", "a", "--plant", "rss"}),
              HasSubstr("nor a leak planted in it"));
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--camera", "a", "--attempt", "fork"}),
              HasSubstr("gets no camera"));
  EXPECT_THAT(Refusal({"--facts-fd", "3", "--handover-fd", "4", "--send", "rss"}),
              HasSubstr("no frames"));
}

TEST(PinholeInside, SaysWhatItCannotDoAndEnds) {
  const auto code = [](std::vector<std::string> words) {
    words.insert(words.begin(), PINHOLE_INSIDE);
    return system::Child::Start(words).Wait().exit_code;
  };
  EXPECT_EQ(code({}), 2);
  EXPECT_EQ(code({"--facts", "/none/such", "--camera", "/dev/null"}), 1);
  EXPECT_EQ(code({"--facts-fd", "1", "--attempt", "nonsense"}), 2);
  EXPECT_EQ(code({"--facts-fd", "1", "--send", "rss"}), 1);  // without a beat
}

TEST(Senders, HaveTheNamesThatAuditsKnow) {
  for (const char* name : {"rss", "cpu", "timing", "flood", "lsb"}) {
    EXPECT_TRUE(IsSender(name));
  }
  EXPECT_FALSE(IsSender("smoke"));
}

}  // namespace
}  // namespace pinhole::inside::process
