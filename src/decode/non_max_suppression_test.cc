// SPDX-License-Identifier: Apache-2.0
#include "decode/non_max_suppression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "decode/scenes_for_tests.h"

namespace pinhole::decode {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();

using Suppress = base::Result<std::size_t>(std::span<const Detection>, const SuppressionOptions&,
                                           std::span<std::uint32_t>, std::span<Detection>);

std::vector<Detection> Kept(Suppress* suppress, const std::vector<Detection>& in,
                            const SuppressionOptions& options = {}, std::size_t places = 100000) {
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(in.size()));
  std::vector<Detection> out(std::min(places, in.size()));
  const auto count = suppress(in, options, scratch, out);
  out.resize(count.value());
  return out;
}

void ExpectSame(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].anchor, b[i].anchor) << i;
    EXPECT_EQ(a[i].score, b[i].score) << i;
    EXPECT_EQ(a[i].box.left, b[i].box.left) << i;
    EXPECT_EQ(a[i].box.top, b[i].box.top) << i;
    EXPECT_EQ(a[i].box.right, b[i].box.right) << i;
    EXPECT_EQ(a[i].box.bottom, b[i].box.bottom) << i;
    for (std::size_t k = 0; k < a[i].keypoint_count; ++k) {
      EXPECT_EQ(a[i].keypoints[k].x, b[i].keypoints[k].x) << i;
    }
  }
}

Detection At(float left, float top, float right, float bottom, float score,
             std::uint32_t anchor = 0) {
  Detection detection;
  detection.box = {left, top, right, bottom};
  detection.score = score;
  detection.anchor = anchor;
  return detection;
}

struct Spread {
  std::size_t boxes = 200;
  float min_side = 0.01F, max_side = 0.3F;
  bool coarse_scores = false;  // many equal scores
};

std::vector<Detection> Random(const Spread& scene, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> place(0.0F, 1.0F), side(scene.min_side, scene.max_side);
  std::vector<Detection> boxes;
  for (std::uint32_t i = 0; i < scene.boxes; ++i) {
    const float x = place(random), y = place(random), w = side(random), h = side(random);
    float score = place(random);
    score = scene.coarse_scores ? std::ceil(score * 4) / 4 : score;
    Detection detection = At(x, y, x + w, y + h, score, i);
    detection.keypoint_count = 2;
    detection.keypoints[0] = {x + w * 0.3F, y + h * 0.3F};
    detection.keypoints[1] = {x + w * 0.7F, y + h * 0.3F};
    boxes.push_back(detection);
  }
  return boxes;
}

std::vector<Spread> Scenes() {
  return {{1},
          {2},
          {3},
          {5},
          {60},
          {400},
          {400, 0.0F, 0.02F},
          {400, 0.2F, 0.9F, true},
          {300, 0.0F, 0.0F},
          {1500, 0.001F, 0.05F, true}};
}

// What is a box and has a score; equals in the order given.
std::vector<Detection> BestFirst(const std::vector<Detection>& in) {
  std::multiset<Detection, decltype(&BetterThan)> sorted(&BetterThan);
  for (const Detection& d : in) {
    if (IsFiniteBox(d.box) && std::isfinite(d.score)) {
      sorted.insert(d);
    }
  }
  return {sorted.begin(), sorted.end()};
}

// The definition, without grid or shortcut: what the reference does, in the plainest way.
std::vector<Detection> PlainUnweighted(const std::vector<Detection>& in,
                                       const SuppressionOptions& o) {
  std::vector<Detection> kept;
  for (const Detection& box : BestFirst(in)) {
    if (std::none_of(kept.begin(), kept.end(), [&](const Detection& k) {
          return OverlapSimilarity(o.overlap, k.box, box.box) > o.min_suppression;
        })) {
      kept.push_back(box);
    }
  }
  return kept;
}

