// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/sliding_sound.h"

#include <algorithm>

namespace pinhole::speech {

using base::Diagnosis;
using base::Result;
using base::Status;

Status SlidingSound::Restart(Diagnosis& why) {
  if (begin_ == 0) {
    return {};
  }
  samples_.clear();
  begin_ = 0;
  return source_.Restart(why);
}

Status SlidingSound::ReadUpTo(std::int64_t end, Diagnosis& why) {
  while (true) {
    const auto have = static_cast<std::int64_t>(samples_.size());
    if (length_ >= 0) {
      end = std::min(end, length_);
    }
    if (begin_ + have >= end) {
      return {};
    }
    samples_.resize(static_cast<std::size_t>(end - begin_));
    const auto got =
        source_.Read(std::span<float>(samples_).subspan(static_cast<std::size_t>(have)), why);
    samples_.resize(static_cast<std::size_t>(have) + (got ? *got : 0));
    if (!got) {
      return base::Unexpected(got.error());
    }
    if (begin_ + static_cast<std::int64_t>(samples_.size()) < end) {
      length_ = begin_ + static_cast<std::int64_t>(samples_.size());
    }
  }
}

Result<std::span<const float>> SlidingSound::Take(std::int64_t first, std::int64_t count,
                                                  Diagnosis& why) {
  // What lies before goes; where nothing of it is there yet, it is read and left in large pieces.
  constexpr std::int64_t kPiece = std::int64_t{1} << 16;
  while (begin_ < first) {
    const auto have = static_cast<std::int64_t>(samples_.size());
    const std::int64_t drop = std::min(first - begin_, have);
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(drop));
    begin_ += drop;
    if (begin_ < first) {
      PINHOLE_TRY(ReadUpTo(std::min(first, begin_ + kPiece), why));
      if (samples_.empty()) {
        return std::span<const float>();
      }
    }
  }
  PINHOLE_TRY(ReadUpTo(first + count, why));
  return std::span<const float>(samples_).first(
      std::min(samples_.size(), static_cast<std::size_t>(count)));
}

}  // namespace pinhole::speech
