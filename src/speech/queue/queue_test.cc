// SPDX-License-Identifier: Apache-2.0
// A cluster of three real servers, workers in processes of their own, some of which are killed.
#include "speech/queue/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "speech/queue/cluster_for_tests.h"
#include "system/child_process.h"
#include "system/failure.h"
#ifdef PINHOLE_HAS_NATS
#include "speech/queue/nats_handles.h"
#endif

namespace pinhole::speech::queue {
namespace {

using std::chrono::milliseconds;
using system::Child;
using testing::HasSubstr;
using testing::ThrowsMessage;

// How long anything may take on a slow machine; what works takes a fraction.
constexpr std::chrono::seconds kDeadline{120};

template <typename Condition>
bool Eventually(const Condition& holds) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class QueueOfACluster : public testing::Test {
 protected:
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    if (!HasQueue()) {
      GTEST_SKIP() << "this build has no NATS client (libnats-dev)";
    }
    if (ClusterForTests::Program().empty()) {
      GTEST_SKIP() << "nats-server is missing";
    }
    if (cluster_ == nullptr) {
      cluster_ = std::make_unique<ClusterForTests>();
    }
    options_ = {.servers = cluster_->addresses(),
                .name = testing::UnitTest::GetInstance()->current_test_info()->name(),
                .replicas = 3,
                .ack_wait = milliseconds(2000)};
    folder_ = cluster_->folder() + "/" + options_.name;
    std::filesystem::create_directory(folder_);
  }

  // A "recording" that is a text.
  [[nodiscard]] Job Recording(const std::string& id, const std::string& text) const {
    const std::string path = folder_ + "/" + id;
    std::ofstream(path) << text;
    return {.id = id, .path = path};
  }
  [[nodiscard]] Child Worker(int max_tries = 5) const {
    return Child::Start({PINHOLE_QUEUE_WORKER, options_.servers, options_.name, folder_,
                         std::to_string(options_.ack_wait.count()), std::to_string(max_tries)});
  }
  // Ends after kDeadline at the latest.
  static std::map<std::string, JobResult> CollectAll(Queue& queue,
                                                     const std::set<std::string>& ids) {
    std::atomic<bool> stop = false;
    std::atomic<bool> done = false;
    std::thread guard([&] {
      Eventually([&] { return done.load(); });
      stop = true;
    });
    std::map<std::string, JobResult> results;
    queue.Collect(
        ids,
        [&](const JobResult& result) {
          EXPECT_TRUE(results.emplace(result.id, result).second) << "given twice: " << result.id;
        },
        stop);
    done = true;
    guard.join();
    return results;
  }

  static std::unique_ptr<ClusterForTests> cluster_;
  QueueOptions options_;
  std::string folder_;
  const std::atomic<bool> go_on_ = false;
};

std::unique_ptr<ClusterForTests> QueueOfACluster::cluster_;

Heard Upper(const Job& job, const std::atomic<bool>&) {
  return {.as = HeardAs::kText, .text = "heard " + job.path + job.sound};
}

TEST_F(QueueOfACluster, AKilledWorkerLosesNothing) {
  Queue queue(options_);
  std::set<std::string> ids;
  for (int i = 0; i < 24; ++i) {
    const std::string id = "file" + std::to_string(i);
    ids.insert(id);
    EXPECT_EQ(queue.Submit(Recording(id, (i == 5 ? "hang " : "text ") + id)), Submitted::kNew);
  }
  std::vector<Child> workers;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(Worker());
  }
  const std::string mark = folder_ + "/hanging";
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(mark); }));
  ASSERT_EQ(::kill(std::stoi(ReadText(mark)), SIGKILL), 0);
  const auto results = CollectAll(queue, ids);
  ASSERT_EQ(results.size(), ids.size());
  for (const auto& [id, result] : results) {
    EXPECT_TRUE(result.fine) << result.text;
    std::string expected = id;
    expected.replace(0, 4, "FILE");
    EXPECT_EQ(result.text, (id == "file5" ? "HANG " : "TEXT ") + expected);
  }
  EXPECT_GE(results.at("file5").tries, 2);
  EXPECT_EQ(ReadText(folder_ + "/file5.begun"), "xx");
  // And the queue has none left: this worker ends at once.
  queue.RunWorker(Upper, go_on_, {}, true);
}

