// SPDX-License-Identifier: Apache-2.0
#include "speech/service/job_queue.h"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <utility>

namespace pinhole::speech::service {

using base::Error;

JobQueue::JobQueue(std::vector<std::unique_ptr<Recognizer>> recognizers, const Options& options)
    : options_(options), recognizers_(std::move(recognizers)) {
  counts_.workers = recognizers_.size();
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (const auto& recognizer : recognizers_) {
      threads_.emplace_back([this, worker = recognizer.get()] { Work(*worker); });
    }
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    Stop();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

JobQueue::~JobQueue() {
  Stop();
  CancelAll();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool JobQueue::Submit(const std::shared_ptr<Job>& job) {
  {
    const std::lock_guard lock(mutex_);
    // A worker that has nothing to do takes it at once, so that 0 waiting jobs still work.
    if (stopped_ || waiting_.size() + busy_.size() >= options_.most_waiting + counts_.workers) {
      ++counts_.turned_away;
      return false;
    }
    waiting_.push_back(job);
  }
  ready_.notify_one();
  return true;
}

bool JobQueue::full() const {
  const std::lock_guard lock(mutex_);
  return stopped_ || waiting_.size() + busy_.size() >= options_.most_waiting + counts_.workers;
}

JobQueue::Counts JobQueue::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.waiting = waiting_.size();
  counts.busy = busy_.size();
  return counts;
}

void JobQueue::Stop() {
  std::deque<std::shared_ptr<Job>> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left = std::exchange(waiting_, {});
    counts_.failed += left.size();
  }
  ready_.notify_all();
  for (const std::shared_ptr<Job>& job : left) {
    job->done({JobEnd::kFailed, {}, Error::kNotReady, "the service is being stopped"});
  }
}

void JobQueue::CancelAll() {
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Job>& job : busy_) {
    job->cancelled = true;
  }
}

std::shared_ptr<Job> JobQueue::Next() {
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
  if (waiting_.empty()) {
    return nullptr;
  }
  std::shared_ptr<Job> job = std::move(waiting_.front());
  waiting_.pop_front();
  busy_.insert(job);
  return job;
}

void JobQueue::Work(Recognizer& recognizer) {
  while (const std::shared_ptr<Job> job = Next()) {
    const auto begin = std::chrono::steady_clock::now();
    JobResult result = Hear(recognizer, *job);
    Finish(job, std::move(result), std::chrono::steady_clock::now() - begin);
  }
}

JobResult JobQueue::Hear(Recognizer& recognizer, Job& job) const {
  if (job.cancelled) {
    return {JobEnd::kCancelled, {}, Error::kInternal, {}};
  }
  bool is_too_long = false;
  const Progress progress{
      .segment = job.segment,
      .heard =
          [&](std::int64_t, std::int64_t all_ms) {
            is_too_long = is_too_long || all_ms > options_.longest_ms;
            return !job.cancelled && !is_too_long;
          },
  };
  base::Diagnosis why;
  JobResult result;
  try {
    auto transcript = recognizer.Transcribe(job.upload, job.options, progress, why);
    if (transcript) {
      result.end = JobEnd::kHeard;
      result.transcript = *std::move(transcript);
    } else {
      result.error = transcript.error();
      result.sentence = why.empty() ? base::ErrorName(transcript.error()) : std::string(why.text());
    }
  } catch (const std::exception& failure) {
    result.sentence = failure.what();
  }
  if (is_too_long) {
    result = {JobEnd::kFailed,
              {},
              Error::kTooLarge,
              "the file has more than " + std::to_string(options_.longest_ms / 1000) +
                  " seconds of sound: cut it into shorter ones"};
  } else if (job.cancelled) {
    result = {JobEnd::kCancelled, {}, Error::kInternal, {}};
  }
  return result;
}

void JobQueue::Finish(const std::shared_ptr<Job>& job, JobResult result,
                      std::chrono::steady_clock::duration work) {
  job->upload.Drop();
  {
    const std::lock_guard lock(mutex_);
    busy_.erase(job);
    const double seconds = std::chrono::duration<double>(work).count();
    switch (result.end) {
      case JobEnd::kHeard:
        ++counts_.heard;
        counts_.sound_ms += result.transcript.duration_ms;
        counts_.work_seconds += seconds;
        if (result.transcript.duration_ms > 0) {
          counts_.real_time_factor =
              seconds * 1000 / static_cast<double>(result.transcript.duration_ms);
        }
        break;
      case JobEnd::kFailed: ++counts_.failed; break;
      case JobEnd::kCancelled: ++counts_.cancelled; break;
    }
  }
  job->done(std::move(result));
}

}  // namespace pinhole::speech::service