std::vector<Detection> PlainWeighted(std::vector<Detection> in, const SuppressionOptions& o) {
  in = BestFirst(in);
  std::vector<Detection> out;
  while (!in.empty()) {
    const Detection top = in.front();
    std::vector<Detection> rest, group{top};
    for (std::size_t i = 1; i < in.size(); ++i) {
      const bool same = OverlapSimilarity(o.overlap, in[i].box, top.box) > o.min_suppression;
      (same ? group : rest).push_back(in[i]);
    }
    Detection mean = top;
    const auto average = [&group](auto value) {
      float sum = 0.0F, total = 0.0F;
      for (const Detection& member : group) {
        sum += value(member) * std::max(member.score, 0.0F);
        total += std::max(member.score, 0.0F);
      }
      return sum / total;
    };
    const Box box{average([](const Detection& d) { return d.box.left; }),
                  average([](const Detection& d) { return d.box.top; }),
                  average([](const Detection& d) { return d.box.right; }),
                  average([](const Detection& d) { return d.box.bottom; })};
    if (group.size() > 1 && IsFiniteBox(box)) {
      mean.box = box;
      for (std::size_t k = 0; k < mean.keypoint_count; ++k) {
        mean.keypoints[k].x = average([k](const Detection& d) { return d.keypoints[k].x; });
        mean.keypoints[k].y = average([k](const Detection& d) { return d.keypoints[k].y; });
      }
    }
    out.push_back(mean);
    in = rest;
  }
  return out;
}

TEST(OverlapSimilarity, ThreeMeasures) {
  const Box a{0, 0, 2, 2}, b{1, 1, 3, 3}, c{1, 0, 2, 1};
  EXPECT_FLOAT_EQ(OverlapSimilarity(Overlap::kJaccard, a, b), 1.0F / 9);
  EXPECT_FLOAT_EQ(OverlapSimilarity(Overlap::kModifiedJaccard, a, b), 1.0F / 4);
  EXPECT_FLOAT_EQ(OverlapSimilarity(Overlap::kIntersectionOverUnion, a, b), 1.0F / 7);
  EXPECT_FLOAT_EQ(OverlapSimilarity(Overlap::kModifiedJaccard, a, c), 1.0F);
  EXPECT_FLOAT_EQ(OverlapSimilarity(Overlap::kModifiedJaccard, c, a), 1.0F / 4);
}

TEST(OverlapSimilarity, IsZeroWhereNothingIsShared) {
  const Box a{0, 0, 1, 1};
  for (const Overlap overlap :
       {Overlap::kJaccard, Overlap::kModifiedJaccard, Overlap::kIntersectionOverUnion}) {
    EXPECT_EQ(OverlapSimilarity(overlap, a, {2, 0, 3, 1}), 0.0F);
    EXPECT_EQ(OverlapSimilarity(overlap, a, {1, 0, 2, 1}), 0.0F) << "they touch";
    EXPECT_EQ(OverlapSimilarity(overlap, {0, 0, 0, 0}, {0, 0, 0, 0}), 0.0F) << "no area";
    const Box huge{-kMax, -kMax, kMax, kMax};
    EXPECT_EQ(OverlapSimilarity(overlap, huge, huge), 0.0F) << "its area is no float";
    EXPECT_FLOAT_EQ(OverlapSimilarity(overlap, a, a), 1.0F);
  }
}

TEST(NonMaxSuppression, EqualsTheDefinition) {
  unsigned seed = 0;
  for (const Spread& scene : Scenes()) {
    for (const Overlap overlap :
         {Overlap::kJaccard, Overlap::kModifiedJaccard, Overlap::kIntersectionOverUnion}) {
      for (const float threshold : {0.0F, 0.3F, 0.7F, 1.0F}) {
        const auto in = Random(scene, ++seed);
        const SuppressionOptions options{overlap, threshold, 0.0F};
        SCOPED_TRACE(seed);
        ExpectSame(Kept(UnweightedNonMaxSuppression, in, options), PlainUnweighted(in, options));
        ExpectSame(Kept(WeightedNonMaxSuppression, in, options), PlainWeighted(in, options));
      }
    }
  }
}

// Over scenes that good detectors give, and such as are hard for a grid or for floats.
TEST(NonMaxSuppression, EqualsTheDefinitionInEveryScene) {
  unsigned seed = 0;
  for (const Scene scene : kScenes) {
    for (const Overlap overlap :
         {Overlap::kJaccard, Overlap::kModifiedJaccard, Overlap::kIntersectionOverUnion}) {
      for (const float threshold : {0.0F, 1e-3F, 0.02F, 0.3F, 0.5F, 0.9F, 1.0F}) {
        for (const std::size_t count : {2U, 16U, 17U, 40U, 300U}) {
          const auto in = MakeScene(scene, count, ++seed);
          const SuppressionOptions options{overlap, threshold,
                                           std::numeric_limits<float>::lowest()};
          SCOPED_TRACE(seed);
          ExpectSame(Kept(UnweightedNonMaxSuppression, in, options), PlainUnweighted(in, options));
          ExpectSame(Kept(WeightedNonMaxSuppression, in, options), PlainWeighted(in, options));
        }
      }
    }
  }
}

