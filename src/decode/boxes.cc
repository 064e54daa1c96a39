// SPDX-License-Identifier: Apache-2.0
#include "decode/boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "decode/best.h"

namespace pinhole::decode {

namespace {

constexpr float kLogitLimit = 100.0F;

float Sigmoid(float logit) {
  return 1.0F / (1.0F + std::exp(-std::clamp(logit, -kLogitLimit, kLogitLimit)));
}

// Every logit below this has a score below `min_score`, with room for the rounding of both exp and
// log; those between are decided by their score.
float HopelessLogit(float min_score) {
  if (min_score <= 0.0F) {
    return -std::numeric_limits<float>::infinity();
  }
  if (min_score >= 1.0F) {
    return 15.0F;  // 1 - sigmoid(15) is five times a float's resolution at 1
  }
  return std::log(min_score / (1.0F - min_score)) - 0.01F;
}

// False for a row that is no box.
bool DecodeRow(const Values& regressors, std::size_t row, const Anchor& anchor,
               const BoxOptions& options, Detection& detection) {
  const std::size_t first = row * (4 + 2 * options.keypoints);
  const auto place = [&](std::size_t i) {
    return Point{regressors[first + i] / options.scale * anchor.width + anchor.x_center,
                 regressors[first + i + 1] / options.scale * anchor.height + anchor.y_center};
  };
  const Point center = place(0);
  const float width = regressors[first + 2] / options.scale * anchor.width;
  const float height = regressors[first + 3] / options.scale * anchor.height;
  detection.box = {center.x - width / 2.0F, center.y - height / 2.0F, center.x + width / 2.0F,
                   center.y + height / 2.0F};
  // Comparisons with NaN are false, so this refuses it too. Sums show what is not finite.
  const Box& box = detection.box;
  if (!(box.width() >= 0.0F && box.height() >= 0.0F) ||
      !std::isfinite(box.left + box.top + box.right + box.bottom)) {
    return false;
  }
  detection.keypoint_count = static_cast<std::uint32_t>(options.keypoints);
  for (std::size_t k = 0; k < options.keypoints; ++k) {
    detection.keypoints[k] = place(4 + 2 * k);
    if (!std::isfinite(detection.keypoints[k].x) || !std::isfinite(detection.keypoints[k].y)) {
      return false;
    }
  }
  return true;
}

}  // namespace

base::Result<std::size_t> DecodeBoxes(const Values& regressors, const Values& logits,
                                      std::span<const Anchor> anchors, const BoxOptions& options,
                                      std::span<Detection> out) {
  if (options.keypoints > kMaxKeypoints || !(options.scale > 0.0F) ||
      !(options.min_score >= 0.0F && options.min_score <= 1.0F) ||
      logits.size() != anchors.size() ||
      regressors.size() != anchors.size() * (4 + 2 * options.keypoints)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const float hopeless = HopelessLogit(options.min_score);
  Best best(out);
  for (std::size_t row = 0; row < anchors.size(); ++row) {
    const float logit = logits[row];
    if (!(logit >= hopeless)) {
      continue;
    }
    Detection detection;
    detection.score = Sigmoid(logit);
    detection.anchor = static_cast<std::uint32_t>(row);
    if (detection.score >= options.min_score &&
        DecodeRow(regressors, row, anchors[row], options, detection)) {
      best.Add(detection);
    }
  }
  return best.count();
}

}  // namespace pinhole::decode
