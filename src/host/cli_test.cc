// SPDX-License-Identifier: Apache-2.0
// The command as a user runs it: exit codes, what goes to which stream, files that appear or do
// not.

#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "host/command_for_tests.h"
#include "inside/pictures/picture.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kPerson = PINHOLE_PERSON_MODEL;

void WritePicture(const std::filesystem::path& path, std::uint8_t grey = 90) {
  WriteText(
      path,
      Text(inside::pictures::EncodePng({40, 30, 1, std::vector<std::uint8_t>(40 * 30, grey)})));
}

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

TEST(Cli, HelpTeaches) {
  for (const std::string command :
       {"", "detect", "run", "run person", "model", "model inspect", "model plan", "model run",
        "model bench", "model emit", "models", "models list", "models pull", "models verify",
        "transcribe", "serve-speech", "audit", "audit wall", "emulate", "facts", "config",
        "devices", "completion"}) {
    SCOPED_TRACE(command);
    const Ran ran = RunPinhole(command + " --help");
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, HasSubstr("Usage: pinhole"));
    EXPECT_THAT(ran.out, HasSubstr("Examples:\n"));
  }
}

TEST(Cli, WrongUsageIsExitCode2AndOneLine) {
  for (const std::string arguments :
       {"", "frobnicate", "detect", "detect --frob a.png", "detect a.png --nms sometimes",
        "detect a.png --min-score 2", "model", "model plan", "model plan a b",
        "model plan a --against b", "model bench a --runs 0", "model bench a --threads 9999",
        "model run a --out b", "run", "run nobody", "completion tcsh"}) {
    SCOPED_TRACE(arguments);
    const Ran ran = RunPinhole(arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("--help'"));
  }
}

TEST(Cli, DetectGoesOnAfterAPictureThatCannotBeRead) {
  const TestFolder folder;
  WritePicture(folder / "a.png");
  WriteText(folder / "b.png", "no picture");
  WritePicture(folder / "c.png");
  const Ran ran = RunPinhole("detect --json a.png b.png c.png", folder.path());
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(ran.says_one_line()) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("b.png: no picture format that is known here"));
  const std::vector<json> lines = Lines(ran.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(
      lines[0],
      json({{"file", "a.png"}, {"width", 40}, {"height", 30}, {"detections", json::array()}}));
  EXPECT_EQ(lines[1]["file"], "c.png");
}

TEST(Cli, DetectReadsStandardInputAndDraws) {
  const TestFolder folder;
  WritePicture(folder / "a.png");
  const Ran one = RunPinhole("detect - --draw found.png <a.png", folder.path());
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.out, "standard input  40 x 30  no face\n");
  const inside::pictures::Picture drawn =
      inside::pictures::ReadPicture((folder / "found.png").string());
  EXPECT_EQ(drawn.width, 40);
  const Ran two = RunPinhole("detect a.png found.png --draw pictures/", folder.path());
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_TRUE(exists(folder / "pictures" / "a.png") && exists(folder / "pictures" / "found.png"));
  const Ran nowhere = RunPinhole("detect a.png --draw no/where/x.png", folder.path());
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_TRUE(nowhere.says_one_line()) << nowhere.err;
}

TEST(Cli, NamesCannotDriveATerminal) {
  const TestFolder folder;
  const std::string name = "a\x1b[31m\nb";
  WriteText(folder / name, "no picture");
  const Ran ran = RunPinhole("detect '" + name + "'", folder.path());
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(ran.says_one_line()) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("a?[31m?b: "));
}

