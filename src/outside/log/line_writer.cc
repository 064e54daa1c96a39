// SPDX-License-Identifier: Apache-2.0
#include "outside/log/line_writer.h"

#include <csignal>
#include <utility>

namespace pinhole::outside::log {

namespace {

std::string Lines(std::uint64_t number) {
  return std::to_string(number) + (number == 1 ? " line was" : " lines were") + " lost";
}

}  // namespace

LineWriter::LineWriter(std::unique_ptr<LineSink> sink, outlet::Notices notices)
    : sink_(std::move(sink)), notices_(std::move(notices)), thread_([this] { Run(); }) {}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_at_ = std::chrono::steady_clock::now() + kPatience;
  }
  changed_.notify_one();
  thread_.join();
  if (lost_ > 0) {
    notices_("log: " + sink_->name() + ": " + Lines(lost_) + " up to the end");
  }
}

void LineWriter::Write(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_bytes_ + line.size() <= kMaxQueued) {
      queued_bytes_ += line.size();
      queue_.push_back(std::move(line));
      line.clear();
    }
  }
  if (!line.empty()) {
    Lost("is not read; lines are lost until it is");
    return;
  }
  changed_.notify_one();
}

void LineWriter::Run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    std::string line;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) {
        return;
      }
      line = std::move(queue_.front());
      queue_.pop_front();
    }
    base::Diagnosis why;
    const bool written = WriteOut(line, why);
    {
      const std::lock_guard lock(mutex_);
      queued_bytes_ -= line.size();
    }
    if (written) {
      Written();
    } else {
      Lost(why.text());
    }
  }
}

bool LineWriter::WriteOut(std::string_view line, base::Diagnosis& why) {
  constexpr std::chrono::milliseconds kSlice{50};  // so long the end may go unnoticed
  while (!line.empty()) {
    const base::Result<std::size_t> n = sink_->Write(line, why);
    if (!n) {
      return false;
    }
    line.remove_prefix(*n);
    if (*n > 0) {
      continue;
    }
    if (OutOfPatience()) {
      why.Fail(base::Error::kIo, "is not read");
      return false;
    }
    sink_->Wait(kSlice);
  }
  return true;
}

bool LineWriter::OutOfPatience() {
  const std::lock_guard lock(mutex_);
  return stopping_ && std::chrono::steady_clock::now() >= stop_at_;
}

void LineWriter::Lost(std::string_view reason) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = lost_++ == 0;
  }
  if (first) {
    notices_("log: " + sink_->name() + ": " + std::string(reason));
  }
}

void LineWriter::Written() {
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty()) {
      return;  // still behind
    }
    lost = std::exchange(lost_, 0);
  }
  if (lost > 0) {
    notices_("log: " + sink_->name() + ": all is well again; " + Lines(lost));
  }
}

}  // namespace pinhole::outside::log
