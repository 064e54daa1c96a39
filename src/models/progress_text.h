// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far a download is, in words: a bar for a terminal, and lines few enough for a log.
//
// Both are told bytes and seconds, and keep no clock themselves.

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace pinhole::models {

class ProgressText {
 public:
  ProgressText(std::string name, std::uint64_t total) : name_(std::move(name)), total_(total) {}

  // `bytes` of the file were there `seconds` after some fixed moment. Less than before: the
  // download was begun anew.
  void Moved(std::uint64_t bytes, double seconds);

  // "tiny.en  [=====>    ]  45.1 MB of 77.7 MB  8.21 MB/s  4 s left", in `width` columns where it
  // can be; the rate is that of the last seconds.
  [[nodiscard]] std::string Bar(std::size_t width) const;

  // "tiny.en: 30 %, 23.3 MB of 77.7 MB, 8.21 MB/s", once each tenth of the file; "" in between.
  std::string SparseLine();

 private:
  [[nodiscard]] double BytesPerSecond() const;

  std::string name_;
  std::uint64_t total_;
  std::uint64_t bytes_ = 0;
  double seconds_ = 0;
  // Bytes and seconds of the last few seconds, oldest first.
  std::deque<std::pair<std::uint64_t, double>> samples_;
  std::uint64_t said_tenths_ = 0;
};

// 75 as "1 min 15 s", 4 as "4 s", 7500 as "2 h 5 min".
std::string ShownSeconds(double seconds);

}  // namespace pinhole::models
