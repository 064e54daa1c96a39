// SPDX-License-Identifier: Apache-2.0
// Downloads against a server on loopback that behaves as each test says. No test waits between
// tries; one waits a second for a server that says nothing.
#include "models/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "models/find_model.h"
#include "models/http_server_for_tests.h"
#include "models/store.h"
#include "system/failure.h"

namespace pinhole::models {
namespace {

using Server = HttpServerForTests;
using std::chrono::seconds;
using system::Failure;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// 300,000 letters, and what sha256sum and sha1sum say of them.
const std::string& Content() {
  static const std::string content = [] {
    std::string text;
    for (int i = 0; i < 300000; ++i) {
      text += static_cast<char>('a' + i % 26);
    }
    return text;
  }();
  return content;
}
constexpr ModelEntry kEntry = {
    .name = "letters",
    .file = "letters.bin",
    .address = "https://unreachable.invalid/letters.bin",
    .bytes = 300000,
    .sha256 = "4bd69805a3b5a521c77aa44b279ef1a1cdbb896a6820ed46e0400f7c79462762",
    .sha1 = "2344cc1796b114e3d1f0f78ed3f54bfe94aa98e5",
    .licence = "",
    .origin = "",
    .purpose = ""};

struct Heard : PullWatcher {
  void Waiting() override { ++waited; }
  void Retrying(std::string_view why, seconds wait) override {
    retries.emplace_back(why);
    waits.push_back(wait.count());
  }
  void Checking() override { ++checks; }
  std::atomic<int> waited = 0;
  int checks = 0;
  std::vector<std::string> retries;
  std::vector<long> waits;
};

class Pulling : public testing::Test {
 protected:
  Pulling() {
    std::string name = testing::TempDir() + "pinhole-pull-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~Pulling() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  PullOptions Options(const Server& server) const {
    return {.folder = folder_, .mirror = server.address(), .tries = 3, .sleep = [](seconds) {}};
  }
  [[nodiscard]] std::string At(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string Read(const std::string& name) const {
    std::ifstream file(At(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(At(name), std::ios::binary) << text;
  }
  [[nodiscard]] long Files() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

  std::string folder_;
  Heard heard_;
};

std::string Head(const std::string& status, std::size_t length, const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(length) +
         "\r\nConnection: close\r\n" + more + "\r\n";
}

// A server as it should be: ETag, ranges, If-Range.
void Serve(const Server::Connection& to, const Server::Request& request, const std::string& content,
           const std::string& etag) {
  const std::string tag = "ETag: " + etag + "\r\n";
  const std::string condition = request.Value("if-range");
  if (request.From() > 0 && (condition.empty() || condition == etag)) {
    const std::string rest = content.substr(request.From());
    to.Send(Head("206 Partial Content", rest.size(),
                 tag + "Content-Range: bytes " + std::to_string(request.From()) + "-" +
                     std::to_string(content.size() - 1) + "/" + std::to_string(content.size()) +
                     "\r\n") +
            rest);
    return;
  }
  to.Send(Head("200 OK", content.size(), tag) + content);
}

TEST_F(Pulling, WholeFileGetsItsNameAndNothingElseIsLeft) {
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  const Pulled pulled = Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(pulled.path, At("letters.bin"));
  EXPECT_FALSE(pulled.was_there);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(Files(), 1);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_TRUE(server.requests()[0].head.starts_with("get /models/letters.bin http/1.1\r\n"));
  // Once more: it is there, and nothing is asked.
  EXPECT_TRUE(Pull(kEntry, Options(server), heard_).was_there);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Pulling, GoesOnWhereAnEarlierPullEnded) {
  Write("letters.bin.part", Content().substr(0, 123456));
  Write("letters.bin.part.etag", "\"1\"");
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].Value("range"), "bytes=123456-");
  EXPECT_EQ(server.requests()[0].Value("if-range"), "\"1\"");
  EXPECT_EQ(Files(), 1);
}

TEST_F(Pulling, BeginsAnewWhereTheServersFileHasChanged) {
  Write("letters.bin.part", std::string(1000, '?'));
  Write("letters.bin.part.etag", "\"old\"");
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"new\""); });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Pulling, BeginsAnewWhereTheServerKnowsNoRanges) {
  Write("letters.bin.part", Content().substr(0, 1000));
  Server server(
      [](const auto& to, const auto&) { to.Send(Head("200 OK", Content().size()) + Content()); });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(server.requests().size(), 1U);
}

