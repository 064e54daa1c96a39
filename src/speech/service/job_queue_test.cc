// SPDX-License-Identifier: Apache-2.0
#include "speech/service/job_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "speech/service/client_for_tests.h"

namespace pinhole::speech::service {
namespace {

class Queue {
 public:
  explicit Queue(int workers, JobQueue::Options options = {}) {
    std::vector<std::unique_ptr<Recognizer>> recognizers;
    for (int i = 0; i < workers; ++i) {
      recognizers.push_back(std::make_unique<FakeRecognizer>());
    }
    queue_.emplace(std::move(recognizers), options);
  }

  struct Handle {
    std::shared_ptr<Job> job;
    std::future<JobResult> result;
  };
  Handle Make(const std::string& text) {
    auto job = std::make_shared<Job>();
    job->upload = Upload(budget_, "a.txt");
    base::Diagnosis why;
    EXPECT_TRUE(job->upload.Append(text, why));
    auto promise = std::make_shared<std::promise<JobResult>>();
    // A second call would throw here.
    job->done = [promise](JobResult result) { promise->set_value(std::move(result)); };
    return {job, promise->get_future()};
  }
  JobQueue& operator*() { return *queue_; }
  JobQueue* operator->() { return &*queue_; }
  void End() { queue_.reset(); }
  [[nodiscard]] const MemoryBudget& budget() const { return *budget_; }

 private:
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(1000);
  std::optional<JobQueue> queue_;
};

TEST(JobQueue, EachJobIsAnsweredOnce) {
  Queue queue(3, {.most_waiting = 100});
  std::vector<Queue::Handle> handles;
  for (int i = 0; i < 60; ++i) {
    handles.push_back(queue.Make("file " + std::to_string(i)));
    ASSERT_TRUE(queue->Submit(handles.back().job));
  }
  for (int i = 0; i < 60; ++i) {
    const JobResult result = handles[static_cast<std::size_t>(i)].result.get();
    ASSERT_EQ(result.end, JobEnd::kHeard);
    ASSERT_EQ(result.transcript.Text(), " file " + std::to_string(i));
  }
  EXPECT_EQ(queue->counts().heard, 60U);
  EXPECT_EQ(queue->counts().sound_ms, 60000);
  EXPECT_EQ(queue.budget().used(), 0U) << "a file is gone when it has been answered";
}

TEST(JobQueue, FailuresAreNamed) {
  Queue queue(1);
  auto failing = queue.Make("fail");
  auto throwing = queue.Make("throw");
  ASSERT_TRUE(queue->Submit(failing.job) && queue->Submit(throwing.job));
  const JobResult failed = failing.result.get();
  EXPECT_EQ(failed.end, JobEnd::kFailed);
  EXPECT_EQ(failed.error, base::Error::kWrongKind);
  EXPECT_EQ(failed.sentence, "a.txt: is no sound file");
  const JobResult thrown = throwing.result.get();
  EXPECT_EQ(thrown.error, base::Error::kInternal);
  EXPECT_EQ(thrown.sentence, "a recognizer can't go on");
  EXPECT_EQ(queue->counts().failed, 2U);
}

TEST(JobQueue, IsBounded) {
  Queue queue(1, {.most_waiting = 2});
  auto busy = queue.Make("wait");
  std::vector<Queue::Handle> waiting;
  ASSERT_TRUE(queue->Submit(busy.job));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(queue->full());
    waiting.push_back(queue.Make("a"));
    ASSERT_TRUE(queue->Submit(waiting.back().job));
  }
  EXPECT_TRUE(queue->full());
  EXPECT_FALSE(queue->Submit(queue.Make("b").job));
  EXPECT_EQ(queue->counts().turned_away, 1U);
  busy.job->cancelled = true;
  EXPECT_EQ(busy.result.get().end, JobEnd::kCancelled);
  for (Queue::Handle& handle : waiting) {
    EXPECT_EQ(handle.result.get().end, JobEnd::kHeard);
  }
}

TEST(JobQueue, WithoutPlacesToWaitAFreeWorkerStillWorks) {
  Queue queue(1, {.most_waiting = 0});
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Eventually([&] { return !queue->full(); }));
    auto handle = queue.Make("a");
    ASSERT_TRUE(queue->Submit(handle.job));
    EXPECT_EQ(handle.result.get().end, JobEnd::kHeard);
  }
}

