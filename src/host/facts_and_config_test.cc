// SPDX-License-Identifier: Apache-2.0
// `pinhole facts`, `pinhole config` and the manual pages, as a user runs them.

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "facts/person_profile.h"
#include "host/command_for_tests.h"
#include "host/man_page.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(Facts, JsonAddsUpToTheDeclarations) {
  const Ran ran = RunPinhole("facts --json");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> lines = Lines(ran.out);
  ASSERT_EQ(lines.size(), facts::kPersonProfiles.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const json shown = json::parse(lines[i]);
    const facts::ProfileDeclaration& profile = facts::kPersonProfiles[i];
    EXPECT_EQ(shown["profile"], std::string(profile.name));
    std::uint32_t bits = 0;
    std::size_t fields = 0;
    for (const json& field : shown["fields"]) {
      bits += field["bits"].get<std::uint32_t>() * field["times"].get<std::uint32_t>();
      fields += field["times"].get<std::size_t>();
    }
    EXPECT_EQ(fields, profile.fields.size()) << "every field is there";
    EXPECT_EQ(bits, profile.bits_per_record());
    EXPECT_EQ(shown["bits_per_record"], profile.bits_per_record());
    EXPECT_EQ(shown["bits_per_second"], profile.bits_per_second());
    EXPECT_EQ(shown["limit"], profile.limit);
    EXPECT_EQ(shown["tick_us"], profile.tick_us());
    EXPECT_EQ(shown["record_bytes"], facts::kPersonFactsBytes);
    EXPECT_EQ(shown["default"], profile.name == "people");
    EXPECT_EQ(shown.contains("warning"), profile.name == "compatible");
  }
}

TEST(Facts, TextNamesEveryFieldAndWarnsOfOneProfile) {
  for (const facts::ProfileDeclaration& profile : facts::kPersonProfiles) {
    const Ran ran = RunPinhole("facts --profile " + std::string(profile.name));
    ASSERT_EQ(ran.code, 0) << ran.err;
    for (const facts::FieldBits& field : profile.fields) {
      EXPECT_THAT(ran.out, HasSubstr("\n  " + std::string(field.name) + " "));
    }
    EXPECT_THAT(ran.out, HasSubstr(std::to_string(profile.bits_per_second()) + " bits a second"));
    EXPECT_EQ(ran.out.find("WARNING: ") != std::string::npos, profile.name == "compatible");
  }
  EXPECT_EQ(RunPinhole("facts --profile all").code, 2);
}

TEST(Config, DefaultsAreAFileThatIsTheDefaults) {
  const TestFolder folder;
  ASSERT_EQ(RunPinhole("config --defaults > p.toml", folder.path()).code, 0);
  const Ran from_file = RunPinhole("config p.toml --json", folder.path());
  const Ran from_nothing = RunPinhole("config --json");
  EXPECT_EQ(from_file.code, 0) << from_file.err;
  EXPECT_EQ(json::parse(from_file.out), json::parse(from_nothing.out));
  EXPECT_EQ(json::parse(from_nothing.out)["http"]["port"], 8462);
}

TEST(Config, WhatIsInForceReadsBack) {
  const TestFolder folder;
  WriteText(folder / "p.toml", "[sensor]\nname = 'a \"b\" \\ c'\n[i2c]\nmode = 0o600\n");
  const Ran first = RunPinhole("config p.toml --set sensor.fps=7 > q.toml", folder.path());
  EXPECT_EQ(first.code, 0) << first.err;
  const Ran again = RunPinhole("config - < q.toml", folder.path());
  EXPECT_EQ(again.out, ReadText(folder / "q.toml"));
  EXPECT_THAT(again.out, HasSubstr("fps = 7\n"));
  EXPECT_THAT(again.out, HasSubstr("mode = 0o600\n"));
}

TEST(Config, EveryProblemIsALine) {
  const TestFolder folder;
  WriteText(folder / "p.toml", "[sensor]\nfsp = 1\nfps = 99\n");
  const Ran ran = RunPinhole("config p.toml --set pin.line=-1", folder.path());
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "pinhole: p.toml:2:1: sensor.fsp is no known key; did you mean sensor.fps?\n"
            "pinhole: p.toml:3:1: sensor.fps is 99; 1 to 60 is allowed\n"
            "pinhole: --set pin.line: pin.line is -1; 0 to 65535 is allowed\n");
  EXPECT_EQ(RunPinhole("config none.toml", folder.path()).code, 1);
  EXPECT_EQ(RunPinhole("config --defaults p.toml", folder.path()).code, 2);
  EXPECT_EQ(RunPinhole("config --set", folder.path()).code, 2);
}

