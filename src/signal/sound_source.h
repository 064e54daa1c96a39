// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sound that is read from its beginning to its end, more than once if need be, without ever being
// in memory as a whole.

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::signal {

class SoundSource {
 public:
  static constexpr int kRate = 16000;  // samples a second; mono, in [-1, 1]

  virtual ~SoundSource() = default;

  // From the beginning again; what is read then is the same. Not needed before the first Read.
  virtual base::Status Restart(base::Diagnosis& why) = 0;

  // The next samples, as many as `to` holds; fewer only at the end, 0 from then on.
  virtual base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& why) = 0;
};

// Sound that is in memory, which must outlive it.
class SoundInMemory : public SoundSource {
 public:
  explicit SoundInMemory(std::span<const float> samples) : samples_(samples) {}

  base::Status Restart(base::Diagnosis& /*why*/) override {
    next_ = 0;
    return {};
  }

  base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& /*why*/) override {
    const std::size_t count = std::min(to.size(), samples_.size() - next_);
    std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(next_), count, to.begin());
    next_ += count;
    return count;
  }

 private:
  std::span<const float> samples_;
  std::size_t next_ = 0;
};

}  // namespace pinhole::signal
