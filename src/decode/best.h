// SPDX-License-Identifier: Apache-2.0
#pragma once

// Of many detections the best that find room, in memory of the caller's.
//
//   Best best(places);
//   best.Add(detection);            // ... as often as there are detections
//   places.first(best.count())      // the best of them, in no order
//
// Which stay does not depend on the order in which they came: BetterThan is total. Cost: a copy
// while there is room; afterwards a step down a heap, for those that are better than the worst.

#include <algorithm>
#include <cstddef>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

class Best {
 public:
  explicit Best(std::span<Detection> places) : places_(places) {}

  void Add(const Detection& detection) {
    if (count_ < places_.size()) {
      places_[count_++] = detection;
      return;
    }
    if (!heaped_) {  // its top is the worst of them
      std::make_heap(places_.begin(), places_.end(), BetterThan);
      heaped_ = true;
    }
    if (!places_.empty() && BetterThan(detection, places_.front())) {
      std::pop_heap(places_.begin(), places_.end(), BetterThan);
      places_.back() = detection;
      std::push_heap(places_.begin(), places_.end(), BetterThan);
    }
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::span<Detection> places_;
  std::size_t count_ = 0;
  bool heaped_ = false;
};

}  // namespace pinhole::decode
