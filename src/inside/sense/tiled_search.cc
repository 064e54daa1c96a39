// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/tiled_search.h"

#include <algorithm>

#include "decode/best.h"

namespace pinhole::inside::sense {

namespace {

using decode::Box;
using decode::Detection;

base::Result<signal::ImageView> ViewOf(const signal::ImageView& picture, const Tile& tile) {
  if (tile.left + tile.width > picture.width() || tile.top + tile.height > picture.height()) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const auto channels = static_cast<std::size_t>(picture.channels());
  const std::size_t row = static_cast<std::size_t>(tile.width) * channels;
  const std::size_t samples = picture.stride() * (static_cast<std::size_t>(tile.height) - 1) + row;
  const std::uint8_t* const first =
      picture.row(tile.top).data() + static_cast<std::size_t>(tile.left) * channels;
  return signal::ImageView::Make({first, samples}, tile.width, tile.height, picture.channels(),
                                 picture.stride());
}

Detection Moved(Detection detection, const Tile& tile) {
  const auto left = static_cast<float>(tile.left), top = static_cast<float>(tile.top);
  Box& box = detection.box;
  box = {box.left + left, box.top + top, box.right + left, box.bottom + top};
  for (std::size_t i = 0; i < detection.keypoint_count; ++i) {
    detection.keypoints[i].x += left;
    detection.keypoints[i].y += top;
  }
  return detection;
}

// Every box above the limit, of all tiles, that no seam cuts.
base::Result<std::span<Detection>> Collect(FaceDetector& detector, const signal::ImageView& picture,
                                           const TilePlan& plan, float limit,
                                           std::span<Detection> places, base::Diagnosis& why) {
  decode::Best best(places);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Tile tile = plan.tile(i);
    const base::Result<signal::ImageView> view = ViewOf(picture, tile);
    if (!view) {
      return why.Fail(view.error(), "a tile ends at ", tile.left + tile.width, ", ",
                      tile.top + tile.height, ", outside the picture of ", picture.width(), " x ",
                      picture.height(), "; make the plan for this picture");
    }
    PINHOLE_ASSIGN(const std::span<const Detection> in_tile,
                   detector.Find(*view, {Suppression::kNone, limit}, why));
    for (const Detection& detection : in_tile) {
      Detection moved = Moved(detection, tile);
      moved.anchor += static_cast<std::uint32_t>(i * detector.spec().anchors);
      if (!plan.IsCut(tile, moved.box)) {
        best.Add(moved);
      }
    }
  }
  return places.first(best.count());
}

// Whether a face was answered for often enough: by the whole picture, or twice.
bool IsWitnessed(const Detection& face, std::span<const Detection> found, float min_overlap,
                 std::size_t whole_anchors) {
  std::size_t answers = 0;
  for (const Detection& answer : found) {
    if (decode::OverlapSimilarity(decode::Overlap::kIntersectionOverUnion, answer.box, face.box) >
        min_overlap) {
      if (answer.anchor < whole_anchors || ++answers == 2) {
        return true;
      }
    }
  }
  return face.anchor < whole_anchors;  // without area it does not overlap itself
}

// Mostly within a larger box.
bool IsPart(const Detection& face, std::span<const Detection> kept) {
  constexpr float kMostly = 0.6F;
  return std::any_of(kept.begin(), kept.end(), [&face](const Detection& other) {
    return other.box.area() > face.box.area() &&
           decode::OverlapSimilarity(decode::Overlap::kModifiedJaccard, other.box, face.box) >
               kMostly;
  });
}

// Those for which `is_wanted` says so, in their order, in front. It is asked about what it sees as
// it was: with nothing moved before all are judged.
template <typename IsWanted>
std::span<Detection> Filter(std::span<Detection> kept, std::span<std::uint32_t> marks,
                            const IsWanted& is_wanted) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    marks[i] = is_wanted(kept[i]) ? 1 : 0;
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (marks[i] != 0) {
      kept[count++] = kept[i];
    }
  }
  return kept.first(count);
}

}  // namespace

base::Result<std::span<const Detection>> FindInTiles(
    FaceDetector& detector, const signal::ImageView& picture, const TilePlan& plan,
    const FindOptions& options, const TiledSearchMemory& memory, base::Diagnosis& why) {
  if (memory.kept.size() < memory.found.size() ||
      memory.scratch.size() < decode::NonMaxSuppressionScratch(memory.found.size())) {
    return why.Fail(base::Error::kInvalidArgument, memory.kept.size(), " places and ",
                    memory.scratch.size(), " words given for ", memory.found.size(),
                    " detections; give as many places and what suppression wants");
  }
  const decode::DetectorSpec& spec = detector.spec();
  const float limit = options.min_score.value_or(spec.min_score);
  if (options.suppression == Suppression::kNone) {
    PINHOLE_ASSIGN(const std::span<Detection> all,
                   Collect(detector, picture, plan, limit, memory.found, why));
    std::sort(all.begin(), all.end(), decode::BetterThan);
    return std::span<const Detection>(all);
  }
  // A higher limit is for faces; what the model counts as an answer still bears witness.
  PINHOLE_ASSIGN(
      const std::span<const Detection> found,
      Collect(detector, picture, plan, std::min(limit, spec.min_score), memory.found, why));
  const auto suppress = options.suppression == Suppression::kWeighted
                            ? decode::WeightedNonMaxSuppression
                            : decode::UnweightedNonMaxSuppression;
  PINHOLE_ASSIGN(const std::size_t count,
                 suppress(found, {.min_suppression = spec.iou, .min_score = limit}, memory.scratch,
                          memory.kept));
  std::span<Detection> kept = memory.kept.first(count);
  kept = Filter(kept, memory.scratch, [&](const Detection& face) {
    return IsWitnessed(face, found, spec.iou, spec.anchors);
  });
  kept =
      Filter(kept, memory.scratch, [&kept](const Detection& face) { return !IsPart(face, kept); });
  return std::span<const Detection>(kept);
}

}  // namespace pinhole::inside::sense
