// SPDX-License-Identifier: Apache-2.0
#include "outside/config/config.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "outside/config/config_text.h"
#include "outside/config/keys.h"
#include "outside/config/text_rules.h"
#include "system/failure.h"

namespace pinhole::outside::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Reading Parse(std::string_view text, std::vector<std::string> overrides = {}) {
  return ParseConfig(text, "p.toml", overrides);
}

// The values of all keys, for comparing configurations.
std::vector<Value> Values(const Config& config) {
  std::vector<Value> values;
  for (const Key& key : Keys()) {
    values.push_back(key.get(config));
  }
  return values;
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "pinhole-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string File(const std::string& name, std::string_view text, mode_t mode) const {
    const std::string path = (path_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A value that the key takes, other than its default where it has a choice.
Value AnyAllowed(const Key& key, std::mt19937& random) {
  switch (key.kind) {
    case Kind::kTruth: return Value(random() % 2 == 0);
    case Kind::kNumber:
    case Kind::kRights:
      return Value(std::uniform_int_distribution<std::int64_t>(key.least, key.most)(random));
    case Kind::kText: break;
  }
  if (!key.choices.empty()) {
    return Value(std::string(key.choices[random() % key.choices.size()]));
  }
  const std::string tried[] = {"na\"me \\ \u00e9", "/run/x/i2c-7", "::1", "abc", "a.example"};
  for (;;) {
    const std::string& text = tried[random() % std::size(tried)];
    if (key.rule->allows(text)) {
      return Value(text);
    }
  }
}

TEST(Config, WithoutAFileItIsTheDefaults) {
  const Reading read = Parse("");
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_THAT(read.warnings, IsEmpty());
  EXPECT_EQ(Values(read.config), Values(Config()));
  EXPECT_TRUE(read.config.http.enabled && read.config.log.enabled);
  EXPECT_FALSE(read.config.pin.enabled || read.config.i2c.enabled || read.config.mqtt.enabled);
  EXPECT_EQ(read.config.http.address, "127.0.0.1");
  EXPECT_EQ(read.config.http.port, 8462);
  EXPECT_EQ(read.config.log.path, "-");
}

TEST(Config, DocumentedDefaultsReadBackAsTheDefaults) {
  const std::string text = DefaultsAsToml();
  const Reading read = Parse(text);
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(Values(read.config), Values(Config()));
  for (const Key& key : Keys()) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(key.name) + " = "));
  }
}

// Any allowed values, written out, are read back; so are they from the command line.
TEST(Config, TextAndValuesAreTheSame) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    Config config;
    std::vector<std::string> overrides;
    for (const Key& key : Keys()) {
      const Value value = AnyAllowed(key, random);
      ASSERT_EQ(WhatIsWrong(key, value), "") << FullName(key);
      key.set(config, value);
      ASSERT_EQ(key.get(config), value) << FullName(key);
      overrides.push_back(FullName(key) + "=" + ValueAsToml(key, value));
    }
    // Rules between keys that random values would break.
    config.mqtt.enabled = false;
    config.http.enabled = false;
    config.restart.most_s = config.restart.first_s;
    overrides.insert(overrides.end(), {"mqtt.enabled=false", "http.enabled=false",
                                       "restart.most_s=" + std::to_string(config.restart.most_s)});
    const Reading from_text = Parse(AsToml(config));
    ASSERT_THAT(from_text.problems, IsEmpty());
    ASSERT_EQ(Values(from_text.config), Values(config));
    const Reading from_line = Parse("", overrides);
    ASSERT_THAT(from_line.problems, IsEmpty());
    ASSERT_EQ(Values(from_line.config), Values(config));
  }
}

TEST(Config, TheSensorFillsInWhatOutletsShare) {
  const Reading read = Parse("[sensor]\nname = 'Hall'\nprofile = 'presence'\n");
  EXPECT_EQ(read.config.mqtt.device_name, "Hall");
  EXPECT_EQ(read.config.http.sensor_name, "Hall");
  EXPECT_EQ(read.config.mqtt.profile, "presence");
  EXPECT_EQ(read.config.http.profile, "presence");
  EXPECT_EQ(read.config.http.tick, std::chrono::seconds(2));
}

