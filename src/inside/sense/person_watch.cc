// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/person_watch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "decode/facing.h"
#include "signal/image.h"

namespace pinhole::inside::sense {

namespace {

using decode::Detection;
using decode::Observation;
using facts::FaceFacts;

constexpr float kOffOfOn = 2.0F / 3.0F;

// Tracks live in units of the frame's longer side: the same in both directions, and a face stays
// where it is when the camera changes its resolution.
Observation Observe(const Detection& face, float side) {
  const decode::Box& box = face.box;
  return {face.score,
          {box.left / side, box.top / side, box.right / side, box.bottom / side},
          decode::IsFacing(face)};
}

// 0 to 255 over `extent`; `at` may lie outside.
std::uint8_t ToGrid(float at, float extent) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(at / extent, 0.0F, 1.0F) * 255.0F));
}

FaceFacts ToFacts(const decode::TrackedFace& face, float width, float height) {
  FaceFacts facts;
  facts.confidence = std::max<std::uint8_t>(1, ToGrid(face.score, 1.0F));
  facts.left = ToGrid(face.box.left, width);
  facts.top = ToGrid(face.box.top, height);
  facts.right = ToGrid(face.box.right, width);
  facts.bottom = ToGrid(face.box.bottom, height);
  facts.facing = face.facing ? 1 : 0;
  return facts;
}

facts::PersonFacts ToFacts(const decode::TrackState& state, int width, int height) {
  facts::PersonFacts facts;
  facts.reading = 1;
  facts.present = state.present || state.count > 0 ? 1 : 0;
  const auto side = static_cast<float>(std::max(width, height));
  std::array<FaceFacts, decode::kMaxTracks> faces;
  for (std::size_t i = 0; i < state.count; ++i) {
    faces[i] = ToFacts(state.faces[i], static_cast<float>(width) / side,
                       static_cast<float>(height) / side);
  }
  // Largest first on the grid, on which parts outside the frame do not count. Insertion: the order
  // of equals stays the tracker's, and nothing is allocated.
  for (std::size_t i = 1; i < state.count; ++i) {
    for (std::size_t at = i; at > 0 && GridArea(faces[at - 1]) < GridArea(faces[at]); --at) {
      std::swap(faces[at - 1], faces[at]);
    }
  }
  const std::size_t count = std::min(state.count, facts::kMaxFaces);
  facts.count = static_cast<std::uint8_t>(count);
  std::copy_n(faces.begin(), count, facts.faces.begin());
  return facts;
}

}  // namespace

base::Result<PersonWatch> PersonWatch::Make(const decode::DetectorSpec& spec,
                                            const PersonWatchOptions& options,
                                            base::Diagnosis& why) {
  decode::TrackOptions track;
  track.belief.half_window = std::min(options.half_window, decode::Belief::kMaxHalfWindow);
  track.belief.on = options.on.value_or(spec.min_score);
  track.belief.off = options.off.value_or(track.belief.on * kOffOfOn);
  if (!(track.belief.off >= 0.0F && track.belief.off <= track.belief.on &&
        track.belief.on <= 1.0F)) {
    return why.Fail(base::Error::kInvalidArgument,
                    "the scores to believe and to stop believing at must be from 0 to 1, and the "
                    "second not above the first");
  }
  return PersonWatch(track);
}

base::Result<facts::PersonFacts> PersonWatch::Look(FaceFinder& finder, Network& network,
                                                   capture::Frame frame, base::Diagnosis& why) {
  const base::Result<signal::ImageView> picture = signal::ImageView::Make(
      frame.pixels(), frame.width(), frame.height(), frame.channels(), frame.stride());
  if (!picture) {
    Missed();
    return why.Fail(picture.error(), "a frame without pixels; give one that was not moved from");
  }
  if (const base::Status shown = finder.Show(network, *picture, why); !shown) {
    Missed();
    return base::Unexpected(shown.error());
  }
  // The picture goes before the network runs: on a microcontroller the next one is on its way then.
  const int width = frame.width(), height = frame.height();
  frame.Release();
  // Fainter faces too: one that is believed stays so until its score falls below `off`.
  const base::Result<std::span<const Detection>> found =
      finder.Answer(network, width, height, {Suppression::kWeighted, options_.belief.off}, why);
  if (!found) {
    Missed();
    return base::Unexpected(found.error());
  }
  missed_ = 0;
  const auto side = static_cast<float>(std::max(width, height));
  std::array<Observation, decode::kMaxTracks>
      observations;  // the best; the tracker follows no more
  const std::size_t count = std::min(found->size(), observations.size());
  std::transform(found->begin(), found->begin() + static_cast<std::ptrdiff_t>(count),
                 observations.begin(), [side](const Detection& d) { return Observe(d, side); });
  const decode::TrackState state = tracker_.Update(std::span(observations).first(count));
  return ToFacts(state, width, height);
}

void PersonWatch::Reset() {
  tracker_.Reset();
  missed_ = 0;
}

facts::PersonFacts PersonWatch::Missed() {
  const std::size_t window = 2 * std::size_t{options_.belief.half_window} + 1;
  missed_ = std::min(missed_ + 1, window);
  if (missed_ == window) {
    tracker_.Reset();
  }
  return {};
}

}  // namespace pinhole::inside::sense
