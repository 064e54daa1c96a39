// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a detector found: a score, a box, and points inside it.
//
// Coordinates are in the network's square, where both axes run from 0 to 1 and (0, 0) is the upper
// left corner, until someone maps them to picture pixels; nothing here depends on the unit. The
// meaning of the points is the model's. For the face models they are, left and right as the picture
// shows them: 0 left eye, 1 right eye, 2 tip of the nose, 3 middle of the mouth, 4 left ear, 5
// right ear (the tragion).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pinhole::decode {

struct Point {
  float x, y;
};

struct Box {
  float left, top, right, bottom;

  [[nodiscard]] float width() const { return right - left; }
  [[nodiscard]] float height() const { return bottom - top; }
  // Of a box with right >= left and bottom >= top.
  [[nodiscard]] float area() const { return width() * height(); }
};

inline constexpr std::size_t kMaxKeypoints = 8;

struct Detection {
  float score = 0.0F;
  std::uint32_t anchor = 0;  // the row of the output tensors it came from; breaks ties of score
  Box box{};
  std::array<Point, kMaxKeypoints> keypoints{};
  std::uint32_t keypoint_count = 0;

  [[nodiscard]] std::span<const Point> points() const { return {keypoints.data(), keypoint_count}; }
};

// The order in which detections are looked at everywhere: best first, equal scores by their place
// in the tensors, so that no sorting algorithm's habits show in the result.
inline bool BetterThan(const Detection& a, const Detection& b) {
  return a.score != b.score ? a.score > b.score : a.anchor < b.anchor;
}

}  // namespace pinhole::decode
