// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether something is there, from a score a frame that is sometimes wrong.
//
// A lemon that is a lime for one frame among lemons was a lemon: an answer that differs from those
// around it is the network's mistake. So not the newest score decides, but the median of the last
// 2 k + 1. And it has to rise to `on` before we believe, and to fall below `off` before we stop.
//
//   isolated     up to k wrong frames among 2 k + 1 change nothing
//   delay        what lasts k + 1 frames is believed with the last of them: k frames after it began
//   no flicker   scores that move by less than on - off change the answer at most once
//
// With k = 2 at 7 frames a second the delay is 0.3 s. Time is counted in frames alone. Source:
// temporal consistency as in Warden, "Why isn't there more training on the edge?"; the median
// filter's root signals (Gallagher and Wise 1981).

#include <algorithm>
#include <array>
#include <cstdint>

namespace pinhole::decode {

struct BeliefOptions {
  std::uint8_t half_window = 2;  // k; at most kMaxHalfWindow, more counts as that
  float on = 0.6F;
  float off = 0.4F;  // at most `on`, more counts as that
};

class Belief {
 public:
  static constexpr std::uint8_t kMaxHalfWindow = 4;

  // Before the first frame nothing is there: all scores are 0.
  explicit Belief(const BeliefOptions& options)
      : half_(std::min(options.half_window, kMaxHalfWindow)),
        on_(options.on),
        off_(std::min(options.off, options.on)) {}

  // One frame. A score that is no number counts as 0. Returns what is believed now.
  bool Update(float score) {
    scores_[newest_] = score > 0.0F ? score : 0.0F;
    newest_ = static_cast<std::uint8_t>(newest_ + 1 == window() ? 0 : newest_ + 1);
    std::array<float, kMaxWindow> sorted = scores_;
    std::nth_element(sorted.begin(), sorted.begin() + half_, sorted.begin() + window());
    median_ = sorted[half_];
    believed_ = median_ >= (believed_ ? off_ : on_);
    return believed_;
  }

  [[nodiscard]] bool believed() const { return believed_; }
  [[nodiscard]] float median() const { return median_; }
  // True where the whole window is 0: nothing left to remember.
  [[nodiscard]] bool forgotten() const {
    return std::all_of(scores_.begin(), scores_.end(), [](float score) { return score == 0.0F; });
  }

 private:
  static constexpr std::size_t kMaxWindow = 2 * kMaxHalfWindow + 1;

  [[nodiscard]] std::uint8_t window() const { return static_cast<std::uint8_t>(2 * half_ + 1); }

  std::array<float, kMaxWindow> scores_{};  // the first window() count
  float median_ = 0.0F;
  std::uint8_t newest_ = 0;
  std::uint8_t half_;
  bool believed_ = false;
  float on_, off_;
};

}  // namespace pinhole::decode
