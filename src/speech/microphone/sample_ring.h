// SPDX-License-Identifier: Apache-2.0
#pragma once

// Samples on their way from the thread that captures to the one that reads: a ring of fixed size
// in which the newest displace the oldest. What has left it is wiped. Not locked by itself.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/secure_wipe.h"

namespace pinhole::speech {

class SampleRing {
 public:
  explicit SampleRing(std::size_t capacity) : samples_(std::max<std::size_t>(capacity, 1)) {}
  ~SampleRing() { base::SecureWipe(std::as_writable_bytes(std::span(samples_))); }
  SampleRing(const SampleRing&) = delete;
  SampleRing& operator=(const SampleRing&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  // Samples that were displaced before they were read.
  [[nodiscard]] std::int64_t displaced() const { return displaced_; }

  void Push(float sample) {
    samples_[(first_ + size_) % samples_.size()] = sample;
    if (size_ < samples_.size()) {
      ++size_;
    } else {
      first_ = (first_ + 1) % samples_.size();
      ++displaced_;
    }
  }

  // The oldest ones, as many as there are and `to` holds.
  std::size_t Pop(std::span<float> to) {
    const std::size_t count = std::min(to.size(), size_);
    for (std::size_t i = 0; i < count; ++i) {
      float& sample = samples_[(first_ + i) % samples_.size()];
      to[i] = sample;
      sample = 0;
    }
    first_ = (first_ + count) % samples_.size();
    size_ -= count;
    return count;
  }

 private:
  std::vector<float> samples_;
  std::size_t first_ = 0, size_ = 0;
  std::int64_t displaced_ = 0;
};

}  // namespace pinhole::speech