TEST(Config, ProblemsSayWhereAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[sensor]\nfps = 99", "p.toml:2:1: sensor.fps is 99; 1 to 60 is allowed"},
      {"[sensor]\nfps = 5.0",
       "p.toml:2:1: sensor.fps is a number with a fraction; 1 to 60 is allowed"},
      {"[sensor]\nfps = 'x'", "p.toml:2:1: sensor.fps is no whole number; 1 to 60 is allowed"},
      {"[sensor]\nloop = 1", "p.toml:2:1: sensor.loop is no truth; true or false is allowed"},
      {"[sensor]\n  name = 7",
       "p.toml:2:3: sensor.name is no text; a name of 1 to 64 bytes is allowed"},
      {"[sensor]\nprofile = 'all'",
       "p.toml:2:1: sensor.profile is \"all\"; presence, people or compatible is allowed"},
      {"[sensor]\nname = 'a\\\\b'\nfsp = 1",
       "p.toml:3:1: sensor.fsp is no known key; did you mean sensor.fps?"},
      {"[mqtt]\npassword = 'secret'",
       "p.toml:2:1: mqtt.password is no known key; did you mean mqtt.password_file?"},
      {"[http]\nprofile = 'people'",
       "p.toml:2:1: http.profile is no known key; did you mean sensor.profile?"},
      {"[pin]\nxyzzy = 1",
       "p.toml:2:1: pin.xyzzy is no known key; 'pinhole config --defaults' shows all there are"},
      {"[mqqt]\nhost = 'a'", "p.toml:2:1: [mqqt] is no known section; did you mean mqtt?"},
      {"[mqqt]\n", "p.toml:1:2: [mqqt] is no known section; did you mean mqtt?"},
      {"fps = 5", "p.toml:1:1: the key fps stands in no section; did you mean sensor.fps?"},
      {"pin = true", "p.toml:1:1: pin is a section, not a key; write [pin] and its keys below"},
      {"[[pin]]\nline = 1", "p.toml:1:3: [[pin]] is an array; write [pin] once"},
      {"[i2c]\nmode = 660", "p.toml:2:1: i2c.mode is 0o1224; 0o0 to 0o777 in octal is allowed"},
      {"[pin]\nline = {a = 1}", "p.toml:2:1: pin.line is a table; 0 to 65535 is allowed"},
      {"[http]\naddress = '0.0.0.0'",
       "p.toml:2:1: http.address is reached by others; give an http.token_file, or a loopback "
       "address"},
      {"[restart]\nfirst_s = 100",
       "p.toml:2:1: restart.first_s is more than restart.most_s; give at most that"},
      {"[mqtt]\nenabled = true\ntls = true\ncert_file = 'c'",
       "p.toml:4:1: mqtt.cert_file stands alone; mqtt.cert_file and mqtt.key_file go together"},
      {"[mqtt]\nenabled = true\nca_file = 'c'",
       "p.toml:3:1: mqtt.ca_file is for an encrypted connection; set mqtt.tls to true"},
      {"[mqtt]\nenabled = true\npassword_file = '/none'",
       "p.toml:3:1: mqtt.password_file is of nobody; give an mqtt.user too"},
      {"[sensor]\ninput = 'http://camera/'",
       "p.toml:2:1: sensor.input is \"http://camera/\"; a path, rtsp://ADDRESS, v4l2:DEVICE, "
       "gst:PIPELINE, or \"\" for the bundled film is allowed"},
      {"[sensor]\nname = \"a\\u001b[31m\"",
       "p.toml:2:1: sensor.name is \"a?[31m\"; control characters are not allowed"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(Parse(text).problems, ElementsAre(problem)) << text;
  }
}

TEST(Config, TextThatIsNoTomlIsOneProblemWithItsPlace) {
  for (const std::string text :
       {"[sensor\n", "[pin]\nline = 1\nline = 2\n", "[pin]\n[pin]\n", "a = 0660\n",
        "\"\xff\xfe\"= 1\n", "[sensor]\nname = \"\xc3\x28\"\n", "name = \"open\n", "= 1\n",
        "a = 99999999999999999999\n", "\x01\n", "[`", "a = `", "a.`=1"}) {
    const Reading read = Parse(text);
    ASSERT_EQ(read.problems.size(), 1U) << text;
    EXPECT_THAT(read.problems[0],
                testing::ContainsRegex("^p\\.toml:[1-9][0-9]*:[0-9]+: no TOML: "));
    EXPECT_EQ(system::Printable(read.problems[0]), read.problems[0]);
  }
}

