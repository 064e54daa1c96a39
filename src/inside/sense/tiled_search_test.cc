// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/tiled_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "inside/sense/sense_for_tests.h"

namespace pinhole::inside::sense {
namespace {

using decode::Detection;
using ::testing::HasSubstr;
using LoadedDetector = Loaded<FaceDetector, FaceDetectorOptions>;

// So low that noise has detections, whatever the model was trained to.
constexpr float kAnything = 1e-6F;

struct Memory {
  explicit Memory(std::size_t places)
      : found(places), kept(places), scratch(decode::NonMaxSuppressionScratch(places)) {}
  [[nodiscard]] TiledSearchMemory spans() { return {found, kept, scratch}; }
  std::vector<Detection> found, kept;
  std::vector<std::uint32_t> scratch;
};

class TiledSearchTest : public ::testing::Test {
 protected:
  TiledSearchTest() : detector_(engine::run::ReadFile(BundledModel()), Options()) {}

  static FaceDetectorOptions Options() {
    FaceDetectorOptions options;
    options.session.kernels = engine::kernels::AllKernels();
    options.max_candidates = 1U << 20;
    return options;
  }

  static signal::ImageView View(const Shot& shot) {
    return signal::ImageView::Make(shot.pixels, shot.shape.width, shot.shape.height,
                                   shot.shape.channels)
        .value();
  }

  std::vector<Detection> Find(const Shot& shot, const TilePlan& plan, const FindOptions& options,
                              std::size_t places = 20000) {
    Memory memory(places);
    base::Diagnosis why;
    const auto found =
        FindInTiles(*detector_.operator->(), View(shot), plan, options, memory.spans(), why);
    EXPECT_TRUE(found) << why.text();
    return found ? std::vector<Detection>(found->begin(), found->end()) : std::vector<Detection>();
  }

  LoadedDetector detector_;
};

void ExpectNear(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].anchor, b[i].anchor) << i;
    EXPECT_EQ(a[i].score, b[i].score) << i;
    EXPECT_NEAR(a[i].box.left, b[i].box.left, 1e-3) << i;
    EXPECT_NEAR(a[i].box.bottom, b[i].box.bottom, 1e-3) << i;
    EXPECT_NEAR(a[i].keypoints[1].x, b[i].keypoints[1].x, 1e-3) << i;
  }
}

// With nothing but the whole picture, the search is the detector's own.
TEST_F(TiledSearchTest, OneTileIsTheDetector) {
  ASSERT_TRUE(detector_) << detector_.why();
  const Shot noise(97, 61, 3, 1);
  for (const Suppression suppression : {Suppression::kUnweighted, Suppression::kNone}) {
    base::Diagnosis why;
    const auto plain = detector_->Find(View(noise), {suppression, kAnything}, why);
    ASSERT_TRUE(plain) << why.text();
    std::vector<Detection> expected(plain->begin(), plain->end());
    ASSERT_GT(expected.size(), 1U);
    if (suppression != Suppression::kNone) {
      // No parts, which the search leaves out.
      std::erase_if(expected, [&expected](const Detection& face) {
        return std::any_of(expected.begin(), expected.end(), [&face](const Detection& other) {
          return other.box.area() > face.box.area() &&
                 OverlapSimilarity(decode::Overlap::kModifiedJaccard, other.box, face.box) > 0.6F;
        });
      });
    }
    ExpectNear(Find(noise, TilePlan::Whole(97, 61), {suppression, kAnything}), expected);
  }
}

