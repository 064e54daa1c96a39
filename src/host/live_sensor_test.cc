// SPDX-License-Identifier: Apache-2.0
// A live sensor: its processes as the command starts them, and what happens when they die.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/sanitized.h"
#include "facts/person_codec.h"
#include "host/command_for_tests.h"
#include "system/child_process.h"

namespace pinhole::host {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using system::Child;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

const std::string kClip = PINHOLE_MODELS_FOLDER "/person/clip";

// `pinhole run person ...`, its standard output line by line and its errors in a file.
class Live {
 public:
  explicit Live(const std::vector<std::string>& more) {
    system::PipeEnds out = system::MakePipe();
    const int err = ::open((folder_ / "err").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    std::vector<std::string> words = {PINHOLE_COMMAND, "run", "person"};
    words.insert(words.end(), more.begin(), more.end());
    child_ = Child::Start(words, {{out.writing.get(), 1}, {err, 2}});
    ::close(err);
    out_ = std::move(out.reading);
  }

  // The next line, or nothing where none comes within 30 s or the sensor has ended.
  std::optional<std::string> Line() {
    const Clock::time_point end = Clock::now() + seconds(30);
    while (buffer_.find('\n') == std::string::npos) {
      pollfd wait{out_.get(), POLLIN, 0};
      if (Clock::now() > end || ::poll(&wait, 1, 1000) < 0) {
        return std::nullopt;
      }
      std::array<char, 4096> text{};
      if (wait.revents == 0) {
        continue;
      }
      const ssize_t n = ::read(out_.get(), text.data(), text.size());
      if (n <= 0) {
        return std::nullopt;
      }
      buffer_.append(text.data(), static_cast<std::size_t>(n));
    }
    std::string line = buffer_.substr(0, buffer_.find('\n'));
    buffer_.erase(0, line.size() + 1);
    return line;
  }
  // Lines until one is as wanted: how many there were, or nothing.
  std::optional<int> LinesUntil(const std::function<bool(const json&)>& wanted) {
    for (int lines = 1;; ++lines) {
      const std::optional<std::string> line = Line();
      if (!line) {
        return std::nullopt;
      }
      if (wanted(json::parse(*line)["facts"])) {
        return lines;
      }
    }
  }

  // {program's name: process number} of all that it started.
  [[nodiscard]] std::map<std::string, pid_t> Parts() const {
    std::map<std::string, pid_t> parts;
    std::istringstream numbers(ReadText("/proc/" + std::to_string(child_.pid()) + "/task/" +
                                        std::to_string(child_.pid()) + "/children"));
    for (pid_t pid = 0; numbers >> pid;) {
      std::string name = ReadText("/proc/" + std::to_string(pid) + "/comm");
      parts[name.substr(0, name.find('\n'))] = pid;
    }
    return parts;
  }

  Child& child() { return child_; }
  [[nodiscard]] std::string err() const { return ReadText(folder_ / "err"); }

 private:
  TestFolder folder_;
  Child child_;
  system::UniqueFd out_;
  std::string buffer_;
};

bool IsReading(const json& facts) { return facts["reading"]; }
bool IsNoReading(const json& facts) { return !facts["reading"]; }
bool Exists(pid_t pid) { return ::kill(pid, 0) == 0; }

bool Vanishes(pid_t pid) {
  for (const Clock::time_point end = Clock::now() + seconds(20); Clock::now() < end;) {
    if (!Exists(pid)) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

class LiveSensor : public testing::Test {
 protected:
  void SetUp() override {
    if (PINHOLE_SANITIZED) {
      GTEST_SKIP() << "a sanitizer's run-time makes calls of its own";
    }
  }
  // A film without end, facts as JSON at every tick of the fastest profile.
  static std::vector<std::string> Film(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"--input",          kClip,       "--live",
                                      "--json",           "--all",     "--set",
                                      "sensor.loop=true", "--set",     "http.enabled=false",
                                      "--profile",        "compatible"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(LiveSensor, TellsWhatTheFilmShowsAndEndsWhenTold) {
  Live live(Film());
  EXPECT_TRUE(live.LinesUntil([](const json& facts) { return facts["present"] == true; }));
  EXPECT_TRUE(live.LinesUntil([](const json& facts) { return facts["faces"].size() == 2; }));
  EXPECT_EQ(live.Parts().size(), 3U);
  live.child().Signal(SIGTERM);
  EXPECT_EQ(live.child().Wait().Text(), "exit code 0");
  EXPECT_THAT(live.err(), HasSubstr("the wall stands, grade "));
  EXPECT_THAT(live.err(), HasSubstr("profile compatible: up to 1519 bits a second"));
}

TEST_F(LiveSensor, AFilmThatEndsEndsTheSensor) {
  Live live({"--input", kClip, "--live", "--set", "sensor.fps=60", "--set", "http.enabled=false"});
  while (live.Line()) {
  }
  EXPECT_EQ(live.child().Wait().Text(), "exit code 0");
}

TEST_F(LiveSensor, AnInsideThatIsKilledIsNoReadingWithinTwoTicksAndComesBack) {
  Live live(Film());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(live.LinesUntil(IsReading));
    const pid_t inside = live.Parts()["pinhole-inside"];
    ASSERT_GT(inside, 0);
    ::kill(inside, SIGKILL);
    const std::optional<int> lines = live.LinesUntil(IsNoReading);
    ASSERT_TRUE(lines);
    EXPECT_LE(*lines, 4);  // what was said before it died may stand in the pipe to us
    EXPECT_TRUE(Vanishes(inside));
  }
  EXPECT_TRUE(live.LinesUntil(IsReading));
  EXPECT_THAT(live.err(), HasSubstr("the inside ended (killed by SIGKILL); starting again in 1 s"));
}

TEST_F(LiveSensor, ASourceOrAnOutsideThatIsKilledComesBackToo) {
  Live live(Film());
  ASSERT_TRUE(live.LinesUntil(IsReading));
  for (const std::string part : {"pinhole-source", "pinhole-outside"}) {
    const pid_t pid = live.Parts()[part];
    ASSERT_GT(pid, 0) << part << "\n" << live.err();
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(Vanishes(pid));
    std::this_thread::sleep_for(seconds(3));
    ASSERT_TRUE(live.LinesUntil(IsReading)) << part << live.err();
  }
  EXPECT_EQ(live.Parts().size(), 3U);
}

TEST_F(LiveSensor, NoneIsLeftBehind) {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT}) {
    Live live(Film());
    ASSERT_TRUE(live.LinesUntil(IsReading));
    const std::map<std::string, pid_t> parts = live.Parts();
    ASSERT_EQ(parts.size(), 3U);
    live.child().Signal(signal);
    live.child().Wait();
    for (const auto& [name, pid] : parts) {
      EXPECT_TRUE(Vanishes(pid)) << name;
    }
  }
}

TEST_F(LiveSensor, DoesNotStartBelowTheGradeAskedFor) {
  Live live(Film({"--set", "wall.at_least=A"}));
  EXPECT_EQ(live.Line(), std::nullopt);
  EXPECT_EQ(live.child().Wait().exit_code, 1);
  EXPECT_THAT(live.err(), HasSubstr(", A is asked for: "));
}

TEST_F(LiveSensor, WhatCannotBeginSaysWhyAndEnds) {
  const TestFolder folder;
  WriteText(folder / "no.tflite", "nothing");
  WriteText(folder / "typo.toml", "[sensor]\nprofil = \"people\"\n");
  const auto says = [](const std::vector<std::string>& words, const std::string& what) {
    Live live(words);
    EXPECT_EQ(live.Line(), std::nullopt);
    EXPECT_NE(live.child().Wait().exit_code, 0) << what;
    EXPECT_THAT(live.err(), HasSubstr(what));
  };
  says({"--input", "/none/such", "--live"}, "/none/such");
  says(Film({"--model", (folder / "no.tflite").string()}), "no.tflite");
  says({"--config", (folder / "typo.toml").string()}, "typo.toml:2:");
  says({"--config", (folder / "none.toml").string()}, "none.toml");
}

TEST_F(LiveSensor, TwoHalvesMeetAtAFifo) {
  const TestFolder folder;
  const std::string fifo = (folder / "facts").string();
  Live outside(Film({"--only", "outside", "--facts", fifo}));
  ASSERT_TRUE(outside.LinesUntil(IsNoReading));
  {
    Live inside(Film({"--only", "inside", "--facts", fifo}));
    EXPECT_TRUE(outside.LinesUntil(IsReading)) << inside.err() << outside.err();
    EXPECT_EQ(inside.Parts().count("pinhole-outside"), 0U);
  }
  EXPECT_TRUE(outside.LinesUntil(IsNoReading));
}

TEST_F(LiveSensor, AnOutsideThatIsStartedAnewFindsTheInsideAgain) {
  const TestFolder folder;
  const std::string fifo = (folder / "facts").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Live inside(Film({"--only", "inside", "--facts", fifo}));
  for (int i = 0; i < 2; ++i) {
    Live outside(Film({"--only", "outside", "--facts", fifo}));
    EXPECT_TRUE(outside.LinesUntil(IsReading)) << inside.err() << outside.err();
  }
}

TEST_F(LiveSensor, AForgedRecordCutsTheInsideOff) {
  const TestFolder folder;
  const std::string fifo = (folder / "facts").string();
  Live outside(Film({"--only", "outside", "--facts", fifo}));
  ASSERT_TRUE(outside.LinesUntil(IsNoReading));
  const int fd = ::open(fifo.c_str(), O_WRONLY | O_NONBLOCK);
  ASSERT_GE(fd, 0);
  facts::PersonFacts somebody;
  somebody.reading = somebody.present = 1;
  std::array<std::byte, facts::kPersonFactsBytes> record{};
  ASSERT_TRUE(facts::EncodePerson(somebody, record));
  ASSERT_EQ(::write(fd, record.data(), record.size()), 37);
  EXPECT_TRUE(outside.LinesUntil(IsReading));
  ::signal(SIGPIPE, SIG_IGN);
  record[2] = std::byte{77};
  ASSERT_EQ(::write(fd, record.data(), record.size()), 37);
  EXPECT_TRUE(outside.LinesUntil(IsNoReading));
  EXPECT_THAT(outside.err(), HasSubstr("taken for compromised"));
  record[2] = std::byte{1};
  EXPECT_LT(::write(fd, record.data(), record.size()), 0);
  ::close(fd);
}

}  // namespace
}  // namespace pinhole::host
