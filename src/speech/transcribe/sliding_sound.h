// SPDX-License-Identifier: Apache-2.0
#pragma once

// The part of a recording that a window looks at, of a source that only goes forward.

#include <cstdint>
#include <span>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "signal/sound_source.h"

namespace pinhole::speech {

class SlidingSound {
 public:
  explicit SlidingSound(signal::SoundSource& source) : source_(source) {}

  // Samples first .. first + count - 1, fewer only at the end; nothing before `first` is asked for
  // afterwards. They stay until the next call. Samples: 16 kHz mono. Errors: the source's.
  base::Result<std::span<const float>> Take(std::int64_t first, std::int64_t count,
                                            base::Diagnosis& why);

  // From the beginning again; what is still there is not read anew.
  base::Status Restart(base::Diagnosis& why);

  // How many samples there are in all, as far as that is known: once the end was met.
  [[nodiscard]] bool knows_length() const { return length_ >= 0; }
  [[nodiscard]] std::int64_t length() const { return length_; }

 private:
  base::Status ReadUpTo(std::int64_t end, base::Diagnosis& why);

  signal::SoundSource& source_;
  std::vector<float> samples_;  // from begin_ on
  std::int64_t begin_ = 0;
  std::int64_t length_ = -1;
};

}  // namespace pinhole::speech
