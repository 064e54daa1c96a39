// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lines to a sink from a thread of its own, so that whoever has lines never waits for a disk or a
// reader.
//
//   Publish's thread ── Write ──► at most kMaxQueued bytes ──► writer's thread ──► LineSink
//
// Lines that find no room, and lines that the sink fails to write, are dropped and counted. The
// first of them is told through Notices, and when all is well again their number. The thread takes
// no signals, so that a reader that went away is an error and not the end of the process.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "outside/log/line_sink.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::log {

class LineWriter {
 public:
  static constexpr std::size_t kMaxQueued = std::size_t{64} << 10;
  // How long the end waits for a reader that does not read.
  static constexpr std::chrono::milliseconds kPatience{200};

  LineWriter(std::unique_ptr<LineSink> sink, outlet::Notices notices);
  // Writes what is queued, then ends.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` ends in a line feed. Returns at once.
  void Write(std::string line);

 private:
  void Run();
  // What became of one line; where it was lost, why it was is in `why`.
  bool WriteOut(std::string_view line, base::Diagnosis& why);
  void Lost(std::string_view reason);
  void Written();
  [[nodiscard]] bool OutOfPatience();

  std::unique_ptr<LineSink> sink_;
  outlet::Notices notices_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t lost_ = 0;  // since all was well
  bool stopping_ = false;
  std::chrono::steady_clock::time_point stop_at_;
  std::thread thread_;  // last: begins when all else is there
};

}  // namespace pinhole::outside::log