TEST(Config, SecretsAreNeverShown) {
  const TestFolder folder;
  WriteText(folder / "token", "swordfish\n");
  WriteText(folder / "p.toml",
            "[sensor]\ninput = 'rtsp://me:swordfish@camera/'\n[http]\ntoken_file = 'token'\n");
  for (const std::string arguments : {"config p.toml", "config p.toml --json"}) {
    const Ran ran = RunPinhole(arguments, folder.path());
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("swordfish")));
    EXPECT_THAT(ran.out, HasSubstr("rtsp://me:***@camera/"));
    EXPECT_THAT(ran.err, HasSubstr("pinhole: warning: p.toml:4:1: http.token_file: token "));
  }
}

// Every subcommand that --help shows, at every level, by walking down.
void Walk(const std::string& command, std::set<std::string>& pages) {
  std::string page = "pinhole" + (command.empty() ? "" : " " + command);
  std::replace(page.begin(), page.end(), ' ', '-');
  pages.insert(page + ".1");
  const std::vector<std::string> lines = Lines(RunPinhole(command + " --help").out);
  auto line = std::find(lines.begin(), lines.end(), "Subcommands:");
  for (; line != lines.end() && !line->empty(); ++line) {
    if (line->starts_with("  ") && !line->starts_with("   ")) {
      const std::string name = line->substr(2, line->find(' ', 2) - 2);
      Walk(command.empty() ? name : command + " " + name, pages);
    }
  }
}

TEST(Man, HasAPageForEverySubcommandAndTheFile) {
  const TestFolder folder;
  const Ran ran = RunPinhole("man pages", folder.path());
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::set<std::string> expected = {"pinhole.toml.5"};
  Walk("", expected);
  EXPECT_GT(expected.size(), 10U);
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "pages")) {
    found.insert(entry.path().filename().string());
    const std::string text = ReadText(entry.path());
    EXPECT_TRUE(std::all_of(text.begin(), text.end(),
                            [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }))
        << entry.path() << ": groff reads ASCII";
  }
  EXPECT_EQ(found, expected);
  EXPECT_THAT(RunPinhole("--help").out, Not(HasSubstr("\n  man ")));
  EXPECT_THAT(RunPinhole("completion bash").out, Not(HasSubstr("' man'")));
}

TEST(Man, GroffHasNothingToSay) {
  if (std::system("command -v groff >/dev/null") != 0) {
    GTEST_SKIP() << "the program 'groff' is missing";
  }
  const TestFolder folder;
  ASSERT_EQ(RunPinhole("man .", folder.path()).code, 0);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string line = "groff -man -ww -Tascii '" + entry.path().string() + "' >'" +
                             (folder / "shown").string() + "' 2>'" + (folder / "said").string() +
                             "'";
    if (!entry.path().filename().string().starts_with("pinhole")) {
      continue;
    }
    EXPECT_EQ(std::system(line.c_str()), 0);
    EXPECT_EQ(ReadText(folder / "said"), "") << entry.path();
    EXPECT_THAT(ReadText(folder / "shown"), HasSubstr("Pinhole Manual"));
  }
}

TEST(Man, EscapesWhatRoffWouldObey) {
  ManPage page;
  page.name = "x-y";
  page.does = "Does it.";
  page.sections.push_back({"DESCRIPTION", {".B it's \\ a-b"}, {{"--a", "B", "'q"}}, ".x\n y\n"});
  EXPECT_EQ(Roff(page, "1"),
            ".TH X\\-Y 1 \"\" \"Pinhole 1\" \"Pinhole Manual\"\n"
            ".SH NAME\nx\\-y \\- does it\n"
            ".SH DESCRIPTION\n\\&.B it\\(aqs \\e a\\-b\n"
            ".TP\n\\fB\\-\\-a\\fR \\fIB\\fR\n\\(aqq\n"
            ".PP\n.nf\n\\&.x\n y\n.fi\n");
  EXPECT_EQ(AsPhrase("ML sensors."), "ML sensors");
}

}  // namespace
}  // namespace pinhole::host
