// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: boxes as good detectors give them, and as damaged or hostile ones might.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "decode/detection.h"

namespace pinhole::decode {

enum class Scene {
  kUniform,    // anywhere, sides from 1 to 20 % of the whole
  kSparse,     // anywhere and small: hardly any overlap
  kClustered,  // around ten places
  kNested,     // one within the other, from all to nothing
  kEqual,      // the same box again and again
  kStrips,     // wide and low, or high and narrow
  kSizes,      // sides over six powers of ten
  kFarAway,    // small ones in one place, and one of them far away
  kGridded,    // corners on a coarse grid: many touch, many are equal, scores too
  kTiny,       // areas that are no normal floats
  kHuge,       // areas that are none at all
  kGarbage,    // NaN, infinities, right edges left of the left ones, no area; raw bits
};

inline constexpr Scene kScenes[] = {Scene::kUniform, Scene::kSparse,  Scene::kClustered,
                                    Scene::kNested,  Scene::kEqual,   Scene::kStrips,
                                    Scene::kSizes,   Scene::kFarAway, Scene::kGridded,
                                    Scene::kTiny,    Scene::kHuge,    Scene::kGarbage};

inline bool IsFiniteBox(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) &&
         std::isfinite(box.bottom) && box.right >= box.left && box.bottom >= box.top;
}

class SceneMaker {
 public:
  SceneMaker(Scene scene, unsigned seed) : scene_(scene), random_(seed) {}

  Box Next(std::uint32_t i) {
    const float x = Unit(), y = Unit();
    switch (scene_) {
      case Scene::kUniform: return At(x, y, 0.01F + 0.19F * Unit(), 0.01F + 0.19F * Unit());
      case Scene::kSparse: return At(x, y, 0.001F * Unit(), 0.001F * Unit());
      case Scene::kClustered: {
        const auto place = static_cast<float>(i % 10) / 10.0F;
        return At(place + 0.02F * x, place + 0.02F * y, 0.05F + 0.02F * Unit(), 0.06F);
      }
      case Scene::kNested: return {0.5F * x, 0.5F * x, 1.0F - 0.5F * x, 1.0F - 0.5F * x};
      case Scene::kEqual: return {0.25F, 0.25F, 0.75F, 0.5F};
      case Scene::kStrips:
        return i % 2 == 0 ? At(0, y, 1, 1e-5F * Unit()) : At(x, 0, 1e-5F * Unit(), 1);
      case Scene::kSizes:
        return At(x, y, std::pow(10.0F, -6 * Unit()), std::pow(10.0F, -6 * Unit()));
      case Scene::kFarAway:
        return i == 0 ? At(1e6F, -1e6F, 1, 1) : At(x, y, 0.01F * Unit(), 0.01F * Unit());
      case Scene::kGridded: return At(Coarse(x), Coarse(y), Coarse(Unit()), Coarse(Unit()));
      case Scene::kTiny: return At(x * 1e-21F, y * 1e-21F, Unit() * 1e-21F, Unit() * 1e-21F);
      case Scene::kHuge: return At(x * 1e25F, y * 1e25F, Unit() * 1e25F, Unit() * 1e38F);
      case Scene::kGarbage: return {Anything(), Anything(), Anything(), Anything()};
    }
    return {};
  }

  float Score() {
    const float score = Unit();
    if (scene_ == Scene::kGarbage && random_() % 8 == 0) {
      return Anything();
    }
    return scene_ == Scene::kGridded ? Coarse(score) : score;
  }

 private:
  static Box At(float x, float y, float w, float h) { return {x, y, x + w, y + h}; }
  static float Coarse(float value) { return std::ceil(value * 8) / 8; }
  float Unit() { return std::uniform_real_distribution<float>(0.0F, 1.0F)(random_); }

  // Small numbers make overlaps, raw bits make everything else.
  float Anything() {
    const auto bits = static_cast<std::uint32_t>(random_());
    switch (random_() % 8) {
      case 0: return std::numeric_limits<float>::quiet_NaN();
      case 1: return std::numeric_limits<float>::infinity();
      case 2: return std::bit_cast<float>(bits);
      default: return Coarse(Unit());
    }
  }

  Scene scene_;
  std::mt19937 random_;
};

// Each with two points and an anchor of its own.
inline std::vector<Detection> MakeScene(Scene scene, std::size_t count, unsigned seed) {
  SceneMaker maker(scene, seed);
  std::vector<Detection> boxes(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Detection& d = boxes[i];
    d.box = maker.Next(i);
    d.score = maker.Score();
    d.anchor = i;
    d.keypoint_count = 2;
    d.keypoints[0] = {d.box.left, d.box.top};
    d.keypoints[1] = {d.box.right, d.box.top};
  }
  return boxes;
}

}  // namespace pinhole::decode