// No ETag, and the part is of something else: the digest is what notices.
TEST_F(Pulling, AsksForAllOfItOnceWhereThePiecesDontFit) {
  Write("letters.bin.part", std::string(1000, '?'));
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "W/\"weak\""); });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[0].Value("if-range"), "");
  EXPECT_EQ(server.requests()[1].Value("range"), "");
}

TEST_F(Pulling, BeginsAnewAfterAnotherRangeThanWasAsked) {
  Write("letters.bin.part", Content().substr(0, 1000));
  Server server([](const auto& to, const auto& request) {
    if (request.From() > 0) {
      to.Send(Head("206 Partial Content", 10, "Content-Range: bytes 5-14/300000\r\n") +
              "0123456789");
    } else {
      Serve(to, request, Content(), "\"1\"");
    }
  });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
}

TEST_F(Pulling, BeginsAnewAfterThereIsNoSuchRange) {
  Write("letters.bin.part", Content().substr(0, 1000));
  Server server([](const auto& to, const auto& request) {
    if (request.From() > 0) {
      to.Send(Head("416 Range Not Satisfiable", 0));
    } else {
      Serve(to, request, Content(), "\"1\"");
    }
  });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
}

TEST_F(Pulling, APartThatIsWholeNeedsNoServer) {
  Write("letters.bin.part", Content());
  Server server([](const auto&, const auto&) {});
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Pulling, APartThatIsTooLongIsBegunAnew) {
  Write("letters.bin.part", Content() + "more");
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(server.requests()[0].Value("range"), "");
}

TEST_F(Pulling, OutlivesAConnectionThatIsCutTwice) {
  std::atomic<int> served = 0;
  Server server([&](const auto& to, const auto& request) {
    if (served++ < 2) {
      const std::string rest = Content().substr(request.From());
      to.Send(Head(request.From() > 0 ? "206 Partial Content" : "200 OK", rest.size(),
                   "ETag: \"1\"\r\nContent-Range: bytes " + std::to_string(request.From()) +
                       "-299999/300000\r\n") +
              rest.substr(0, 100000));
    } else {
      Serve(to, request, Content(), "\"1\"");
    }
  });
  Pull(kEntry, Options(server), heard_);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(heard_.retries.size(), 2U);
  EXPECT_THAT(heard_.retries[0], HasSubstr("ended after 100000 of 300000 bytes"));
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[2].Value("range"), "bytes=200000-");
}

TEST_F(Pulling, KeepsThePartWhereTheServerStaysAway) {
  std::atomic<int> served = 0;
  Server server([&](const auto& to, const auto&) {
    if (served++ == 0) {
      to.Send(Head("200 OK", Content().size(), "ETag: \"1\"\r\n") + Content().substr(0, 4000));
    } else {
      to.Send(Head("503 Service Unavailable", 5, "Retry-After: 7\r\n") + "later");
    }
  });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(AllOf(HasSubstr("letters"), HasSubstr(server.address()),
                                           HasSubstr("the server answered 503"),
                                           HasSubstr("pull again: it goes on after the 4.00 kB"))));
  EXPECT_EQ(Read("letters.bin.part"), Content().substr(0, 4000));
  EXPECT_EQ(Read("letters.bin.part.etag"), "\"1\"");
  EXPECT_THAT(heard_.waits, testing::ElementsAre(1, 7));
  EXPECT_EQ(Look(folder_, kEntry).held, Held::kPartly);
}

TEST_F(Pulling, RefusesAFileWithAnotherDigest) {
  std::string other = Content();
  other[150000] = '!';
  Server server([&](const auto& to, const auto& request) { Serve(to, request, other, "\"1\""); });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(AllOf(HasSubstr("the file has SHA-256 "),
                                           HasSubstr("expected " + std::string(kEntry.sha256)),
                                           HasSubstr("nothing was kept"))));
  EXPECT_EQ(Files(), 0);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Pulling, RefusesWhereOnlyThePublishersDigestDiffers) {
  ModelEntry entry = kEntry;
  entry.sha1 = "0000000000000000000000000000000000000000";
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  EXPECT_THAT([&] { Pull(entry, Options(server), heard_); },
              ThrowsMessage<Failure>(
                  HasSubstr("SHA-1 2344cc1796b114e3d1f0f78ed3f54bfe94aa98e5, expected 0000")));
  EXPECT_EQ(Files(), 0);
}