TEST_F(QueueOfACluster, AJobThatEndsItsWorkersEndsInADeadLetter) {
  Queue queue(options_);
  queue.Submit(Recording("poison", "crash"));
  queue.Submit(Recording("sound", "text"));
  std::vector<Child> workers(2);
  ASSERT_TRUE(Eventually([&] {
    for (Child& worker : workers) {
      if (!worker.running() || worker.Ended()) {
        worker = Worker(2);
      }
    }
    return queue.ResultOf("poison").has_value() && queue.ResultOf("sound").has_value();
  }));
  const JobResult poison = *queue.ResultOf("poison");
  EXPECT_FALSE(poison.fine);
  EXPECT_THAT(poison.text, HasSubstr("given up: 2 workers began it"));
  EXPECT_EQ(ReadText(folder_ + "/poison.begun"), "xx");
  EXPECT_TRUE(queue.ResultOf("sound")->fine);
}

TEST_F(QueueOfACluster, SubmittingAgainDoesNothing) {
  Queue queue(options_);
  const Job job = Recording("once", "text");
  EXPECT_EQ(queue.Submit(job), Submitted::kNew);
  EXPECT_EQ(queue.Submit(job), Submitted::kWaiting);
  int heard = 0;
  const auto hear = [&](const Job& one, const std::atomic<bool>& stop) {
    ++heard;
    return Upper(one, stop);
  };
  queue.RunWorker(hear, go_on_, {}, true);
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(queue.Submit(job), Submitted::kDone);
  queue.Forget("once");
  ASSERT_TRUE(Eventually([&] { return !queue.ResultOf("once"); }));
  EXPECT_EQ(queue.Submit(job), Submitted::kNew);
  queue.RunWorker(hear, go_on_, {}, true);
  EXPECT_EQ(heard, 2);
}

TEST_F(QueueOfACluster, CarriesTheSoundItself) {
  Queue queue(options_);
  const Job job{.sound = std::string("RIFF\0\n\xff", 7)};
  queue.Submit(job);
  queue.RunWorker(Upper, go_on_, {}, true);
  EXPECT_EQ(queue.ResultOf(IdOf(job))->text, "heard " + job.sound);
}

TEST_F(QueueOfACluster, AJobIsItsWorkersAsLongAsItIsHeard) {
  Queue queue(options_);
  queue.Submit(Recording("long", "text"));
  int heard = 0;
  const auto slowly = [&](const Job& job, const std::atomic<bool>& stop) {
    ++heard;
    std::this_thread::sleep_for(2 * options_.ack_wait + options_.ack_wait / 2);
    return Upper(job, stop);
  };
  std::thread other([&] { Queue(options_).RunWorker(slowly, go_on_, {}, true); });
  queue.RunWorker(slowly, go_on_, {}, true);
  other.join();
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(queue.ResultOf("long")->tries, 1);
}

TEST_F(QueueOfACluster, WhatCantBeHeardNowIsTriedAgainAndThenGivenUp) {
  options_.max_tries = 3;
  Queue queue(options_);
  queue.Submit(Recording("absent", "x"));
  int heard = 0;
  const auto hear = [&](const Job&, const std::atomic<bool>&) -> Heard {
    if (++heard == 2) {
      throw system::Failure("no disk");
    }
    return {.as = HeardAs::kTryAgain, .text = "no file"};
  };
  queue.RunWorker(hear, go_on_, {}, true);
  EXPECT_EQ(heard, 3);
  EXPECT_FALSE(queue.ResultOf("absent")->fine);
  EXPECT_EQ(queue.ResultOf("absent")->text, "given up after 3 tries: no file");
}

TEST_F(QueueOfACluster, SaysWhatCanNeverBeHeard) {
  Queue queue(options_);
  queue.Submit(Recording("noise", "x"));
  queue.RunWorker(
      [](const Job&, const auto&) -> Heard { return {.as = HeardAs::kFailed, .text = "no sound"}; },
      go_on_, {}, true);
  EXPECT_FALSE(queue.ResultOf("noise")->fine);
  EXPECT_EQ(queue.ResultOf("noise")->text, "no sound");
  EXPECT_EQ(queue.ResultOf("noise")->tries, 1);
}