TEST(JobQueue, WhatIsCancelledWhileItWaitsIsNotBegun) {
  Queue queue(1);
  auto busy = queue.Make("wait");
  auto gone = queue.Make("throw");
  ASSERT_TRUE(queue->Submit(busy.job) && queue->Submit(gone.job));
  gone.job->cancelled = true;
  busy.job->cancelled = true;
  EXPECT_EQ(gone.result.get().end, JobEnd::kCancelled);
  EXPECT_EQ(queue->counts().failed, 0U);
}

TEST(JobQueue, SoundThatIsTooLongIsRefused) {
  Queue queue(1, {.longest_ms = 2000});
  auto fits = queue.Make("a\nb\n");
  auto longer = queue.Make("a\nb\nc\n");
  ASSERT_TRUE(queue->Submit(fits.job) && queue->Submit(longer.job));
  EXPECT_EQ(fits.result.get().end, JobEnd::kHeard);
  EXPECT_EQ(longer.result.get().error, base::Error::kTooLarge);
}

TEST(JobQueue, StoppingRefusesWhatWaitsAndHearsWhatIsBegun) {
  Queue queue(1);
  auto busy = queue.Make("wait");
  auto waiting = queue.Make("a");
  ASSERT_TRUE(queue->Submit(busy.job) && queue->Submit(waiting.job));
  ASSERT_TRUE(Eventually([&] { return queue->counts().busy == 1; }));
  queue->Stop();
  const JobResult refused = waiting.result.get();
  EXPECT_EQ(refused.error, base::Error::kNotReady);
  EXPECT_FALSE(queue->Submit(queue.Make("b").job));
  EXPECT_EQ(queue->counts().busy, 1U);
  queue.End();
  EXPECT_EQ(busy.result.get().end, JobEnd::kCancelled);
}

TEST(MemoryBudget, NeverGivesMoreThanItHas) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> taken{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        if (budget.Take(7)) {
          taken += 7;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(taken, 1000U / 7 * 7);
  EXPECT_EQ(budget.used(), taken);
  EXPECT_FALSE(budget.Take(~std::uint64_t{0})) << "no sum may run over";
}

TEST(Upload, HoldsWhatItWasGiven) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  base::Diagnosis why;
  Upload upload(budget, "a");
  EXPECT_FALSE(upload.Descriptor(why)) << "an empty file is none";
  ASSERT_TRUE(upload.Append("????cdef", why));
  ASSERT_TRUE(upload.Append("gh", why));
  ASSERT_TRUE(upload.Overwrite("abab", why));
  EXPECT_FALSE(upload.Overwrite(std::string(11, 'x'), why));
  Upload moved = std::move(upload);
  EXPECT_EQ(budget->used(), 10U);
  for (int i = 0; i < 2; ++i) {
    const auto fd = moved.Descriptor(why);
    ASSERT_TRUE(fd);
    char bytes[32] = {};
    ASSERT_EQ(read(fd->get(), bytes, sizeof bytes), 10);
    EXPECT_STREQ(bytes, "ababcdefgh");
    EXPECT_EQ(write(fd->get(), "x", 1), -1) << "a decoder can't write";
  }
  EXPECT_FALSE(moved.Append(std::string(91, 'x'), why));
  EXPECT_EQ(budget->used(), 10U);
  moved = Upload();
  EXPECT_EQ(budget->used(), 0U);
}

}  // namespace
}  // namespace pinhole::speech::service
