// SPDX-License-Identifier: Apache-2.0
#include "decode/track.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decode/non_max_suppression.h"

namespace pinhole::decode {

namespace {

bool Before(const Observation& a, const Observation& b) {
  const auto key = [](const Observation& o) {
    return std::array{-o.score, o.box.left, o.box.top, o.box.right, o.box.bottom};
  };
  return key(a) < key(b);
}

// A total order of the faces that are handed out: the larger one, then the one further left.
bool LargerThan(const TrackedFace& a, const TrackedFace& b) {
  const auto key = [](const TrackedFace& f) {
    return std::array{-f.box.area(), f.box.left, f.box.top, -f.score};
  };
  return key(a) < key(b);
}

float CenterDistance(const Box& a, const Box& b) {
  const float x = (a.left + a.right - b.left - b.right) / 2.0F;
  const float y = (a.top + a.bottom - b.top - b.bottom) / 2.0F;
  return std::sqrt(x * x + y * y);
}

Box Between(const Box& from, const Box& to, float part) {
  return {from.left + (to.left - from.left) * part, from.top + (to.top - from.top) * part,
          from.right + (to.right - from.right) * part,
          from.bottom + (to.bottom - from.bottom) * part};
}

// Into the sorted front of `items`; where that is full, the last one falls out.
template <typename Item>
void InsertSorted(std::array<Item, kMaxTracks>& items, std::size_t& count, const Item& item,
                  bool (*before)(const Item&, const Item&)) {
  std::size_t at = count;
  while (at > 0 && before(item, items[at - 1])) {
    --at;
  }
  if (at == items.size()) {
    return;
  }
  count += count < items.size() ? 1 : 0;
  for (std::size_t i = count - 1; i > at; --i) {
    items[i] = items[i - 1];
  }
  items[at] = item;
}

}  // namespace

std::array<Tracker::Track, kMaxTracks> Tracker::Tracks(const BeliefOptions& options) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array{(static_cast<void>(kIndex), Track(options))...};
  }(std::make_index_sequence<kMaxTracks>());
}

float Tracker::Fit(const Track& track, const Observation& observation) const {
  const Box& a = track.box;
  const Box& b = observation.box;
  const float overlap = OverlapSimilarity(Overlap::kIntersectionOverUnion, a, b);
  if (overlap >= options_.min_overlap) {
    return 1.0F + overlap;  // any overlap is a better sign than nearness
  }
  const float side = (a.width() + a.height() + b.width() + b.height()) / 4.0F;
  const float distance = CenterDistance(a, b);
  return side > 0.0F && distance <= options_.max_distance * side ? 1.0F / (1.0F + distance / side)
                                                                 : 0.0F;
}

void Tracker::See(Track& track, const Observation& observation) {
  track.seen = true;
  track.box = Between(track.box, observation.box, options_.box_smoothing);
  track.belief.Update(observation.score);
  track.facing.Update(observation.facing ? 1.0F : 0.0F);
}

void Tracker::Match(std::span<const Observation> observations, std::span<bool> matched) {
  std::array<std::array<float, kMaxTracks>, kMaxTracks> fits{};
  for (std::size_t o = 0; o < observations.size(); ++o) {
    for (std::size_t t = 0; t < kMaxTracks; ++t) {
      fits[o][t] = tracks_[t].used ? Fit(tracks_[t], observations[o]) : 0.0F;
    }
  }
  // The pair that fits best, of all, comes first: a stray detection with a high score must not push
  // a face off its track.
  for (;;) {
    float best = 0.0F;
    std::size_t best_o = 0, best_t = 0;
    for (std::size_t o = 0; o < observations.size(); ++o) {
      for (std::size_t t = 0; t < kMaxTracks; ++t) {
        if (!matched[o] && !tracks_[t].seen && fits[o][t] > best) {
          best = fits[o][t];
          best_o = o;
          best_t = t;
        }
      }
    }
    if (best == 0.0F) {
      return;
    }
    matched[best_o] = true;
    See(tracks_[best_t], observations[best_o]);
  }
}

void Tracker::Begin(const Observation& observation) {
  for (Track& track : tracks_) {
    if (!track.used) {
      track = Track(options_.belief);
      track.used = true;
      track.box = observation.box;
      See(track, observation);
      return;
    }
  }
}

TrackState Tracker::State() const {
  TrackState state;
  state.present = presence_.believed();
  for (const Track& track : tracks_) {
    if (track.used && track.belief.believed()) {
      const TrackedFace face{track.belief.median(), track.box, track.facing.believed()};
      InsertSorted(state.faces, state.count, face, LargerThan);
    }
  }
  return state;
}

TrackState Tracker::Update(std::span<const Observation> observations) {
  std::array<Observation, kMaxTracks> best;
  std::size_t count = 0;
  for (const Observation& observation : observations) {
    if (observation.score > 0.0F) {
      InsertSorted(best, count, observation, Before);
    }
  }
  presence_.Update(count > 0 ? best[0].score : 0.0F);
  for (Track& track : tracks_) {
    track.seen = false;
  }
  std::array<bool, kMaxTracks> matched{};
  Match(std::span(best).first(count), matched);
  for (std::size_t o = 0; o < count; ++o) {
    if (!matched[o]) {
      Begin(best[o]);
    }
  }
  for (Track& track : tracks_) {
    if (track.used && !track.seen) {
      track.belief.Update(0.0F);
      track.used = !track.belief.forgotten();
    }
  }
  return State();
}

}  // namespace pinhole::decode