// Places are bytes here.
TEST(Config, WhatTheLibraryDoesNotBearIsRefusedBefore) {
  const std::string nul(1, '\0');
  for (const std::string& text :
       {"[pin]\nli" + nul + "ne = 1", "# \n# " + nul, "a = 1\n\"'" + nul + "\"", "a = 1\n'\\" + nul,
        "a = 1\n\"\\" + nul}) {
    EXPECT_THAT(Parse(text).problems, ElementsAre("p.toml:2:3: a NUL byte: this is no text file"));
  }
  for (const std::string text : {"\u0385", "a = \u00e9", "a = 'b' \u3000", "\"a\" \u2000= 1",
                                 "a = 1\"\u025a", "a ==\"\u025a", "a = 1.\"\u025a"}) {
    EXPECT_THAT(Parse(text).problems, ElementsAre(HasSubstr(": no TOML: ")));
  }
  for (const std::string text : {"a = \"\"\"\\\n\u00e9\"\"\"", "a = '''b'''"}) {
    EXPECT_THAT(Parse(text).problems, ElementsAre(HasSubstr("a string over several lines")));
  }
  const Reading read =
      Parse("\xEF\xBB\xBF# \u00e9\n[sensor]\nname = \"K\\\"\u00fc\" # '\nfps = 4\n");
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.config.sensor.name, "K\"\u00fc");
}

TEST(Config, DeepNestingIsRefusedAndHarmless) {
  const auto many = [](const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) {
      text += piece;
    }
    return text;
  };
  const int kTimes = 200'000;
  for (const std::string& text :
       {"[a" + many(".a", kTimes) + "]\n", "a" + many(".a", kTimes) + " = 1\n",
        "a" + many(" . \"x=\"", kTimes / 10) + " = 1\n", "a = " + many("[", kTimes),
        "a = " + many("{a=", kTimes), "x = {a" + many(".a", kTimes) + " = 1}\n",
        "y = '\"'\na" + many(".'.'", kTimes) + " = 1\n"}) {
    EXPECT_EQ(Parse(text).problems.size(), 1U) << text.substr(0, 40);
  }
  // Dots in strings and comments are none of a key's.
  EXPECT_THAT(Parse("# " + many(".", 100) + "\n[sensor]\nmodel = \"" + many("./", 100) +
                    "x\"\nname = '" + many(".", 60) + "'\n")
                  .problems,
              IsEmpty());
  EXPECT_THAT(Parse("", {"sensor.model=" + many("../", 100)}).problems, IsEmpty());
}

TEST(Config, MoreThanAMegabyteIsRefused) {
  const std::string large(kMaxConfigBytes + 1, '\n');
  EXPECT_THAT(Parse(large).problems,
              ElementsAre("p.toml: more than 1 MB; a configuration is a few lines"));
  EXPECT_THAT(Parse(large.substr(1)).problems, IsEmpty());
}

TEST(Config, TenProblemsAreToldAndTheRestCounted) {
  std::string text = "[pin]\n";
  for (int i = 0; i < 12; ++i) {
    text += "unknown" + std::to_string(i) + " = 1\n";
  }
  const Reading read = Parse(text);
  ASSERT_EQ(read.problems.size(), kMaxProblems + 1);
  EXPECT_THAT(read.problems[0], HasSubstr("p.toml:2:1: pin.unknown0 "));
  EXPECT_THAT(read.problems[9], HasSubstr("p.toml:11:1: pin.unknown9 "));
  EXPECT_EQ(read.problems[10], "p.toml: and 2 more; correct these first");
}

TEST(Override, IsTomlOrABareWord) {
  const Config config =
      Parse("[sensor]\nfps = 3\n",
            {"sensor.fps=7", "sensor.fps=8", "sensor.loop=true", "sensor.input=rtsp://camera/#1",
             "sensor.name=42", "mqtt.user=\"a b\"", "i2c.mode=0o600", "log.path='x y'",
             "sensor.model="})
          .config;
  EXPECT_EQ(config.sensor.fps, 8U) << "the last one counts";
  EXPECT_TRUE(config.sensor.loop);
  EXPECT_EQ(config.sensor.input, "rtsp://camera/#1");
  EXPECT_EQ(config.sensor.name, "42") << "a text may look like a number";
  EXPECT_EQ(config.mqtt.user, "a b");
  EXPECT_EQ(config.i2c.mode, 0600U);
  EXPECT_EQ(config.log.path, "x y");
}