TEST(Cli, NoColoursAndNoProgressButOnATerminal) {
  const TestFolder folder;
  WritePicture(folder / "a.png");
  const Ran piped = RunPinhole("detect a.png a.png a.png", folder.path());
  EXPECT_THAT(piped.out + piped.err, Not(HasSubstr("\x1b")));
  if (std::system("script -qec true /dev/null >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "no terminal to be had: the program 'script' or /dev/pts is missing";
  }
  const std::string by_script =
      "script -qec \"'" PINHOLE_COMMAND "' detect a.png a.png\" /dev/null >seen 2>&1";
  const auto seen = [&](const std::string& environment) {
    const std::string line =
        "cd '" + folder.path().string() + "' && " + environment + " " + by_script;
    EXPECT_EQ(std::system(line.c_str()), 0);
    return ReadText(folder / "seen");
  };
  const std::string colourful = seen("env -u NO_COLOR TERM=xterm");
  EXPECT_THAT(colourful, HasSubstr("\x1b[1ma.png"));
  EXPECT_THAT(colourful, HasSubstr("1/2 a.png"));  // the progress bar
  EXPECT_THAT(seen("NO_COLOR=1 TERM=xterm"), Not(HasSubstr("\x1b[1m")));
}

TEST(Cli, AFullDiskIsAnError) {
  const Ran ran = RunPinhole("model inspect '" + kPerson + "' >/dev/full; exit $? #");
  EXPECT_EQ(ran.code, 1);
}

TEST(Cli, RunPersonSaysWhatIsNew) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  const TestFolder folder;
  create_directory(folder / "film");
  for (const std::string name : {"f1.png", "f2.png", "f10.png"}) {
    WritePicture(folder / "film" / name);
  }
  WriteText(folder / "film" / "notes.txt", "no frame");
  const Ran quiet = RunPinhole("run person --input film", folder.path());
  EXPECT_EQ(quiet.code, 0) << quiet.err;
  EXPECT_THAT(quiet.out, testing::MatchesRegex("f1.png +nobody is there +nobody\n"));

  const Ran all = RunPinhole("run person --input film --json --all", folder.path());
  const std::vector<json> lines = Lines(all.out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1]["picture"], "f2.png");  // before f10
  EXPECT_EQ(lines[2]["facts"],
            json({{"reading", true}, {"present", false}, {"faces", json::array()}}));
}

TEST(Cli, RunPersonSaysNoReadingForAPictureItCannotRead) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
  }
  const TestFolder folder;
  create_directory(folder / "film");
  WritePicture(folder / "film" / "f1.png");
  WriteText(folder / "film" / "f2.png", "no picture");
  WritePicture(folder / "film" / "f3.png");
  const Ran ran = RunPinhole("run person --input film --json", folder.path());
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(ran.says_one_line()) << ran.err;
  const std::vector<json> lines = Lines(ran.out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1]["changed"], "no reading");
  EXPECT_EQ(lines[1]["facts"]["reading"], false);
  EXPECT_EQ(lines[2]["facts"]["reading"], true);
}

TEST(Cli, ModelCommandsAgreeWithEachOther) {
  const Ran inspected = RunPinhole("model inspect --json --tensors '" + kPerson + "'");
  ASSERT_EQ(inspected.code, 0) << inspected.err;
  const json report = json::parse(inspected.out);
  const json plan = json::parse(RunPinhole("model plan --json '" + kPerson + "'").out);
  const json timed = json::parse(RunPinhole("model bench --json --runs 2 '" + kPerson + "'").out);
  const json row = json::parse(RunPinhole("model plan --table --json '" + kPerson + "'").out);
  EXPECT_GT(report["multiply_adds"], 0);
  EXPECT_EQ(report["operators_without_kernel"], 0);
  EXPECT_EQ(timed["macs"], report["multiply_adds"]);
  // Timed is what this machine runs, planned what a device would.
  EXPECT_GT(timed["arena_bytes"], 0);
  EXPECT_FALSE(timed["isa"].get<std::string>().empty());
  EXPECT_EQ(timed["packed_bytes"].get<int>() > 0, timed["isa"] != "reference");
  EXPECT_EQ(row["arena_bytes"], plan["arena_bytes"]);
  EXPECT_LE(timed["min_us"], timed["median_us"]);
  EXPECT_EQ(plan["operators"].size(), report["operators"].size());
  for (const json& block : plan["blocks"]) {
    EXPECT_LE(block["offset"].get<int>() + block["bytes"].get<int>(), plan["activation_bytes"]);
  }
}

