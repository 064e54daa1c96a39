// SPDX-License-Identifier: Apache-2.0
// `pinhole model emit` as a user runs it: which files appear, what is said, what is refused.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/test_data.h"
#include "host/command_for_tests.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kPerson = PINHOLE_PERSON_MODEL;

TEST(ModelEmit, WritesAFolderThatNeedsNothingElse) {
  const TestFolder folder;
  const std::string out = (folder / "eye").string();
  const Ran ran = RunPinhole("model emit " + kPerson + " --target rp2040 -o " + out +
                             " --namespace eye --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json said = json::parse(ran.out);
  EXPECT_EQ(said["target"], "rp2040");
  EXPECT_EQ(said["cores"], 1);
  for (const json& file : said["files"]) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(out) / file.get<std::string>()));
  }
  const std::string header = ReadText(std::filesystem::path(out) / "eye.h");
  EXPECT_THAT(header, HasSubstr("namespace eye {"));
  EXPECT_THAT(header, HasSubstr("void Run();"));
  EXPECT_THAT(header, HasSubstr("kPinholeDetector[]"));
}

TEST(ModelEmit, TwoCoresTakeASecondCoreAndNoLessMemory) {
  const TestFolder folder;
  const std::string common = "model emit " + kPerson + " --target rp2040 --json -o ";
  const Ran one = RunPinhole(common + (folder / "one").string());
  const Ran two = RunPinhole(common + (folder / "two").string() + " --cores 2");
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_GE(json::parse(two.out)["arena_bytes"], json::parse(one.out)["arena_bytes"]);
  EXPECT_THAT(ReadText(folder / "two" / "model.h"),
              HasSubstr("void Run(const pinhole_nn::SecondCore* second = nullptr);"));
}

TEST(ModelEmit, WithoutRuntimeWritesTheModelsOwnFilesAlone) {
  const TestFolder folder;
  const Ran ran = RunPinhole("model emit " + kPerson + " --target host --without-runtime -o " +
                             (folder / "own").string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "own" / "model.cc"));
  EXPECT_FALSE(std::filesystem::exists(folder / "own" / "pinhole_nn.h"));
}

TEST(ModelEmit, RefusesWhatMakesNoSense) {
  const TestFolder folder;
  const std::string to = " -o " + (folder / "out").string();
  struct {
    std::string arguments, said;
    int code;
  } const kCases[] = {
      {kPerson + " --target z80", "--target", 2},
      {kPerson + " --cores 3", "--cores", 2},
      {kPerson + " --target cortex-m4 --cores 2", "2 cores found, cortex-m4 has 1", 2},
      {kPerson + " --namespace 1x", "namespace", 2},
      {(folder / "none.tflite").string(), "none.tflite", 1},
  };
  for (const auto& [arguments, said, code] : kCases) {
    SCOPED_TRACE(arguments);
    const Ran ran = RunPinhole("model emit " + arguments + to);
    EXPECT_EQ(ran.code, code);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr(said));
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST(ModelEmit, SaysByHowMuchAModelIsTooBig) {
  const auto model = base::TestData("models/mobilenet_v2_quantized_1x3x224x224.tflite");
  if (!std::filesystem::exists(model)) {
    GTEST_SKIP() << model << " is missing (set PINHOLE_DATA)";
  }
  const TestFolder folder;
  const Ran ran = RunPinhole("model emit " + model.string() + " --target rp2040 -o " +
                             (folder / "out").string());
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("does not fit rp2040"));
  EXPECT_THAT(ran.err, HasSubstr("bytes of flash needed, 2,097,152 there, "));
  EXPECT_THAT(ran.err, HasSubstr(" too many"));
  EXPECT_THAT(ran.err, HasSubstr("take a smaller model, or "));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace pinhole::host