// Enough boxes for every way that suppression is done: many alike first, which are compared with
// all, then others for a grid; and such for which a flat grid has to be given up midway.
TEST(NonMaxSuppression, EqualsTheDefinitionWhereTheWayChanges) {
  constexpr std::size_t kCount = 1500;
  unsigned seed = 100;
  for (const Scene scene : {Scene::kUniform, Scene::kSparse, Scene::kNested, Scene::kStrips,
                            Scene::kSizes, Scene::kFarAway, Scene::kGarbage}) {
    for (const bool crowd : {false, true}) {
      auto in = MakeScene(scene, kCount, ++seed);
      for (std::size_t i = 0; crowd && i < kCount; i += 3) {
        const float shift = 1e-3F * static_cast<float>(i % 7);
        in[i].box = {2.0F + shift, 2.0F, 2.5F + shift, 2.5F};
        in[i].keypoints = {Point{2.0F + shift, 2.0F}, Point{2.5F, 2.5F}};
      }
      for (const float min_score : {0.0F, 0.6F}) {
        const SuppressionOptions options{Overlap::kIntersectionOverUnion, 0.3F, min_score};
        SCOPED_TRACE(seed);
        const auto strong = [min_score](std::vector<Detection> all) {
          std::erase_if(all, [min_score](const Detection& d) { return d.score < min_score; });
          return all;
        };
        ExpectSame(Kept(UnweightedNonMaxSuppression, in, options),
                   strong(PlainUnweighted(in, options)));
        ExpectSame(Kept(WeightedNonMaxSuppression, in, options),
                   strong(PlainWeighted(in, options)));
      }
    }
  }
}

TEST(NonMaxSuppression, DisjointBoxesStayAsTheyAre) {
  std::vector<Detection> in;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const float x = static_cast<float>(i % 10), y = static_cast<float>(i / 10);
    in.push_back(At(x, y, x + 1, y + 1, 1.0F - static_cast<float>(i) / 200, i));
  }
  ExpectSame(Kept(UnweightedNonMaxSuppression, in, {Overlap::kIntersectionOverUnion, 0.0F}), in);
  ExpectSame(Kept(WeightedNonMaxSuppression, in, {Overlap::kIntersectionOverUnion, 0.0F}), in);
}

TEST(NonMaxSuppression, UnweightedIsIdempotent) {
  for (const Spread& scene : Scenes()) {
    const auto once = Kept(UnweightedNonMaxSuppression, Random(scene, 11));
    ExpectSame(Kept(UnweightedNonMaxSuppression, once), once);
  }
}

TEST(NonMaxSuppression, OrderOfTheInputDoesNotMatter) {
  std::mt19937 random(5);
  for (const Spread& scene : Scenes()) {
    auto in = Random(scene, 12);
    const auto unweighted = Kept(UnweightedNonMaxSuppression, in);
    const auto weighted = Kept(WeightedNonMaxSuppression, in);
    for (int round = 0; round < 5; ++round) {
      std::shuffle(in.begin(), in.end(), random);
      ExpectSame(Kept(UnweightedNonMaxSuppression, in), unweighted);
      ExpectSame(Kept(WeightedNonMaxSuppression, in), weighted);
    }
  }
}

TEST(NonMaxSuppression, WeightedStaysInsideItsGroup) {
  for (const Spread& scene : Scenes()) {
    const auto in = Random(scene, 13);
    for (const Detection& mean : Kept(WeightedNonMaxSuppression, in)) {
      const Box& top = in[mean.anchor].box;
      Box low = top, high = top;
      for (const Detection& d : in) {
        if (OverlapSimilarity(Overlap::kIntersectionOverUnion, d.box, top) > 0.3F) {
          low = {std::min(low.left, d.box.left), std::min(low.top, d.box.top),
                 std::min(low.right, d.box.right), std::min(low.bottom, d.box.bottom)};
          high = {std::max(high.left, d.box.left), std::max(high.top, d.box.top),
                  std::max(high.right, d.box.right), std::max(high.bottom, d.box.bottom)};
        }
      }
      constexpr float kRounding = 1e-5F;
      EXPECT_GE(mean.box.left, low.left - kRounding);
      EXPECT_LE(mean.box.left, high.left + kRounding);
      EXPECT_GE(mean.box.bottom, low.bottom - kRounding);
      EXPECT_LE(mean.box.bottom, high.bottom + kRounding);
    }
  }
}