// Pixels move with their tile: what a tile sees is found where the detector finds it alone.
TEST_F(TiledSearchTest, TilesAnswerInThePicturesPixels) {
  ASSERT_TRUE(detector_) << detector_.why();
  const Shot noise(90, 150, 3, 4);
  const TilePlan plan = TilePlan::Grid(90, 150, 1, 2).value();
  const auto all = Find(noise, plan, {Suppression::kNone, kAnything});
  const Tile tile = plan.tile(2);
  std::vector<std::uint8_t> cut(noise.pixels.begin() + tile.top * 90 * 3, noise.pixels.end());
  const Shot lower(std::move(cut), 90, tile.height, 3);
  base::Diagnosis why;
  const auto alone = detector_->Find(View(lower), {Suppression::kNone, kAnything}, why);
  ASSERT_TRUE(alone) << why.text();
  const auto anchors = static_cast<std::uint32_t>(detector_->spec().anchors);
  std::vector<Detection> expected, found;
  for (Detection d : *alone) {
    d.anchor += 2 * anchors;
    d.box.top += static_cast<float>(tile.top);
    d.box.bottom += static_cast<float>(tile.top);
    if (!plan.IsCut(tile, d.box)) {
      expected.push_back(d);
    }
  }
  for (const Detection& d : all) {
    if (d.anchor >= 2 * anchors) {
      found.push_back(d);
    }
  }
  ASSERT_GT(expected.size(), 1U);
  EXPECT_LT(expected.size(), alone->size()) << "some are cut";
  ExpectNear(found, expected);
}

TEST_F(TiledSearchTest, FacesHaveAnswersAndAreNoParts) {
  ASSERT_TRUE(detector_) << detector_.why();
  const Shot noise(200, 150, 3, 5);
  const TilePlan plan = TilePlan::Grid(200, 150, 2, 2).value();
  // Of noise only a few answers are above this limit.
  auto answers = Find(noise, plan, {Suppression::kNone, kAnything});
  ASSERT_GT(answers.size(), 60U);
  const float limit = answers[60].score;
  answers = Find(noise, plan, {Suppression::kNone, limit});
  const auto faces = Find(noise, plan, {Suppression::kUnweighted, limit});
  ASSERT_FALSE(faces.empty());
  EXPECT_TRUE(std::is_sorted(faces.begin(), faces.end(), decode::BetterThan));
  for (const Detection& face : faces) {
    std::size_t count = 0;
    bool whole = false;
    for (const Detection& answer : answers) {
      const bool same = OverlapSimilarity(decode::Overlap::kIntersectionOverUnion, answer.box,
                                          face.box) > detector_->spec().iou;
      count += same ? 1 : 0;
      whole = whole || (same && answer.anchor < detector_->spec().anchors);
    }
    EXPECT_TRUE(whole || count >= 2) << face.anchor;
    for (const Detection& other : faces) {
      EXPECT_FALSE(other.box.area() > face.box.area() &&
                   OverlapSimilarity(decode::Overlap::kModifiedJaccard, other.box, face.box) >
                       0.6F);
    }
  }
}

TEST_F(TiledSearchTest, FewPlacesKeepTheBest) {
  ASSERT_TRUE(detector_) << detector_.why();
  const Shot noise(200, 150, 3, 7);
  const TilePlan plan = TilePlan::Grid(200, 150, 2, 2).value();
  auto best = Find(noise, plan, {Suppression::kNone, kAnything});
  ASSERT_GT(best.size(), 7U);
  best.resize(7);
  ExpectNear(Find(noise, plan, {Suppression::kNone, kAnything}, 7), best);
  EXPECT_TRUE(Find(noise, plan, {Suppression::kWeighted, kAnything}, 0).empty());
}

TEST_F(TiledSearchTest, RefusesAPlanForALargerPictureAndMemoryThatDoesNotFit) {
  ASSERT_TRUE(detector_) << detector_.why();
  const Shot noise(20, 20, 1, 8);
  Memory memory(10);
  base::Diagnosis why;
  EXPECT_EQ(FindInTiles(*detector_.operator->(), View(noise), TilePlan::Whole(21, 20), {},
                        memory.spans(), why)
                .error(),
            base::Error::kInvalidArgument);
  EXPECT_THAT(std::string(why.text()), HasSubstr("outside the picture of 20 x 20"));
  memory.scratch.pop_back();
  EXPECT_EQ(FindInTiles(*detector_.operator->(), View(noise), TilePlan::Whole(20, 20), {},
                        memory.spans(), why)
                .error(),
            base::Error::kInvalidArgument);
  EXPECT_THAT(std::string(why.text()), HasSubstr("give as many places"));
}

}  // namespace
}  // namespace pinhole::inside::sense
