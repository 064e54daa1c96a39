// SPDX-License-Identifier: Apache-2.0
#include "decode/non_max_suppression.h"

#include <algorithm>
#include <cmath>

#include "decode/box_grid.h"

namespace pinhole::decode {

namespace {

bool IsBox(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) &&
         std::isfinite(box.bottom) && box.right >= box.left && box.bottom >= box.top;
}

// Numbers of the detections to look at, best first, in the front of `order`.
std::span<std::uint32_t> Order(std::span<const Detection> in, std::span<std::uint32_t> order) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < in.size(); ++i) {
    if (IsBox(in[i].box) && std::isfinite(in[i].score)) {
      order[count++] = i;
    }
  }
  const std::span<std::uint32_t> used = order.first(count);
  std::sort(used.begin(), used.end(), [in](std::uint32_t a, std::uint32_t b) {
    // Two boxes of one anchor and score are told apart by their place, as the last resort.
    return BetterThan(in[a], in[b]) || (!BetterThan(in[b], in[a]) && a < b);
  });
  return used;
}

bool Usable(std::span<const Detection> in, const SuppressionOptions& options,
            std::span<std::uint32_t> scratch) {
  return in.size() < (std::size_t{1} << 31) &&
         scratch.size() >= NonMaxSuppressionScratch(in.size()) && options.min_suppression >= 0.0F &&
         options.min_suppression <= 1.0F && !std::isnan(options.min_score);
}

BoxGrid::Reach ReachOf(const SuppressionOptions& options) {
  return {options.min_suppression, options.overlap != Overlap::kModifiedJaccard};
}

// The mean of the group's corners and points, weighted by score, in the order of the scores. Scores
// are probabilities; a member whose score is not above 0 has no weight.
Detection Average(std::span<const Detection> in, std::span<const std::uint32_t> group) {
  Detection mean = in[group[0]];
  float total = 0.0F;
  Box sum{};
  std::array<Point, kMaxKeypoints> points{};
  for (const std::uint32_t i : group) {
    const Detection& member = in[i];
    const float weight = std::max(member.score, 0.0F);
    total += weight;
    sum.left += member.box.left * weight;
    sum.top += member.box.top * weight;
    sum.right += member.box.right * weight;
    sum.bottom += member.box.bottom * weight;
    for (std::size_t k = 0; k < mean.keypoint_count; ++k) {
      points[k].x += member.keypoints[k].x * weight;
      points[k].y += member.keypoints[k].y * weight;
    }
  }
  const Box box{sum.left / total, sum.top / total, sum.right / total, sum.bottom / total};
  if (group.size() == 1 || !IsBox(box)) {
    return mean;  // alone, without weight, or with numbers beyond a float's range
  }
  mean.box = box;
  for (std::size_t k = 0; k < mean.keypoint_count; ++k) {
    mean.keypoints[k] = {points[k].x / total, points[k].y / total};
  }
  return mean;
}

}  // namespace

float OverlapSimilarity(Overlap overlap, const Box& first, const Box& second) {
  const Box common{std::max(first.left, second.left), std::max(first.top, second.top),
                   std::min(first.right, second.right), std::min(first.bottom, second.bottom)};
  if (!(common.right > common.left && common.bottom > common.top)) {
    return 0.0F;
  }
  const float intersection = common.area();
  float whole = 0.0F;
  switch (overlap) {
    case Overlap::kJaccard:
      whole = Box{std::min(first.left, second.left), std::min(first.top, second.top),
                  std::max(first.right, second.right), std::max(first.bottom, second.bottom)}
                  .area();
      break;
    case Overlap::kModifiedJaccard: whole = second.area(); break;
    case Overlap::kIntersectionOverUnion:
      whole = first.area() + second.area() - intersection;
      break;
  }
  return whole > 0.0F && std::isfinite(whole) ? intersection / whole : 0.0F;
}

base::Result<std::size_t> UnweightedNonMaxSuppression(std::span<const Detection> in,
                                                      const SuppressionOptions& options,
                                                      std::span<std::uint32_t> scratch,
                                                      std::span<Detection> out) {
  if (!Usable(in, options, scratch)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const std::span<std::uint32_t> order = Order(in, scratch.first(in.size()));
  BoxGrid kept(in, order, ReachOf(options), scratch.subspan(in.size()));
  std::size_t count = 0;
  for (std::uint32_t rank = 0; rank < order.size() && count < out.size(); ++rank) {
    const Detection& detection = in[order[rank]];
    if (detection.score < options.min_score) {
      break;
    }
    bool suppressed = false;
    kept.Search(detection.box, [&](std::uint32_t other) {
      suppressed = OverlapSimilarity(options.overlap, in[order[other]].box, detection.box) >
                   options.min_suppression;
      return suppressed ? BoxGrid::Next::kStop : BoxGrid::Next::kKeep;
    });
    if (!suppressed) {
      kept.Insert(rank);
      out[count++] = detection;
    }
  }
  return count;
}

base::Result<std::size_t> WeightedNonMaxSuppression(std::span<const Detection> in,
                                                    const SuppressionOptions& options,
                                                    std::span<std::uint32_t> scratch,
                                                    std::span<Detection> out) {
  if (!Usable(in, options, scratch)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  constexpr std::uint32_t kTaken = 0xFFFFFFFFU;
  const std::span<std::uint32_t> order = Order(in, scratch.first(in.size()));
  const std::span<std::uint32_t> group = scratch.subspan(in.size(), order.size());
  BoxGrid left(in, order, ReachOf(options), scratch.subspan(in.size() + order.size()));
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    left.Insert(rank);
  }
  std::size_t count = 0;
  for (std::uint32_t rank = 0; rank < order.size() && count < out.size(); ++rank) {
    if (order[rank] == kTaken) {
      continue;
    }
    const Detection& top = in[order[rank]];
    if (top.score < options.min_score) {
      break;
    }
    group[0] = rank;  // whether or not the grid holds it
    std::size_t members = 1;
    left.Search(top.box, [&](std::uint32_t other) {
      if (other == rank || order[other] == kTaken) {
        return BoxGrid::Next::kRemove;
      }
      if (!(OverlapSimilarity(options.overlap, in[order[other]].box, top.box) >
            options.min_suppression)) {
        return BoxGrid::Next::kKeep;
      }
      group[members++] = other;
      return BoxGrid::Next::kRemove;
    });
    // Floats add up to the same only in the same order, whatever the grid's was.
    std::sort(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(members));
    for (std::uint32_t& member : group.first(members)) {
      const std::uint32_t number = order[member];
      order[member] = kTaken;  // where the grid still holds it, it leaves when next met
      member = number;
    }
    out[count++] = Average(in, group.first(members));
  }
  return count;
}

}  // namespace pinhole::decode
