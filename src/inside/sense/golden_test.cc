// SPDX-License-Identifier: Apache-2.0
// Pictures to faces, all the way, against what other people's code makes of them.
//
// Input: PNG pictures, and MediaPipe's short-range face model. Expected: golden/faces, raw tensors
// by LiteRT, decoded and suppressed by patlevin/face-detection-tflite. Tolerance: boxes and points
// 0.1 % of the longer side, scores 1e-3: ten times what the parts are held to one by one, since
// their differences add up.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "facts/person_codec.h"
#include "inside/sense/person_sensor.h"
#include "inside/sense/sense_for_tests.h"
#include "signal/png_for_tests.h"

namespace pinhole::inside::sense {
namespace {

constexpr const char* kModel = "mp_face_detection_short_range";
constexpr double kTolerance = 1e-3;

// Near, off the middle, grey, and nobody. The others of the folder are compared part by part, in
// signal, engine/run and decode.
constexpr const char* kPictures[] = {"fr_alex-lacamoire.png", "fr_lin-manuel-miranda.png",
                                     "ski_astronaut.png", "ski_camera.png", "ski_chelsea.png"};

class SenseGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto expected = base::TestData(std::string("golden/faces/") + kModel + ".json");
    const auto model = base::TestData(std::string("models/") + kModel + ".tflite");
    for (const auto& path : {expected, model, base::TestData("images")}) {
      if (!exists(path)) {
        GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
      }
    }
    expected_ = nlohmann::json::parse(std::ifstream(expected))["images"];
    model_ = engine::run::ReadFile(model);
  }

  static Shot Picture(const std::string& name) {
    signal::TestPicture picture = signal::ReadPng(base::TestData("images/" + name));
    EXPECT_FALSE(picture.rgb.empty()) << name;
    return {std::move(picture.rgb), picture.width, picture.height, 3};
  }

  nlohmann::json expected_;
  std::vector<std::byte> model_;
};

TEST_F(SenseGolden, DetectorMeetsTheReference) {
  FaceDetectorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  Loaded<FaceDetector, FaceDetectorOptions> detector(model_, options);
  ASSERT_TRUE(detector) << detector.why();
  for (const char* const name : kPictures) {
    SCOPED_TRACE(name);
    const Shot picture = Picture(name);
    const double side = std::max(picture.shape.width, picture.shape.height);
    base::Diagnosis why;
    const auto view = signal::ImageView::Make(picture.pixels, picture.shape.width,
                                              picture.shape.height, picture.shape.channels);
    const auto found = detector->Find(view.value(), {}, why);
    ASSERT_TRUE(found) << why.text();
    const auto& faces = expected_[name]["weighted"];
    ASSERT_EQ(found->size(), faces.size());
    for (std::size_t i = 0; i < found->size(); ++i) {
      const decode::Detection& face = (*found)[i];
      EXPECT_NEAR(face.score, faces[i]["score"].get<double>(), kTolerance);
      const auto& box = faces[i]["px_box"];
      EXPECT_NEAR(face.box.left, box[0].get<double>(), kTolerance * side);
      EXPECT_NEAR(face.box.top, box[1].get<double>(), kTolerance * side);
      EXPECT_NEAR(face.box.width(), box[2].get<double>(), kTolerance * side);
      EXPECT_NEAR(face.box.height(), box[3].get<double>(), kTolerance * side);
      ASSERT_EQ(face.keypoint_count, faces[i]["px_keypoints"].size());
      for (std::size_t k = 0; k < face.keypoint_count; ++k) {
        const auto& point = faces[i]["px_keypoints"][k];
        EXPECT_NEAR(face.keypoints[k].x, point[0].get<double>(), kTolerance * side);
        EXPECT_NEAR(face.keypoints[k].y, point[1].get<double>(), kTolerance * side);
      }
    }
  }
}

