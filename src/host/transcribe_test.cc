// SPDX-License-Identifier: Apache-2.0
// pinhole transcribe as a user runs it, with the bundled model and the recordings that its recipe
// left beside it.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "host/command_for_tests.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kClips = PINHOLE_MODELS_FOLDER "/speech/golden/";

std::string Said(const std::string& clip) {
  std::string text = json::parse(ReadText(kClips + clip + ".json"))["text"];
  return text.starts_with(' ') ? text.substr(1) : text;
}

TEST(Transcribe, WritesWhatIsSaidAndHowFastThatWas) {
  const Ran ran = RunPinhole("transcribe " + kClips + "light.wav");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, Said("light") + "\n");
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the bundled model"), HasSubstr("models pull"),
                             HasSubstr("times real time")));
  const Ran quiet = RunPinhole("transcribe --quiet " + kClips + "light.wav");
  EXPECT_EQ(quiet.out, ran.out);
  EXPECT_EQ(quiet.err, "");
}

TEST(Transcribe, NoiseIsNoText) {
  const Ran ran = RunPinhole("transcribe " + kClips + "noise.wav");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("nothing said in it"));
}

TEST(Transcribe, StandardInputIsAFileToo) {
  const Ran ran = RunPinhole("transcribe --quiet - < " + kClips + "digits.wav");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, Said("digits") + "\n");
}

TEST(Transcribe, JsonHasSegmentsAndWords) {
  const Ran ran =
      RunPinhole("transcribe --quiet --format json --word-times " + kClips + "light.wav");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json got = json::parse(ran.out);
  EXPECT_EQ(got["text"], Said("light"));
  EXPECT_EQ(got["language"], "english");
  ASSERT_FALSE(got["words"].empty());
  double last = 0;
  std::string words;
  for (const json& word : got["words"]) {
    EXPECT_GE(word["start"].get<double>(), last);
    last = word["end"];
    words += (words.empty() ? "" : " ") + word["word"].get<std::string>();
  }
  EXPECT_LE(last, got["duration"].get<double>() + 0.02);
  EXPECT_EQ(words, Said("light"));
}

TEST(Transcribe, LiveTextIsTheSameInTheEnd) {
  const Ran ran = RunPinhole("transcribe --quiet --live " + kClips + "digits.wav");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, Said("digits") + "\n");
  const Ran cues = RunPinhole("transcribe --quiet --live --format srt " + kClips + "light.wav");
  EXPECT_THAT(cues.out, AllOf(StartsWith("1\n00:00:0"), HasSubstr(Said("light"))));
  EXPECT_EQ(RunPinhole("transcribe --live a.wav b.wav").code, 2);
}

TEST(Transcribe, AMicrophoneIsHeardUntilItEnds) {
  const std::string pipeline =
      "'gst:filesrc location=" + kClips + "light.wav ! wavparse ! audioconvert'";
  const Ran ran = RunPinhole("transcribe --quiet --mic --device " + pipeline);
  if (ran.err.find("GStreamer") != std::string::npos && ran.code != 0) {
    GTEST_SKIP() << ran.err;
  }
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, Said("light") + "\n");
  const Ran none = RunPinhole("transcribe --quiet --mic --device 'no such microphone'");
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(none.says_one_line()) << none.err;
  EXPECT_EQ(RunPinhole("transcribe --mic " + kClips + "light.wav").code, 2);
}

TEST(Transcribe, SeveralFilesGetTextsOfTheirOwn) {
  const TestFolder folder;
  const Ran ran = RunPinhole("transcribe --quiet --format srt --out texts " + kClips +
                                 "light.wav " + kClips + "digits.wav",
                             folder.path());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ReadText(folder / "texts/light.srt"),
              AllOf(StartsWith("1\n00:00:0"), HasSubstr(" --> "), HasSubstr(Said("light"))));
  EXPECT_THAT(ReadText(folder / "texts/digits.srt"), HasSubstr(Said("digits")));
}

TEST(Transcribe, OneBadFileDoesNotStopTheOthers) {
  const TestFolder folder;
  WriteText(folder / "letter.wav", "Dear Sir, this is no sound.\n");
  WriteText(folder / "empty.wav", "");
  const Ran ran = RunPinhole(
      "transcribe --quiet letter.wav empty.wav missing.wav " + kClips + "light.wav", folder.path());
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr(Said("light")));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("pinhole: letter.wav"), HasSubstr("pinhole: empty.wav"),
                             HasSubstr("pinhole: missing.wav")));
  const Ran alone = RunPinhole("transcribe --quiet letter.wav", folder.path());
  EXPECT_EQ(alone.code, 1);
  EXPECT_TRUE(alone.says_one_line()) << alone.err;
}

TEST(Transcribe, WhatCanNotBeDoneIsSaid) {
  EXPECT_EQ(RunPinhole("transcribe").code, 2);
  const Ran joined =
      RunPinhole("transcribe --format srt " + kClips + "light.wav " + kClips + "digits.wav");
  EXPECT_EQ(joined.code, 2);
  EXPECT_THAT(joined.err, HasSubstr("--out"));
  const Ran german = RunPinhole("transcribe --quiet --language de " + kClips + "light.wav");
  EXPECT_EQ(german.code, 1);
  EXPECT_THAT(german.err, HasSubstr("'de'"));
  const Ran model = RunPinhole("transcribe --quiet --model no-such-model " + kClips + "light.wav");
  EXPECT_EQ(model.code, 1);
  EXPECT_TRUE(model.says_one_line()) << model.err;
  EXPECT_THAT(model.err, HasSubstr("no-such-model"));
}

}  // namespace
}  // namespace pinhole::host
