// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames in, PersonFacts out, by any network: what a person sensor is apart from the machine that
// runs its model.
//
//   Frame → faces (face_finder.h) → tracks over time (decode/track.h) → facts
//
//   auto watch = PersonWatch::Make(finder.spec(), {}, why);
//   for each frame: auto facts = watch->Look(finder, network, std::move(frame), why);
//   for each capture that failed: facts = watch->Missed();
//
// The facts say what is believed, not what one frame showed: presence and faces follow the median
// of the last 2 k + 1 frames and need a higher score to begin than to stay (decode/belief.h), so
// one bad frame changes nothing, and what begins is told k frames later. Same frames, same facts.
// Nothing is allocated. A frame's pixels are overwritten before the network runs, and all that it
// made of them before Look returns.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/diagnosis.h"
#include "base/result.h"
#include "decode/detector_spec.h"
#include "decode/track.h"
#include "facts/person_facts.h"
#include "inside/capture/frame.h"
#include "inside/sense/face_finder.h"
#include "inside/sense/network.h"

namespace pinhole::inside::sense {

struct PersonWatchOptions {
  std::uint8_t half_window = 2;  // k
  // Scores from which somebody is believed and below which no longer. Where they are not given: the
  // model's own limit, and two thirds of `on`.
  std::optional<float> on = {}, off = {};
};

class PersonWatch {
 public:
  // Error: kInvalidArgument (on or off outside [0, 1], off above on).
  static base::Result<PersonWatch> Make(const decode::DetectorSpec& spec,
                                        const PersonWatchOptions& options, base::Diagnosis& why);

  // Looks at a frame, wipes it, and says what is believed now. The facts are canonical
  // (facts/person_codec.h). Frames may differ in size; places are relative to the frame. Errors:
  // kInvalidArgument (an empty frame); the finder's. After an error the watch has missed this
  // frame, as if Missed() had been called.
  base::Result<facts::PersonFacts> Look(FaceFinder& finder, Network& network, capture::Frame frame,
                                        base::Diagnosis& why);

  // A capture failed: no reading. What was believed outlives up to 2 k frames missed in a row, and
  // is forgotten with the next.
  facts::PersonFacts Missed();

  // Forgets everybody.
  void Reset();

  // k + 1: what is in so many pictures from the beginning on is believed with the last.
  [[nodiscard]] int pictures_to_believe() const { return options_.belief.half_window + 1; }

 private:
  explicit PersonWatch(const decode::TrackOptions& options)
      : options_(options), tracker_(options) {}

  decode::TrackOptions options_;
  decode::Tracker tracker_;
  std::size_t missed_ = 0;  // frames in a row
};

}  // namespace pinhole::inside::sense
