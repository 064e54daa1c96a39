// SPDX-License-Identifier: Apache-2.0
#include "decode/facing.h"

namespace pinhole::decode {

namespace {

constexpr std::size_t kLeftEye = 0, kRightEye = 1, kNose = 2, kLeftEar = 4, kRightEar = 5;

// Where `point` lies along the way from `from` (0) to `to` (1); -1 where there is no way.
float Along(const Point& from, const Point& to, const Point& point) {
  const float x = to.x - from.x;
  const float y = to.y - from.y;
  const float length = x * x + y * y;
  return length > 0.0F ? ((point.x - from.x) * x + (point.y - from.y) * y) / length : -1.0F;
}

}  // namespace

bool IsFacing(const Detection& face) {
  if (face.keypoint_count < 6) {
    return false;
  }
  const auto& points = face.keypoints;
  const float between_eyes = Along(points[kLeftEye], points[kRightEye], points[kNose]);
  const float between_ears = Along(points[kLeftEar], points[kRightEar], points[kNose]);
  return between_eyes > 0.15F && between_eyes < 0.85F && between_ears > 0.25F &&
         between_ears < 0.75F;
}

}  // namespace pinhole::decode