TEST_F(Pulling, ReplacesAFileWithAnotherDigestOnlyByTheRightOne) {
  const std::string wrong(Content().size(), '?');
  Write("letters.bin", wrong);
  Server absent([](const auto& to, const auto&) { to.Send(Head("404 Not Found", 0)); });
  EXPECT_THROW(Pull(kEntry, Options(absent), heard_), Failure);
  EXPECT_EQ(Read("letters.bin"), wrong);
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  EXPECT_FALSE(Pull(kEntry, Options(server), heard_).was_there);
  EXPECT_EQ(Read("letters.bin"), Content());
}

TEST_F(Pulling, SaysThatThereIsNoSuchFileAtOnce) {
  Server server(
      [](const auto& to, const auto&) { to.Send(Head("404 Not Found", 9) + "not found"); });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(AllOf(HasSubstr("the server answered 404 (no such file)"),
                                           HasSubstr("letters.bin with --mirror"))));
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(Files(), 0);
}

TEST_F(Pulling, StoresNoMoreThanTheFilesSizeOfAnEndlessBody) {
  Server server([](const auto& to, const auto&) {
    bool there = to.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (there) {
      there = to.Send(Content());
    }
  });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(HasSubstr("sends more than the 300000 bytes")));
  const Holding left = Look(folder_, kEntry);
  EXPECT_LE(left.bytes, kEntry.bytes);
}

TEST_F(Pulling, RefusesALongerFileBeforeAnyOfItCame) {
  Server server([](const auto& to, const auto&) {
    to.Send(Head("200 OK", 300001) + "x");
    to.WaitUntilClosed();
  });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(HasSubstr("a file of 300001 bytes where 300000")));
  EXPECT_EQ(Files(), 0);
}

TEST_F(Pulling, GivesUpOnAServerThatSaysNothing) {
  Server server([](const auto& to, const auto&) { to.WaitUntilClosed(); });
  PullOptions options = Options(server);
  options.stall_s = 1;
  options.tries = 1;
  EXPECT_THAT([&] { Pull(kEntry, options, heard_); },
              ThrowsMessage<Failure>(HasSubstr("nothing came for 1 s")));
}