// A film of one face with one bad frame, then nobody: what the sensor says frame by frame. k is 2.
TEST_F(SenseGolden, SensorTellsAFilm) {
  PersonSensorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  options.off = 0.5F;  // the reference's limit: fainter boxes would count in averages
  Loaded<PersonSensor, PersonSensorOptions> sensor(model_, options);
  ASSERT_TRUE(sensor) << sensor.why();
  const Shot face = Picture("fr_lin-manuel-miranda.png");
  const Shot nobody = Picture("ski_chelsea.png");
  const std::string film = "fffnfffnnn";
  const std::string believed = "0011111110";
  facts::PersonFacts at_peak;
  for (std::size_t i = 0; i < film.size(); ++i) {
    Shot shot = film[i] == 'f' ? face : nobody;
    base::Diagnosis why;
    const auto facts = sensor->Look(shot.frame(), why);
    ASSERT_TRUE(facts) << why.text();
    EXPECT_TRUE(facts::IsCanonical(*facts)) << i;
    EXPECT_EQ(facts->present, believed[i] - '0') << i;
    EXPECT_EQ(facts->count, believed[i] - '0') << i;
    at_peak = i == 2 ? *facts : at_peak;
  }
  const auto& expected = expected_["fr_lin-manuel-miranda.png"]["weighted"][0];
  const auto grid = [](double at, int extent) { return at / extent * 255; };
  const facts::FaceFacts& told = at_peak.faces[0];
  const auto& box = expected["px_box"];
  EXPECT_NEAR(told.confidence, expected["score"].get<double>() * 255, 0.8);
  EXPECT_NEAR(told.left, grid(box[0], face.shape.width), 0.8);
  EXPECT_NEAR(told.top, grid(box[1], face.shape.height), 0.8);
  EXPECT_NEAR(told.right, grid(box[0].get<double>() + box[2].get<double>(), face.shape.width), 0.8);
  EXPECT_NEAR(told.bottom, grid(box[1].get<double>() + box[3].get<double>(), face.shape.height),
              0.8);
  EXPECT_EQ(told.id, 0);
}

// Upright pictures have their bars left and right. The reference's are square or wide, so this one
// is cut from a square one: the same face, less around it. Tolerance: 1 % of the picture, since the
// network does not see quite the same. With k = 0 one frame is enough.
TEST_F(SenseGolden, SensorMeasuresUprightFramesByTheirOwnWidth) {
  PersonSensorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  options.half_window = 0;
  Loaded<PersonSensor, PersonSensorOptions> sensor(model_, options);
  ASSERT_TRUE(sensor) << sensor.why();
  const Shot square = Picture("ski_astronaut.png");
  constexpr int kLeft = 96, kWidth = 320, kHeight = 512;
  ASSERT_EQ(square.shape.width, kHeight);
  std::vector<std::uint8_t> cut;
  for (int y = 0; y < kHeight; ++y) {
    const auto row = square.pixels.begin() + (y * kHeight + kLeft) * 3;
    cut.insert(cut.end(), row, row + kWidth * 3);
  }
  Shot upright(std::move(cut), kWidth, kHeight, 3);
  base::Diagnosis why;
  const auto facts = sensor->Look(upright.frame(), why);
  ASSERT_TRUE(facts) << why.text();
  ASSERT_EQ(facts->count, 1);
  const auto& box = expected_["ski_astronaut.png"]["weighted"][0]["px_box"];
  const double left = box[0], top = box[1], width = box[2], height = box[3];
  const facts::FaceFacts& told = facts->faces[0];
  EXPECT_NEAR(told.left, (left - kLeft) / kWidth * 255, 2.55);
  EXPECT_NEAR(told.right, (left + width - kLeft) / kWidth * 255, 2.55);
  EXPECT_NEAR(told.top, top / kHeight * 255, 2.55);
  EXPECT_NEAR(told.bottom, (top + height) / kHeight * 255, 2.55);
}

}  // namespace
}  // namespace pinhole::inside::sense