// Boxes that are none vanish, boxes without area stand for themselves; the others notice neither.
TEST(NonMaxSuppression, GarbageSwallowsNobody) {
  const auto clean = Random({300, 0.02F, 0.2F}, 14);
  const auto unweighted = Kept(UnweightedNonMaxSuppression, clean);
  const auto weighted = Kept(WeightedNonMaxSuppression, clean);
  std::vector<Detection> in = clean;
  std::uint32_t anchor = 1000;
  for (const float score : {2.0F, 0.5F, kNan}) {
    in.push_back(At(kNan, 0, 1, 1, score, ++anchor));
    in.push_back(At(0, 0, 1, kNan, score, ++anchor));
    in.push_back(At(0, 0, std::numeric_limits<float>::infinity(), 1, score, ++anchor));
    in.push_back(At(0.5F, 0.5F, 0.4F, 0.9F, score, ++anchor));
    in.push_back(At(0.5F, 0.5F, 0.5F, 0.5F, score, ++anchor));
    in.push_back(At(0.5F, 0.5F, 0.5F, 0.5F, score, ++anchor));
    in.push_back(At(-kMax, -kMax, kMax, kMax, score, ++anchor));
  }
  std::shuffle(in.begin(), in.end(), std::mt19937(6));
  for (const auto& [suppress, expected] : {std::pair{&UnweightedNonMaxSuppression, unweighted},
                                           {&WeightedNonMaxSuppression, weighted}}) {
    auto out = Kept(suppress, in);
    EXPECT_EQ(std::erase_if(out, [](const Detection& d) { return d.anchor >= 1000; }), 6U);
    ExpectSame(out, expected);
  }
}

TEST(NonMaxSuppression, PlacesTakeTheBest) {
  const auto in = Random({400, 0.02F, 0.2F}, 15);
  for (Suppress* suppress : {&UnweightedNonMaxSuppression, &WeightedNonMaxSuppression}) {
    auto all = Kept(suppress, in);
    all.resize(5);
    ExpectSame(Kept(suppress, in, {}, 5), all);
    EXPECT_TRUE(Kept(suppress, in, {}, 0).empty());
    EXPECT_TRUE(Kept(suppress, {}).empty());
  }
}

TEST(NonMaxSuppression, WeakBoxesStandForNothingButCountInAverages) {
  const std::vector<Detection> in{At(0, 0, 1, 1, 0.8F, 0), At(0.2F, 0, 1.2F, 1, 0.2F, 1),
                                  At(5, 5, 6, 6, 0.2F, 2)};
  const auto weighted =
      Kept(WeightedNonMaxSuppression, in, {Overlap::kIntersectionOverUnion, 0.3F, 0.5F});
  ASSERT_EQ(weighted.size(), 1U);
  EXPECT_NEAR(weighted[0].box.left, 0.04F, 1e-6F);
  EXPECT_EQ(
      Kept(UnweightedNonMaxSuppression, in, {Overlap::kIntersectionOverUnion, 0.3F, 0.5F}).size(),
      1U);
}

TEST(NonMaxSuppression, ScoresWithoutWeightLeaveTheBest) {
  const std::vector<Detection> in{At(0, 0, 1, 1, 0.0F, 0), At(0.2F, 0, 1.2F, 1, -3.0F, 1)};
  const auto out =
      Kept(WeightedNonMaxSuppression, in, {Overlap::kIntersectionOverUnion, 0.3F, -10.0F});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].box.left, 0.0F);
}

TEST(NonMaxSuppression, RefusesOptionsOutOfRangeAndShortScratch) {
  const auto in = Random({10}, 16);
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(10));
  std::vector<Detection> out(10);
  for (Suppress* suppress : {&UnweightedNonMaxSuppression, &WeightedNonMaxSuppression}) {
    for (const float bad : {-0.1F, 1.1F, kNan}) {
      EXPECT_EQ(suppress(in, {Overlap::kJaccard, bad}, scratch, out).error(),
                base::Error::kInvalidArgument);
    }
    EXPECT_EQ(suppress(in, {}, std::span(scratch).first(scratch.size() - 1), out).error(),
              base::Error::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pinhole::decode