TEST_F(Pulling, FollowsNoRedirectToPlainHttp) {
  Server plain([](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  Server server([&](const auto& to, const auto&) {
    to.Send(Head("302 Found", 0, "Location: " + plain.address() + "/letters.bin\r\n"));
  });
  EXPECT_THAT([&] { Pull(kEntry, Options(server), heard_); },
              ThrowsMessage<Failure>(HasSubstr("an address that is not https")));
  EXPECT_TRUE(plain.requests().empty());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Pulling, AsksPlainHttpOfNoOtherMachine) {
  for (const char* mirror : {"http://mirror.example.org/x", "http://127.0.0.1.example.org/x",
                             "http://10.0.0.1/x", "file:///etc", "ftp://127.0.0.1/x"}) {
    EXPECT_THAT([&] { Pull(kEntry, {.folder = folder_, .mirror = mirror}, heard_); },
                ThrowsMessage<Failure>(HasSubstr("is not https")))
        << mirror;
  }
  EXPECT_THAT([&] { Pull(kEntry, {.folder = folder_, .mirror = "mirror/x y"}, heard_); },
              ThrowsMessage<Failure>(HasSubstr("is no address")));
  EXPECT_EQ(Files(), 0);
}

TEST_F(Pulling, TheSecondOfTwoAtOnceFindsWhatTheFirstGot) {
  std::atomic<bool> second_waits = false;
  Server server([&](const auto& to, const auto& request) {
    second_waits.wait(false);
    Serve(to, request, Content(), "\"1\"");
  });
  struct SecondHeard : Heard {
    explicit SecondHeard(std::atomic<bool>& flag) : flag_(flag) {}
    void Waiting() override {
      Heard::Waiting();
      flag_ = true;
      flag_.notify_all();
    }
    std::atomic<bool>& flag_;
  };
  // Whichever comes second is the one that waits.
  SecondHeard a(second_waits);
  SecondHeard b(second_waits);
  Pulled first;
  std::thread other([&] { first = Pull(kEntry, Options(server), a); });
  const Pulled second = Pull(kEntry, Options(server), b);
  other.join();
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(a.waited + b.waited, 1);
  EXPECT_NE(first.was_there, second.was_there);
  EXPECT_EQ(Read("letters.bin"), Content());
  EXPECT_EQ(Files(), 1);
}

TEST_F(Pulling, OfflineAsksNothing) {
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  PullOptions options = Options(server);
  options.offline = true;
  EXPECT_THAT([&] { Pull(kEntry, options, heard_); },
              ThrowsMessage<Failure>(HasSubstr("--offline asks nothing of the network")));
  EXPECT_TRUE(server.requests().empty());
  Write("letters.bin", Content());
  EXPECT_TRUE(Pull(kEntry, options, heard_).was_there);
}

TEST_F(Pulling, NeedsRoomForWhatIsMissing) {
  Write("letters.bin.part", Content().substr(0, 100000));
  Server server(
      [](const auto& to, const auto& request) { Serve(to, request, Content(), "\"1\""); });
  PullOptions options = Options(server);
  options.free_bytes = [](const std::string&) { return (std::uint64_t{16} << 20) + 199999; };
  EXPECT_THAT([&] { Pull(kEntry, options, heard_); },
              ThrowsMessage<Failure>(HasSubstr("make room")));
  EXPECT_TRUE(server.requests().empty());
  options.free_bytes = [](const std::string&) { return (std::uint64_t{16} << 20) + 200000; };
  EXPECT_NO_THROW(Pull(kEntry, options, heard_));
}

TEST_F(Pulling, SaysWhichFolderCantBeMade) {
  Write("file", "x");
  Server server([](const auto&, const auto&) {});
  PullOptions options = Options(server);
  options.folder = At("file/folder");
  EXPECT_THAT([&] { Pull(kEntry, options, heard_); },
              ThrowsMessage<Failure>(HasSubstr("file/folder can't be made")));
}

// The folder, and the way from a name to a file.
class Finding : public Pulling {};

TEST_F(Finding, NamesTheCommandThatGetsAModel) {
  EXPECT_THAT([&] { FindModel("tiny.en", folder_); },
              ThrowsMessage<Failure>("the model tiny.en is not in " + folder_ +
                                     "; get it with 'pinhole models pull tiny.en' (77.7 MB)"));
  Write("ggml-tiny.en.bin.part", "abc");
  EXPECT_THAT([&] { FindModel("tiny.en", folder_); },
              ThrowsMessage<Failure>(HasSubstr("only partly there, 3 bytes of 77.7 MB")));
  Write("ggml-tiny.en.bin", "abc");
  EXPECT_THAT(
      [&] { FindModel("tiny.en", folder_); },
      ThrowsMessage<Failure>(HasSubstr("has 3 bytes where the model tiny.en has 77704715")));
  std::filesystem::resize_file(At("ggml-tiny.en.bin"), 77704715);
  EXPECT_EQ(FindModel("tiny.en", folder_), At("ggml-tiny.en.bin"));
}

TEST_F(Finding, TakesPathsAsTheyAre) {
  Write("tiny.en", "abc");
  EXPECT_EQ(FindModel(At("tiny.en"), folder_), At("tiny.en"));
  EXPECT_THAT([&] { FindModel(At("nothing"), folder_); },
              ThrowsMessage<Failure>(HasSubstr("there is no file " + At("nothing"))));
  EXPECT_THAT([&] { FindModel("tinny.en", folder_); },
              ThrowsMessage<Failure>(HasSubstr("did you mean tiny.en")));
}

TEST_F(Finding, KnowsTheFolder) {
  const auto with = [](const char* own, const char* cache, const char* home) {
    ::setenv("PINHOLE_MODELS_FOLDER", own, 1);
    ::setenv("XDG_CACHE_HOME", cache, 1);
    ::setenv("HOME", home, 1);
    return ModelsFolder();
  };
  EXPECT_EQ(with("/own", "/cache", "/home/me"), "/own");
  EXPECT_EQ(with("", "/cache", "/home/me"), "/cache/pinhole/models");
  EXPECT_EQ(with("", "relative", "/home/me"), "/home/me/.cache/pinhole/models");
  EXPECT_THAT([&] { with("", "", ""); },
              ThrowsMessage<Failure>(HasSubstr("set PINHOLE_MODELS_FOLDER")));
}

}  // namespace
}  // namespace pinhole::models
