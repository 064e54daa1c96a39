// SPDX-License-Identifier: Apache-2.0
#include "outside/log/log_outlet.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "outside/log/line_sink.h"
#include "outside/log/line_writer.h"
#include "outside/log/log_time.h"

namespace pinhole::outside::log {
namespace {

namespace fs = std::filesystem;
using facts::PersonFacts;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

constexpr std::chrono::seconds kDeadline{30};

class TestFolder {
 public:
  TestFolder() {
    std::string name = (fs::temp_directory_path() / "pinhole-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Sentences, from whichever thread they come.
class Told {
 public:
  outlet::Notices notices() {
    return [this](std::string_view sentence) {
      const std::lock_guard lock(mutex_);
      sentences_.emplace_back(sentence);
    };
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return sentences_;
  }
  // Until there are so many, or the deadline.
  std::vector<std::string> Await(std::size_t number) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (all().size() < number && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return all();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> sentences_;
};

void AwaitLines(const fs::path& path, std::size_t number) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (Lines(ReadText(path)).size() < number && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

PersonFacts Nobody() {
  PersonFacts facts;
  facts.reading = 1;
  return facts;
}

PersonFacts Somebody() {
  PersonFacts facts = Nobody();
  facts.present = 1;
  return facts;
}

std::unique_ptr<outlet::Outlet> Open(const LogOptions& options, Told& told) {
  base::Diagnosis why;
  auto outlet = OpenLog(options, told.notices(), why);
  EXPECT_TRUE(outlet.has_value()) << why.text();
  return outlet ? *std::move(outlet) : nullptr;
}

LogOptions ToFile(const fs::path& path) {
  LogOptions options;
  options.path = path.string();
  return options;
}

TEST(LogTime, IsAsTheStandardHasIt) {
  using std::chrono::milliseconds;
  const std::chrono::system_clock::time_point time{milliseconds(1'709'210'096'007)};
  EXPECT_EQ(Rfc3339Utc(time), "2024-02-29T12:34:56.007Z");
  EXPECT_EQ(Rfc3339Utc(std::chrono::system_clock::time_point(milliseconds(-1))),
            "1969-12-31T23:59:59.999Z");
  ::setenv("TZ", "XYZ-5:30", 1);
  ::tzset();
  EXPECT_EQ(LocalTimeOfDay(time), "18:04:56");
  ::unsetenv("TZ");
  ::tzset();
}

TEST(LogOutlet, WritesWhatIsNewAsText) {
  const TestFolder folder;
  Told told;
  {
    const auto outlet = Open(ToFile(folder / "log"), told);
    for (const PersonFacts& facts :
         {PersonFacts{}, Nobody(), Nobody(), Somebody(), Somebody(), Nobody()}) {
      outlet->Publish(facts);
    }
    EXPECT_EQ(outlet->name(), "log");
  }
  const std::string time = "[0-2][0-9]:[0-5][0-9]:[0-6][0-9]  ";
  EXPECT_THAT(Lines(ReadText(folder / "log")),
              ElementsAre(MatchesRegex(time + "nobody is there              nobody"),
                          MatchesRegex(time + "somebody came                somebody, no face"),
                          MatchesRegex(time + "nobody is there any more     nobody"),
                          MatchesRegex(time + "no reading                   no reading")));
  EXPECT_THAT(told.all(), IsEmpty());
  EXPECT_EQ(fs::status(folder / "log").permissions() & fs::perms::others_all, fs::perms::none);
}

TEST(LogOutlet, WritesEveryTickAsJsonWhereAsked) {
  const TestFolder folder;
  Told told;
  LogOptions options = ToFile(folder / "log");
  options.format = "json";
  options.all = true;
  {
    const auto outlet = Open(options, told);
    outlet->Publish(Somebody());
    outlet->Publish(Somebody());
  }
  const std::vector<std::string> lines = Lines(ReadText(folder / "log"));
  ASSERT_THAT(lines, SizeIs(3));
  const std::vector<std::string> changed = {"somebody is there", "", "no reading"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = nlohmann::json::parse(lines[i]);
    EXPECT_THAT(line["time"].get<std::string>(),
                MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z"));
    EXPECT_EQ(line["changed"], changed[i]);
    EXPECT_EQ(line["facts"]["present"], i < 2);
    EXPECT_EQ(line.size(), 3U);
  }
}

TEST(LogOutlet, AppendsAndEndsWhatAPowerFailureCutOff) {
  const TestFolder folder;
  Told told;
  std::ofstream(folder / "log") << "old\nhalf a li";
  {
    const auto outlet = Open(ToFile(folder / "log"), told);
    outlet->Publish(Nobody());
  }
  const std::vector<std::string> lines = Lines(ReadText(folder / "log"));
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0], "old");
  EXPECT_EQ(lines[1], "half a li");
  EXPECT_THAT(lines[2], HasSubstr("nobody is there"));
}

TEST(LogOutlet, WhatCannotBeOpenedIsSaid) {
  const TestFolder folder;
  Told told;
  base::Diagnosis why;
  EXPECT_FALSE(OpenLog(ToFile(folder / "none/log"), told.notices(), why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("none/log: can't be opened: No such file"));
  EXPECT_FALSE(OpenLog(ToFile(folder / "."), told.notices(), why));
  LogOptions options = ToFile(folder / "log");
  options.format = "xml";
  EXPECT_FALSE(OpenLog(options, told.notices(), why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("text or json is allowed"));
}

// Over all sizes: neither file passes the limit, no line is cut, and the two hold the newest lines.
TEST(LogOutlet, RotatesBetweenLines) {
  for (const std::uint64_t max_bytes : {1U, 200U, 1000U, 1024U}) {
    const TestFolder folder;
    Told told;
    LogOptions options = ToFile(folder / "log");
    options.all = true;
    options.max_bytes = max_bytes;
    {
      const auto outlet = Open(options, told);
      for (int i = 0; i < 100; ++i) {
        outlet->Publish(Nobody());
      }
    }
    for (const char* const name : {"log", "log.1"}) {
      const std::string text = ReadText(folder / name);
      EXPECT_TRUE(text.ends_with('\n'));
      EXPECT_LE(text.size(), std::max<std::uint64_t>(max_bytes, 60));
      for (const std::string& line : Lines(text)) {
        EXPECT_THAT(line, ContainsRegex("^[0-9:]+  .*(nobody|no reading)$"));
      }
    }
    EXPECT_THAT(ReadText(folder / "log"), testing::EndsWith("no reading\n"));
    EXPECT_FALSE(fs::exists(folder / "log.1.1") || fs::exists(folder / "log.2"));
    EXPECT_THAT(told.all(), IsEmpty());
  }
}

TEST(LogOutlet, AFileThatWasRotatedByOthersIsMadeAnew) {
  const TestFolder folder;
  Told told;
  const auto outlet = Open(ToFile(folder / "log"), told);
  outlet->Publish(Nobody());
  AwaitLines(folder / "log", 1);
  fs::rename(folder / "log", folder / "old");
  outlet->Publish(Somebody());
  AwaitLines(folder / "log", 1);
  EXPECT_THAT(ReadText(folder / "log"), HasSubstr("somebody came"));
  EXPECT_THAT(Lines(ReadText(folder / "old")), SizeIs(1));
  EXPECT_THAT(told.all(), IsEmpty());
}

TEST(LogOutlet, AVanishedFolderIsToldOnceAndTheLostLinesCounted) {
  const TestFolder folder;
  Told told;
  fs::create_directory(folder / "logs");
  const auto outlet = Open(ToFile(folder / "logs/log"), told);
  outlet->Publish(Nobody());
  AwaitLines(folder / "logs/log", 1);
  fs::remove_all(folder / "logs");
  outlet->Publish(Somebody());
  ASSERT_THAT(told.Await(1), SizeIs(1));
  EXPECT_THAT(told.all()[0], HasSubstr("logs/log: can't be opened: No such file"));
  fs::create_directory(folder / "logs");
  outlet->Publish(Nobody());
  const std::vector<std::string> sentences = told.Await(2);
  ASSERT_THAT(sentences, SizeIs(2));
  EXPECT_THAT(sentences[1], HasSubstr("all is well again; 1 line was lost"));
  EXPECT_THAT(Lines(ReadText(folder / "logs/log")), SizeIs(1));
}

// Fails on lines that say so.
class MoodySink final : public LineSink {
 public:
  explicit MoodySink(std::string& taken) : taken_(taken) {}
  [[nodiscard]] std::string name() const override { return "moody"; }
  base::Result<std::size_t> Write(std::string_view bytes, base::Diagnosis& why) override {
    if (bytes.starts_with("bad")) {
      return why.Fail(base::Error::kIo, "no");
    }
    const std::string_view some = bytes.substr(0, 2);  // in small pieces
    taken_ += some;
    return some.size();
  }
  void Wait(std::chrono::milliseconds) override {}

 private:
  std::string& taken_;
};

TEST(LineWriter, TellsTheFirstLossAndTheNumberOfAll) {
  std::string taken;
  Told told;
  {
    LineWriter writer(std::make_unique<MoodySink>(taken), told.notices());
    for (const char* const line : {"one\n", "bad\n", "bad\n", "bad\n", "two\n"}) {
      writer.Write(line);
    }
    told.Await(2);
    writer.Write("bad\n");
    writer.Write("three\n");
  }
  EXPECT_EQ(taken, "one\ntwo\nthree\n");
  EXPECT_THAT(told.all(),
              ElementsAre("log: moody: no", "log: moody: all is well again; 3 lines were lost",
                          "log: moody: no", "log: moody: all is well again; 1 line was lost"));
}

TEST(LogOutlet, AFullDiskIsToldOnce) {
  const TestFolder folder;
  Told told;
  fs::create_symlink("/dev/full", folder / "log");
  {
    const auto outlet = Open(ToFile(folder / "log"), told);
    for (const PersonFacts& facts : {Somebody(), Nobody()}) {
      outlet->Publish(facts);
    }
    ASSERT_THAT(told.Await(1), SizeIs(1));
    EXPECT_THAT(told.all()[0], HasSubstr("No space left on device; check the disk"));
  }
  ASSERT_THAT(told.all(), SizeIs(2)) << "with the last line of all";
  EXPECT_THAT(told.all()[1], HasSubstr("3 lines were lost up to the end"));
}

// A limit on the size of files cuts a line as a full disk does.
TEST(FileSink, TakesBackHalfALine) {
  const TestFolder folder;
  base::Diagnosis why;
  auto sink = OpenFileSink((folder / "log").string(), 1'000'000, why);
  ASSERT_TRUE(sink) << why.text();
  ASSERT_TRUE((*sink)->Write("first\n", why));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE((*sink)->Write("second line\n", why));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  EXPECT_EQ(ReadText(folder / "log"), "first\n");
  ASSERT_TRUE((*sink)->Write("third\n", why));
  EXPECT_EQ(ReadText(folder / "log"), "first\nthird\n");
}

// Two ends of something that lines go through.
struct Ends {
  int read = -1, write = -1;

  static Ends Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    return {ends[0], ends[1]};
  }
  static Ends Socket() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {ends[0], ends[1]};
  }
};

std::unique_ptr<LineWriter> WriterTo(int fd, Told& told) {
  base::Diagnosis why;
  auto sink = OpenStreamSink(fd, why);
  EXPECT_TRUE(sink) << why.text();
  return std::make_unique<LineWriter>(*std::move(sink), told.notices());
}

// All that comes until `done` says so and nothing is left.
template <typename Done>
std::string Drain(int fd, const Done& done) {
  std::string text;
  char some[4096];
  pollfd asked{fd, POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (std::chrono::steady_clock::now() < end) {
    const bool last = done();
    if (::poll(&asked, 1, 20) == 1) {
      const ssize_t n = ::read(fd, some, sizeof some);
      text.append(some, n < 0 ? 0 : static_cast<std::size_t>(n));
    } else if (last) {
      break;
    }
  }
  return text;
}

class Stream : public testing::TestWithParam<Ends (*)()> {};

TEST_P(Stream, WhoeverDoesNotReadHoldsNobodyUp) {
  Told told;
  const Ends ends = GetParam()();
  const std::string line = std::string(99, 'x') + "\n";
  constexpr int kLines = 20'000;  // two megabytes: more than pipe, socket and queue hold
  {
    const auto writer = WriterTo(ends.write, told);
    for (int i = 0; i < kLines; ++i) {
      writer->Write(line);  // would not come back if it waited
    }
    ASSERT_THAT(told.Await(1), SizeIs(1));
    EXPECT_EQ(told.all()[0], "log: standard output: is not read; lines are lost until it is");
    // The flag would be seen by everybody who shares the descriptor.
    EXPECT_EQ(::fcntl(ends.write, F_GETFL) & O_NONBLOCK, 0);
    // Now somebody reads: whole lines, and the lost ones are counted.
    const std::vector<std::string> lines =
        Lines(Drain(ends.read, [&] { return told.all().size() == 2; }));
    EXPECT_LT(lines.size(), static_cast<std::size_t>(kLines));
    for (const std::string& each : lines) {
      ASSERT_EQ(each.size(), 99U);
    }
    const std::vector<std::string> sentences = told.Await(2);
    ASSERT_THAT(sentences, SizeIs(2));
    EXPECT_EQ(sentences[1], "log: standard output: all is well again; " +
                                std::to_string(kLines - lines.size()) + " lines were lost");
  }
  ::close(ends.read);
  ::close(ends.write);
}

TEST_P(Stream, AReaderThatWentAwayIsNoSignal) {
  Told told;
  const Ends ends = GetParam()();
  {
    const auto writer = WriterTo(ends.write, told);
    ::close(ends.read);
    writer->Write("a\n");
    writer->Write("b\n");
    ASSERT_THAT(told.Await(1), SizeIs(1));
    EXPECT_THAT(told.all()[0], HasSubstr("nobody reads it any more"));
  }
  ::close(ends.write);
}

TEST_P(Stream, TheEndDoesNotWaitForWhoeverDoesNotRead) {
  Told told;
  const Ends ends = GetParam()();
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto writer = WriterTo(ends.write, told);
    for (int i = 0; i < 10'000; ++i) {
      writer->Write(std::string(99, 'x') + "\n");
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kDeadline);
  ASSERT_FALSE(told.all().empty());
  EXPECT_THAT(told.all().back(), ContainsRegex("[0-9]+ lines were lost up to the end$"));
  ::close(ends.read);
  ::close(ends.write);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stream, testing::Values(&Ends::Pipe, &Ends::Socket),
                         [](const auto& param) { return param.index == 0 ? "Pipe" : "Socket"; });

TEST(StreamSink, AClosedDescriptorIsSaid) {
  base::Diagnosis why;
  EXPECT_FALSE(OpenStreamSink(9999, why));
  EXPECT_EQ(why.text(), "standard output is closed; give a file");
}

}  // namespace
}  // namespace pinhole::outside::log
