// SPDX-License-Identifier: Apache-2.0
#pragma once

// A corpus of recordings shared by any number of workers on any number of machines, by way of NATS
// JetStream.
//
//   Queue queue({.servers = "nats://a:4222,nats://b:4222", .replicas = 3});
//   queue.Submit(job);                                  // whoever has recordings
//   queue.RunWorker(hear, stop);                        // as many as there are processors for
//   queue.Collect({job.id}, [](const JobResult& r) { ... }, stop);
//
// What holds, whatever is killed when:
//   - A job is heard at least once. It leaves the queue when its result is stored, not before;
//     while it is being heard its worker says so again and again, and a worker that says nothing
//     for `ack_wait` has lost it to another.
//   - It has one result. Results are stored where there is none yet, and nowhere else: of two
//     workers that hear one job, the first to finish is the one that counts.
//   - A job that ends its workers ends: after `max_tries` it gets a result that says so (the dead
//     letter), and so does a message that is no job.
//   - Submitting a job again does nothing: not while it waits, and not when it has a result.
// With `replicas` of 3 a cluster of three servers may lose one of them.
//
// One Queue is one connection. Its functions may be called from several threads.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "speech/queue/job.h"

namespace pinhole::speech::queue {

struct QueueOptions {
  std::string servers = "nats://127.0.0.1:4222";  // addresses, with commas between them; tls:// too
  std::string credentials = {};                   // a .creds file, or empty
  // Of the streams: NAME_jobs and NAME_results. Letters, digits, '-' and '_'.
  std::string name = "pinhole_speech";
  int replicas = 1;
  std::chrono::milliseconds ack_wait{30000};
  int max_tries = 5;
  std::chrono::hours keep_results{24 * 30};
};

enum class HeardAs : std::uint8_t {
  kText,      // a transcript
  kFailed,    // it can't be heard, by anyone: the text is a sentence that says why
  kTryAgain,  // not by this worker, or not now: for example a file that is not there
};
struct Heard {
  HeardAs as = HeardAs::kTryAgain;
  std::string text = {};
};
// Hears one job. `stop` is the worker's: where it becomes true, the function may end early with
// kTryAgain, and another worker begins anew. It may throw; what it throws is a kTryAgain.
using Hear = std::function<Heard(const Job& job, const std::atomic<bool>& stop)>;

enum class Submitted : std::uint8_t { kNew, kWaiting, kDone };

struct WorkerEvents {
  // A job began; `tries` counts this time.
  std::function<void(const Job& job, std::int64_t tries)> began = {};
  // Its result is stored, by this worker or (`ours` is false) by another one.
  std::function<void(const JobResult& result, bool ours)> ended = {};
  // What goes wrong between the worker and the servers, as a sentence; the worker goes on.
  std::function<void(std::string_view sentence)> trouble = {};
};

class Queue {
 public:
  // Connects, and makes the streams where there are none. Throws system::Failure: no server, no
  // JetStream, or a build without the library.
  explicit Queue(const QueueOptions& options);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Job::id may be empty: IdOf's then. Throws system::Failure.
  Submitted Submit(const Job& job);

  // Hears jobs until `stop`, one at a time. With `until_empty` also ends when the queue has none
  // left, those included that other workers are hearing. Throws system::Failure where the queue is
  // gone for good.
  void RunWorker(const Hear& hear, const std::atomic<bool>& stop, const WorkerEvents& events = {},
                 bool until_empty = false);

  // Gives each result of `ids` once, those that are there first, then as they come. Ends when all
  // were given, or with `stop`; returns how many are missing. Throws system::Failure.
  std::size_t Collect(std::set<std::string> ids,
                      const std::function<void(const JobResult& result)>& give,
                      const std::atomic<bool>& stop);

  std::optional<JobResult> ResultOf(const std::string& id);
  // Takes the result away, so that the job can be submitted anew.
  void Forget(const std::string& id);

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

// Whether this build can work from a queue; where it can't, Queue's constructor says what to do.
bool HasQueue();

}  // namespace pinhole::speech::queue