TEST(Override, IsCheckedAsTheFileIs) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"sensor.fps=99", "--set sensor.fps: sensor.fps is 99; 1 to 60 is allowed"},
      {"sensor.fps=many", "--set sensor.fps: sensor.fps is no whole number; 1 to 60 is allowed"},
      {"sensor.fps=5\n[pin]",
       "--set: a value or a name that is no printable UTF-8; write sensor.fps=5"},
      {"sensor.name=\xff",
       "--set: a value or a name that is no printable UTF-8; write sensor.fps=5"},
      {"\xc2", "--set: a value or a name that is no printable UTF-8; write sensor.fps=5"},
      {"sensor.fps=1, w=2", "--set sensor.fps: sensor.fps is no whole number; 1 to 60 is allowed"},
      {"sensor.fps={a=1}", "--set sensor.fps: sensor.fps is a table; 1 to 60 is allowed"},
      {"sensor.fsp=1", "--set sensor.fsp: sensor.fsp is no known key; did you mean sensor.fps?"},
      {"fps=1", "--set fps: no 'section.key=value'; write it as sensor.fps=5"},
      {"sensor.fps", "--set sensor.fps: no 'section.key=value'; write it as sensor.fps=5"},
      {"sensor.=1", "--set sensor.: no key before the '='"},
      {"http.address=::",
       "--set http.address: http.address is reached by others; give an "
       "http.token_file, or a loopback address"},
  };
  for (const auto& [given, problem] : cases) {
    EXPECT_THAT(Parse("", {given}).problems, ElementsAre(problem)) << given;
  }
}

TEST(Secrets, OthersWhoCanReadThemAreAWarning) {
  const Folder folder;
  const std::string open = folder.File("open", "x\n", 0644);
  const std::string safe = folder.File("safe", "x\n", 0640);
  const auto warnings = [&](const std::string& file) {
    return Parse("[http]\ntoken_file = '" + file + "'\n").warnings;
  };
  EXPECT_THAT(warnings(safe), IsEmpty());
  EXPECT_THAT(warnings(open),
              ElementsAre(HasSubstr("p.toml:2:1: http.token_file: " + open +
                                    " is a secret that everybody on this machine can get at")));
  EXPECT_THAT(warnings(folder.path() + "/none"), ElementsAre(HasSubstr("can't be looked at")));
  const std::string mqtt = "[mqtt]\nenabled = true\nuser = 'u'\npassword_file = '" + safe + "'\n";
  EXPECT_THAT(Parse(mqtt).warnings, IsEmpty()) << "the broker is on this machine";
  EXPECT_THAT(Parse(mqtt + "host = 'broker'\n").warnings,
              ElementsAre(HasSubstr("the password crosses the network unencrypted")));
  EXPECT_THAT(Parse(mqtt + "host = 'broker'\ntls = true\n").warnings, IsEmpty());
}

TEST(Secrets, APasswordInAnAddressIsNeverShown) {
  const std::string text = "[sensor]\ninput = 'rtsp://me:pa/s@s@camera/1'\n";
  const Reading read = Parse(text);
  EXPECT_EQ(read.config.sensor.input, "rtsp://me:pa/s@s@camera/1");
  EXPECT_THAT(AsToml(read.config), HasSubstr("input = \"rtsp://me:***@camera/1\""));
  EXPECT_THAT(read.warnings, ElementsAre(HasSubstr("the address has a password in it")));
  const Reading bad = Parse("[sensor]\ninput = \"http://me:secret@camera/\\u0001\"\n");
  ASSERT_EQ(bad.problems.size(), 1U);
  EXPECT_THAT(bad.problems[0], testing::Not(HasSubstr("secret")));
  EXPECT_EQ(PasswordIn("rtsp://camera/").second, 0U);
  EXPECT_EQ(PasswordIn("rtsp://me@camera:554/").second, 0U);
  EXPECT_EQ(PasswordIn("rtsp://me:@camera/").second, 0U);
  EXPECT_EQ(PasswordIn("/a:b@c").second, 0U);
}

TEST(ReadConfig, ThrowsAllProblemsAtOnce) {
  const Folder folder;
  const std::string path = folder.File("p.toml", "[sensor]\nfps = 0\nthreads = 99\n", 0644);
  std::vector<std::string> warnings;
  try {
    ReadConfig(path, std::vector<std::string>{"pin.line=x"}, warnings);
    FAIL() << "nothing thrown";
  } catch (const system::Failure& failure) {
    EXPECT_EQ(failure.what(), path + ":2:1: sensor.fps is 0; 1 to 60 is allowed\n" + path +
                                  ":3:1: sensor.threads is 99; 1 to 16 is allowed\n"
                                  "--set pin.line: pin.line is no whole number; 0 to 65535 is "
                                  "allowed");
  }
  EXPECT_THROW(ReadConfig(folder.path() + "/none", {}, warnings), system::Failure);
  EXPECT_EQ(ReadConfig("", std::vector<std::string>{"sensor.fps=4"}, warnings).sensor.fps, 4U);
}

}  // namespace
}  // namespace pinhole::outside::config
