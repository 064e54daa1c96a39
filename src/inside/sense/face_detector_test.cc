// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/face_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inside/sense/sense_for_tests.h"

namespace pinhole::inside::sense {
namespace {

using ::testing::HasSubstr;
using LoadedDetector = Loaded<FaceDetector, FaceDetectorOptions>;

// So low that noise has detections, whatever the model was trained to.
constexpr float kAnything = 1e-6F;

FaceDetectorOptions AllKernels(std::size_t candidates = 128) {
  FaceDetectorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  options.max_candidates = candidates;
  return options;
}

signal::ImageView View(const Shot& shot) {
  return signal::ImageView::Make(shot.pixels, shot.shape.width, shot.shape.height,
                                 shot.shape.channels)
      .value();
}

std::vector<decode::Detection> Find(LoadedDetector& detector, const Shot& shot,
                                    Suppression suppression = Suppression::kWeighted,
                                    float min_score = kAnything) {
  base::Diagnosis why;
  const auto found = detector->Find(View(shot), {suppression, min_score}, why);
  EXPECT_TRUE(found) << why.text();
  return found ? std::vector<decode::Detection>(found->begin(), found->end())
               : std::vector<decode::Detection>();
}

std::string Text(const std::vector<decode::Detection>& all) {
  std::string text;
  for (const decode::Detection& d : all) {
    text += std::to_string(d.anchor) + ":" + std::to_string(d.score) + "@" +
            std::to_string(d.box.left) + "," + std::to_string(d.box.bottom) + " ";
  }
  return text;
}

TEST(FaceDetector, FindsBestFirstAndEverytimeTheSame) {
  LoadedDetector detector(engine::run::ReadFile(BundledModel()), AllKernels());
  ASSERT_TRUE(detector) << detector.why();
  const Shot noise(97, 61, 3, 1);
  const auto found = Find(detector, noise);
  ASSERT_GT(found.size(), 1U);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), decode::BetterThan));
  Find(detector, Shot(30, 200, 1, 2));
  EXPECT_EQ(Text(Find(detector, noise)), Text(found)) << "a picture knows nothing of the last";
}

TEST(FaceDetector, SuppressionLeavesFewer) {
  LoadedDetector detector(engine::run::ReadFile(BundledModel()), AllKernels(1U << 20));
  ASSERT_TRUE(detector) << detector.why();
  const Shot noise(97, 61, 3, 1);
  const auto all = Find(detector, noise, Suppression::kNone, 0.0F);
  EXPECT_EQ(all.size(), detector->spec().anchors);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), decode::BetterThan));
  const auto weighted = Find(detector, noise, Suppression::kWeighted, 0.0F);
  const auto unweighted = Find(detector, noise, Suppression::kUnweighted, 0.0F);
  EXPECT_LT(weighted.size(), all.size());
  EXPECT_LT(unweighted.size(), all.size());
  EXPECT_EQ(weighted[0].score, all[0].score) << "the best keeps its score";
  EXPECT_EQ(unweighted[0].box.left, all[0].box.left);
}

TEST(FaceDetector, FewPlacesKeepTheBest) {
  LoadedDetector many(engine::run::ReadFile(BundledModel()), AllKernels(1U << 20));
  LoadedDetector few(engine::run::ReadFile(BundledModel()), AllKernels(3));
  ASSERT_TRUE(many && few);
  EXPECT_LT(few->work_bytes(), many->work_bytes());
  const Shot noise(64, 64, 1, 3);
  auto best = Find(many, noise, Suppression::kNone);
  ASSERT_GT(best.size(), 3U);
  best.resize(3);
  EXPECT_EQ(Text(Find(few, noise, Suppression::kNone)), Text(best));
}