#ifdef PINHOLE_HAS_NATS
// A connection of the test's own, past the class.
class Stranger {
 public:
  explicit Stranger(const std::string& servers) {
    natsStatus status = NATS_OK;
    const std::string first = servers.substr(0, servers.find(','));
    server_ = Made<Server>(
        status, [&](auto** made) { return natsConnection_ConnectTo(made, first.c_str()); });
    jet_ = Made<JetStream>(status, [&](auto** made) {
      return natsConnection_JetStream(made, server_.get(), nullptr);
    });
  }
  void Publish(const std::string& subject, const std::string& text) {
    ASSERT_EQ(js_Publish(nullptr, jet_.get(), subject.c_str(), text.data(),
                         static_cast<int>(text.size()), nullptr, nullptr),
              NATS_OK);
  }
  void Put(const std::string& bucket, const std::string& key, const std::string& text) {
    natsStatus status = NATS_OK;
    const Store store = Made<Store>(
        status, [&](auto** made) { return js_KeyValue(made, jet_.get(), bucket.c_str()); });
    ASSERT_EQ(kvStore_PutString(nullptr, store.get(), key.c_str(), text.c_str()), NATS_OK);
  }

 private:
  Server server_;
  JetStream jet_;
};

TEST_F(QueueOfACluster, AMessageThatIsNoJobGetsAResultThatSaysSo) {
  Queue queue(options_);
  Stranger stranger(options_.servers);
  stranger.Publish(options_.name + "_jobs.hostile", R"({"id":"hostile","path":7})");
  stranger.Publish(options_.name + "_jobs.other", R"({"id":"third","path":"/x"})");
  stranger.Publish(options_.name + "_jobs.b$d", "no id");
  queue.RunWorker(Upper, go_on_, {}, true);
  EXPECT_THAT(queue.ResultOf("hostile")->text,
              HasSubstr("no job that can be read: the member 'path'"));
  EXPECT_THAT(queue.ResultOf("other")->text, HasSubstr("not the one it was submitted under"));
  EXPECT_FALSE(queue.ResultOf("third"));
}

TEST_F(QueueOfACluster, TheFirstResultIsTheOneThatCounts) {
  Queue queue(options_);
  Stranger stranger(options_.servers);
  queue.Submit(Recording("raced", "x"));
  const auto hear = [&](const Job& job, const std::atomic<bool>& stop) {
    stranger.Put(options_.name + "_results", "raced",
                 WriteResult({.id = "raced", .fine = true, .text = "first", .worker = "other"}));
    return Upper(job, stop);
  };
  std::vector<bool> ours;
  queue.RunWorker(hear, go_on_, {.ended = [&](const JobResult&, bool own) { ours.push_back(own); }},
                  true);
  EXPECT_THAT(ours, testing::ElementsAre(false));
  EXPECT_EQ(queue.ResultOf("raced")->text, "first");
}

TEST_F(QueueOfACluster, AResultThatIsNoneIsSaid) {
  Queue queue(options_);
  Stranger(options_.servers).Put(options_.name + "_results", "odd", "{]");
  EXPECT_FALSE(queue.ResultOf("odd")->fine);
  EXPECT_THAT(queue.ResultOf("odd")->text, HasSubstr("can't be read"));
}
#endif

TEST_F(QueueOfACluster, SaysThatNoServerAnswers) {
  options_.servers = "nats://127.0.0.1:1";
  EXPECT_THAT(
      [&] { Queue queue(options_); },
      ThrowsMessage<system::Failure>(HasSubstr("no NATS server answers at nats://127.0.0.1:1")));
  options_.servers = ",";
  EXPECT_THAT([&] { Queue queue(options_); },
              ThrowsMessage<system::Failure>(HasSubstr("can't be used as servers")));
  options_.name = "a.b";
  EXPECT_THAT([&] { Queue queue(options_); },
              ThrowsMessage<system::Failure>(HasSubstr("a queue's name has")));
}

// The last one: it breaks the cluster.
TEST_F(QueueOfACluster, ZOneServerOfThreeMayBeLost) {
  Queue queue(options_);
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    ids.insert("file" + std::to_string(i));
    queue.Submit(Recording("file" + std::to_string(i), "text"));
  }
  cluster_->Kill(0);
  const Child worker = Worker();
  EXPECT_EQ(CollectAll(queue, ids).size(), ids.size());
  cluster_.reset();
}

TEST(Queue, WithoutTheLibrarySaysWhatToDo) {
  if (HasQueue()) {
    GTEST_SKIP() << "this build has the library";
  }
  EXPECT_THAT([] { Queue queue({}); },
              ThrowsMessage<system::Failure>(HasSubstr("install libnats-dev")));
}

}  // namespace
}  // namespace pinhole::speech::queue