TEST(Cli, PlanTableAgainstNumbers) {
  const TestFolder folder;
  WriteText(folder / "peer.txt", "# name bytes\nperson 100000\n");
  const Ran good =
      RunPinhole("model plan --table '" + kPerson + "' --against peer.txt", folder.path());
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("100,000"));
  WriteText(folder / "bad.txt", "person many\n");
  const Ran bad =
      RunPinhole("model plan --table '" + kPerson + "' --against bad.txt", folder.path());
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(bad.says_one_line()) << bad.err;
}

TEST(Cli, NoKnownModelNeedsMoreMemoryThanInTfliteMicro) {
  const std::string peer = PINHOLE_DOCS "/reference/arena-tflm.txt";
  const auto models = base::TestData("models");
  if (!exists(models)) {
    GTEST_SKIP() << models << " is missing (set PINHOLE_DATA)";
  }
  const Ran ran = RunPinhole("model plan --table --json --against '" + peer + "' '" +
                             models.string() + "'/*.tflite");
  ASSERT_EQ(ran.code, 0) << ran.err;
  int held = 0;
  for (const json& row : Lines(ran.out)) {
    if (!row["against_bytes"].is_null()) {
      EXPECT_LE(row["arena_bytes"], row["against_bytes"]) << row["model"];
      ++held;
    }
  }
  EXPECT_EQ(held, 9);
}

TEST(Cli, PlanPageIsWholeAndEscaped) {
  const TestFolder folder;
  const std::string name = "<b>&'.tflite";
  std::filesystem::copy_file(kPerson, folder / "plain.tflite");
  rename(folder / "plain.tflite", folder / name);
  const Ran ran = RunPinhole("model plan \"" + name + "\" --html page.html", folder.path());
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string page = ReadText(folder / "page.html");
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&amp;&#39;.tflite"));
  EXPECT_THAT(page, Not(HasSubstr("<b>&'")));
  EXPECT_THAT(page, testing::EndsWith("</body></html>\n"));
}

TEST(Cli, CompletionsKnowEveryCommand) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    SCOPED_TRACE(shell);
    const Ran ran = RunPinhole("completion " + shell);
    EXPECT_EQ(ran.code, 0) << ran.err;
    for (const std::string word : {"detect", "run", "person", "model", "inspect", "plan", "bench",
                                   "completion", "weighted unweighted none", "bash zsh fish"}) {
      EXPECT_THAT(ran.out, HasSubstr(word));
    }
  }
}

TEST(Cli, BashCompletes) {
  const TestFolder folder;
  WriteText(folder / "script", RunPinhole("completion bash").out);
  const auto completed = [&](const std::string& words, int at) {
    const std::string line = "cd '" + folder.path().string() +
                             "' && bash -c 'complete() { :; }; . ./script; COMP_WORDS=(" + words +
                             "); COMP_CWORD=" + std::to_string(at) +
                             "; _pinhole; echo \"${COMPREPLY[*]}\"' >said";
    EXPECT_EQ(std::system(line.c_str()), 0);
    return ReadText(folder / "said");
  };
  EXPECT_EQ(completed("pinhole det", 1), "detect\n");
  EXPECT_EQ(completed("pinhole model ins", 2), "inspect\n");
  EXPECT_EQ(completed("pinhole run p", 2), "person\n");
  EXPECT_EQ(completed("pinhole detect --nms un", 3), "unweighted\n");
  EXPECT_EQ(completed("pinhole model plan --ag", 3), "--against\n");
  EXPECT_EQ(completed("pinhole detect scr", 2), "script\n");
  EXPECT_EQ(completed("pinhole completion f", 2), "fish\n");
}

}  // namespace
}  // namespace pinhole::host