TEST(FaceDetector, NothingOfThePictureStays) {
  LoadedDetector detector(engine::run::ReadFile(BundledModel()), AllKernels());
  ASSERT_TRUE(detector) << detector.why();
  const Shot noise(97, 61, 3, 1);
  ASSERT_FALSE(Find(detector, noise).empty());
  ASSERT_EQ(detector->session().state_bytes(), 0U);
  EXPECT_TRUE(AllZero(detector.work().first(detector->session().activation_bytes())));
  EXPECT_FALSE(AllZero(detector.work())) << "the results stay";
  detector.Destroy();
  EXPECT_TRUE(AllZero(detector.work())) << "results and all";
}

TEST(FaceDetector, WantsItsWorkMemory) {
  const auto file = engine::run::ReadFile(BundledModel());
  Block memory(std::size_t{8} << 20);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  auto detector = FaceDetector::Load(file, arena, AllKernels(), why);
  ASSERT_TRUE(detector) << why.text();
  const Shot noise(8, 8, 1, 1);
  EXPECT_EQ(detector->Find(View(noise), {}, why).error(), base::Error::kNotReady);
  Block work(detector->work_bytes() + 1);
  EXPECT_EQ(detector->Bind(work.span().first(detector->work_bytes() - 1), why).error(),
            base::Error::kInvalidArgument);
  EXPECT_THAT(std::string(why.text()), HasSubstr("bytes of work memory given"));
  EXPECT_EQ(detector->Bind(work.span().subspan(1), why).error(), base::Error::kInvalidArgument);
  EXPECT_EQ(detector->Find(View(noise), {}, why).error(), base::Error::kNotReady);
  ASSERT_TRUE(detector->Bind(work.span(), why)) << why.text();
  EXPECT_TRUE(detector->Find(View(noise), {}, why)) << why.text();
  for (const float score : {-0.1F, 1.1F, std::nanf("")}) {
    EXPECT_EQ(detector->Find(View(noise), {Suppression::kWeighted, score}, why).error(),
              base::Error::kInvalidArgument);
  }
  FaceDetector moved = *std::move(detector);
  EXPECT_TRUE(moved.Find(View(noise), {}, why)) << why.text();
  // NOLINTNEXTLINE(bugprone-use-after-move): that is the contract
  EXPECT_EQ(detector->Find(View(noise), {}, why).error(), base::Error::kNotReady);
}

TEST(FaceDetector, RefusesADamagedModel) {
  const auto file = engine::run::ReadFile(BundledModel());
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, file.size() / 2}) {
    const std::span<const std::byte> start = std::span(file).first(size);
    LoadedDetector detector(start, AllKernels());
    EXPECT_FALSE(detector) << size;
    EXPECT_FALSE(detector.why().empty()) << size;
  }
  Block memory(1024);
  base::Arena arena(memory.span());
  base::Diagnosis why;
  EXPECT_EQ(FaceDetector::Load(file, arena, AllKernels(), why).error(), base::Error::kOutOfMemory);
}

// The metadata says what the numbers mean: a model whose text was tampered with is refused.
TEST(FaceDetector, RefusesMetadataThatDoesNotFit) {
  auto file = engine::run::ReadFile(BundledModel());
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t at = text.find("keypoints 6");
  ASSERT_NE(at, std::string_view::npos);
  file[at + 10] = std::byte{'5'};
  LoadedDetector detector(file, AllKernels());
  EXPECT_FALSE(detector);
  EXPECT_EQ(detector.error(), base::Error::kMalformed);
  EXPECT_THAT(detector.why(), HasSubstr("5 keypoints, but the outputs have"));
}

TEST(FaceDetector, RefusesWhatIsNoFaceDetector) {
  for (const char* const name : {"person_detect", "hello_world_float", "mww_v2_vad"}) {
    const auto path = base::TestData(std::string("models/") + name + ".tflite");
    if (!exists(path)) {
      GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
    }
    LoadedDetector detector(engine::run::ReadFile(path), AllKernels());
    EXPECT_FALSE(detector) << name;
    EXPECT_EQ(detector.error(), base::Error::kWrongKind) << name;
    EXPECT_THAT(detector.why(), HasSubstr("not a face detector")) << name;
  }
}

}  // namespace
}  // namespace pinhole::inside::sense
