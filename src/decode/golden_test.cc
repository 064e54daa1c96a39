// SPDX-License-Identifier: Apache-2.0
// Raw tensors of the face models against the final detections that other people's code makes of
// them.
//
// Input: golden/faces/raw, tensors by LiteRT on 32 pictures. Expected: MODEL.json, decoded and
// suppressed by patlevin/face-detection-tflite, checked there against three other implementations.
// Tolerance: boxes and points 0.01 % of the square, scores 1e-4, as golden/faces/README.md says;
// counts equal.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "decode/boxes.h"
#include "decode/detector_spec.h"
#include "decode/golden_for_tests.h"
#include "decode/non_max_suppression.h"

namespace pinhole::decode {
namespace {

constexpr double kTolerance = 1e-4;

struct Picture {
  double width, height;
};

void ExpectDetection(const Detection& found, const nlohmann::json& expected, Picture picture) {
  EXPECT_NEAR(found.score, expected["score"].get<double>(), kTolerance);
  const auto& box = expected["norm_box"];
  EXPECT_NEAR(found.box.left, box[0].get<double>(), kTolerance);
  EXPECT_NEAR(found.box.top, box[1].get<double>(), kTolerance);
  EXPECT_NEAR(found.box.width(), box[2].get<double>(), kTolerance);
  EXPECT_NEAR(found.box.height(), box[3].get<double>(), kTolerance);
  const double side = std::max(picture.width, picture.height);
  ASSERT_EQ(found.keypoint_count, expected["px_keypoints"].size());
  for (std::size_t k = 0; k < found.keypoint_count; ++k) {
    const auto& point = expected["px_keypoints"][k];
    EXPECT_NEAR(found.keypoints[k].x * side - (side - picture.width) / 2, point[0].get<double>(),
                kTolerance * side);
    EXPECT_NEAR(found.keypoints[k].y * side - (side - picture.height) / 2, point[1].get<double>(),
                kTolerance * side);
  }
}

void CheckModel(const std::string& model, const DetectorSpec& spec) {
  const auto folder = base::TestData("golden/faces");
  if (!exists(folder / (model + ".json"))) {
    GTEST_SKIP() << folder / (model + ".json") << " is missing (set PINHOLE_DATA)";
  }
  const auto golden = nlohmann::json::parse(std::ifstream(folder / (model + ".json")));
  std::vector<Anchor> anchors(spec.anchors);
  ASSERT_TRUE(spec.MakeAnchors(anchors));
  int faces = 0;
  for (const auto& [name, expected] : golden["images"].items()) {
    SCOPED_TRACE(name);
    const std::string stem = name.substr(0, name.rfind('.'));
    const auto [regressors, logits] = ReadRawTensors(model, stem);
    ASSERT_EQ(logits.size(), spec.anchors);
    ASSERT_EQ(regressors.size(), spec.anchors * 16);
    std::vector<Detection> candidates(spec.anchors);
    const BoxOptions options{static_cast<float>(spec.input_size), 6, spec.min_score};
    const auto count =
        DecodeBoxes(Values(regressors), Values(logits), anchors, options, candidates);
    ASSERT_TRUE(count);
    candidates.resize(*count);
    EXPECT_EQ(*count, expected["candidates_over_threshold"].get<std::size_t>());
    std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(*count));
    std::vector<Detection> out(*count);
    for (const auto& [key, suppress] : {std::pair{"weighted", &WeightedNonMaxSuppression},
                                        std::pair{"unweighted", &UnweightedNonMaxSuppression}}) {
      const auto kept =
          suppress(candidates, {Overlap::kIntersectionOverUnion, spec.iou}, scratch, out);
      ASSERT_EQ(kept.value(), expected[key].size()) << key;
      for (std::size_t i = 0; i < *kept; ++i) {
        SCOPED_TRACE(std::string(key) + " " + std::to_string(i));
        ExpectDetection(out[i], expected[key][i], {expected["w"], expected["h"]});
        ++faces;
      }
    }
  }
  EXPECT_EQ(golden["images"].size(), 32U);
  EXPECT_GT(faces, 30);
}

DetectorSpec Recognised(int size, int anchors) {
  base::Diagnosis why;
  const std::array outputs{engine::Shape{1, anchors, 16}, engine::Shape{1, anchors, 1}};
  return RecogniseDetector({1, size, size, 3}, outputs, "", why).value();
}

TEST(FaceGolden, FullRange) {
  CheckModel("mp_face_detection_full_range_sparse", Recognised(192, 2304));
}

TEST(FaceGolden, ShortRange) { CheckModel("mp_face_detection_short_range", Recognised(128, 896)); }

}  // namespace
}  // namespace pinhole::decode
