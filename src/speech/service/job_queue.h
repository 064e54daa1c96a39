// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound that waits for its turn, and the workers that take it.
//
// One queue, bounded; as many workers as there are recognizers, each a thread. Whatever brings work
// (HTTP, Wyoming, a broker) makes a Job and submits it; its `done` is called exactly once, on a
// worker's thread, or on the thread that calls Stop. A job whose client is gone is cancelled: it is
// not begun, or ends at the next chance.
//
//   JobQueue queue(std::move(recognizers), {.most_waiting = 16});
//   auto job = std::make_shared<Job>();
//   job->upload = ...;  job->done = [](JobResult result) { ... };
//   if (!queue.Submit(job)) { ... too many wait: say so ... }

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "speech/service/recognizer.h"
#include "speech/service/upload.h"

namespace pinhole::speech::service {

enum class JobEnd : std::uint8_t { kHeard, kFailed, kCancelled };

struct JobResult {
  JobEnd end = JobEnd::kFailed;
  Transcript transcript = {};                  // where it was heard
  base::Error error = base::Error::kInternal;  // where it failed
  std::string sentence = {};                   // for the client, where it failed
};

struct Job {
  Upload upload;
  TranscribeOptions options;
  // On the worker's thread, which waits; may be empty.
  std::function<void(const Segment&)> segment;
  std::function<void(JobResult)> done;
  std::atomic<bool> cancelled{false};
};

class JobQueue {
 public:
  struct Options {
    std::size_t most_waiting = 16;
    std::int64_t longest_ms = 6LL * 3600 * 1000;  // of a file's sound
  };
  struct Counts {
    std::size_t waiting = 0, busy = 0, workers = 0;
    std::uint64_t heard = 0, failed = 0, cancelled = 0, turned_away = 0;
    std::int64_t sound_ms = 0;    // heard since the start
    double work_seconds = 0;      // that it took
    double real_time_factor = 0;  // of the last file: seconds of work for one of sound
  };

  // At least one recognizer. Throws std::system_error where a thread can't be had.
  JobQueue(std::vector<std::unique_ptr<Recognizer>> recognizers, const Options& options);
  ~JobQueue();  // cancels all and waits
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  // False where most_waiting wait already, and after Stop: `done` is then never called.
  bool Submit(const std::shared_ptr<Job>& job);
  // Whether Submit would refuse now.
  [[nodiscard]] bool full() const;
  [[nodiscard]] Counts counts() const;

  // Nothing more is taken. What waits ends as failed (kNotReady); what is being heard goes on.
  void Stop();
  // And what is being heard is cancelled. Returns at once.
  void CancelAll();

 private:
  void Work(Recognizer& recognizer);
  // The next job; nothing where there will be none.
  std::shared_ptr<Job> Next();
  JobResult Hear(Recognizer& recognizer, Job& job) const;
  void Finish(const std::shared_ptr<Job>& job, JobResult result,
              std::chrono::steady_clock::duration work);

  const Options options_;
  std::vector<std::unique_ptr<Recognizer>> recognizers_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::set<std::shared_ptr<Job>> busy_;
  bool stopped_ = false;
  Counts counts_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace pinhole::speech::service
