// SPDX-License-Identifier: Apache-2.0
#pragma once

// From detections frame by frame to faces that last: presence, count and steady boxes.
//
// Each frame's detections are handed to the tracks that overlap them (or lie near), the best fit
// first; what finds no track begins one. Each track keeps a Belief of its scores, 0 where the frame
// had nothing for it, and a smoothed box; its face counts while the belief holds. Presence is a
// belief of its own, over the best score of each frame, so that somebody who moves too fast for a
// track is still somebody. A face that counts implies presence.
//
// Laws (k is the half window; track_test.cc): up to k wrong frames among 2 k + 1 change neither
// presence nor count; what lasts k + 1 frames is believed k frames after it began; equal detections
// give equal states. A track is forgotten after 2 k + 1 frames without anything. At most kMaxTracks
// faces are followed; more are not begun until one is forgotten.
//
// No identity: a track has no number that leaves, and who comes back is new. No heap, no clock.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/belief.h"
#include "decode/detection.h"

namespace pinhole::decode {

inline constexpr std::size_t kMaxTracks = 8;

struct Observation {
  float score = 0.0F;
  Box box{};  // in any one unit; finite
  bool facing = false;
};

struct TrackOptions {
  BeliefOptions belief;
  float min_overlap = 0.2F;    // IoU from which a detection belongs to a track
  float max_distance = 0.5F;   // or centres apart, in mean box sides, at most
  float box_smoothing = 0.5F;  // how much of the way to the new box a frame goes, (0, 1]
};

struct TrackedFace {
  float score = 0.0F;   // median over the window
  Box box{};            // smoothed
  bool facing = false;  // what most of the last 2 k + 1 sightings said
};

struct TrackState {
  bool present = false;
  std::size_t count = 0;
  std::array<TrackedFace, kMaxTracks> faces{};  // the first `count`, largest first
};

class Tracker {
 public:
  explicit Tracker(const TrackOptions& options) : options_(options), presence_(options.belief) {}

  // One frame's detections after suppression, in any order; of more than kMaxTracks the best count.
  // A frame that could not be captured is no frame: leave it out.
  TrackState Update(std::span<const Observation> observations);
  // Forgets everybody.
  void Reset() { *this = Tracker(options_); }

 private:
  struct Track {
    explicit Track(const BeliefOptions& options) : belief(options), facing(Facing(options)) {}

    // A majority is a median of zeroes and ones.
    static BeliefOptions Facing(const BeliefOptions& options) {
      return {options.half_window, 0.5F, 0.5F};
    }

    bool used = false;
    bool seen = false;  // in this frame
    Box box{};
    Belief belief;
    Belief facing;
  };

  // How well a detection fits a track: above 0 where it may belong to it, more is better.
  [[nodiscard]] float Fit(const Track& track, const Observation& observation) const;
  void See(Track& track, const Observation& observation);
  // Hands observations to the tracks they fit, and marks those.
  void Match(std::span<const Observation> observations, std::span<bool> matched);
  // A new track, where there is room for one.
  void Begin(const Observation& observation);
  [[nodiscard]] TrackState State() const;

  TrackOptions options_;
  Belief presence_;
  std::array<Track, kMaxTracks> tracks_ = Tracks(options_.belief);

  static std::array<Track, kMaxTracks> Tracks(const BeliefOptions& options);
};

}  // namespace pinhole::decode
