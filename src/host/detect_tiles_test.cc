// SPDX-License-Identifier: Apache-2.0
// pinhole detect --tiles: small faces of large pictures.
//
// Input: pictures whose faces were counted by looking, and MediaPipe's full-range face model
// (sparse). Expected: as many faces as counted. The rules of inside/sense/tiled_search.h were
// chosen with these pictures at hand; this holds the result, not what it does on others.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "host/command_for_tests.h"

namespace pinhole::host {
namespace {

using nlohmann::json;

const std::string kTwoFaces = "'" PINHOLE_MODELS_FOLDER "/person/clip/frame_27.jpg'";

json Detections(const std::string& arguments) {
  const Ran ran = RunPinhole("detect --json --threads 2 " + arguments);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  return json::parse(ran.out, nullptr, false)["detections"];
}

double Overlap(const json& a, const json& b) {
  const auto side = [&](int low, int high) {
    return std::max(0.0, std::min(a[high].get<double>(), b[high].get<double>()) -
                             std::max(a[low].get<double>(), b[low].get<double>()));
  };
  return side(0, 2) * side(1, 3);
}

class TilesGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    if (PINHOLE_SANITIZED != 0) {
      GTEST_SKIP() << "a hundred runs of a large network take minutes under sanitizers";
    }
    model_ = base::TestData("models/mp_face_detection_full_range_sparse.tflite");
    for (const auto& path : {model_, base::TestData("images")}) {
      if (!exists(path)) {
        GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
      }
    }
  }

  [[nodiscard]] json Find(const std::string& picture, const std::string& tiles) const {
    return Detections("--tiles " + tiles + " --model '" + model_.string() + "' '" +
                      base::TestData("images/" + picture).string() + "'");
  }

  std::filesystem::path model_;
};

// 2048 x 922 pixels, heads of about 60 in three rows, the lowest chin at 370.
TEST_F(TilesGolden, FindsAllTwentyNineOfAGroup) {
  EXPECT_TRUE(Find("human_solvay1927.jpg", "none").empty());
  const json faces = Find("human_solvay1927.jpg", "auto");
  ASSERT_EQ(faces.size(), 29U);
  for (const json& face : faces) {
    const auto& box = face["box"];
    EXPECT_GT(box[2].get<double>() - box[0].get<double>(), 50);
    EXPECT_LT(box[2].get<double>() - box[0].get<double>(), 80);
    EXPECT_LT(box[3].get<double>(), 370);
    for (const json& other : faces) {
      EXPECT_TRUE(face == other || Overlap(box, other["box"]) < 400) << "one face twice";
    }
  }
}

TEST_F(TilesGolden, FindsNoMoreWhereFacesAreLarge) {
  for (const auto& [picture, count] : {std::pair{"coral_face.jpg", 4U},
                                       {"fr_biden.jpg", 1U},
                                       {"fr_two_people.jpg", 2U},
                                       {"ski_hubble_deep_field.jpg", 0U},
                                       {"ski_coins.png", 0U}}) {
    EXPECT_EQ(Find(picture, "auto").size(), count) << picture;
  }
}

TEST(DetectTiles, NoneIsTheDefault) {
  const Ran plain = RunPinhole("detect --json " + kTwoFaces);
  const Ran none = RunPinhole("detect --json --tiles none " + kTwoFaces);
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_EQ(none.out, plain.out);
}

TEST(DetectTiles, KeepsTheFormAndTheFaces) {
  const json plain = Detections(kTwoFaces);
  ASSERT_EQ(plain.size(), 2U);
  for (const std::string tiles : {"auto", "1", "2", "3x2"}) {
    const json found = Detections("--tiles " + tiles + " " + kTwoFaces);
    ASSERT_EQ(found.size(), 2U) << tiles;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(found[i]["points"].size(), 6U);
      EXPECT_NEAR(found[i]["box"][0].get<double>(), plain[i]["box"][0].get<double>(), 5) << tiles;
    }
  }
  EXPECT_GT(Detections("--tiles 2 --nms none " + kTwoFaces).size(), 2U);
}

// A face is not lost because its witnesses are below the limit.
TEST(DetectTiles, AHigherLimitTakesTheWeakerFacesOnly) {
  json faces = Detections("--tiles 2 --nms unweighted " + kTwoFaces);
  ASSERT_EQ(faces.size(), 2U);
  const double between = (faces[0]["score"].get<double>() + faces[1]["score"].get<double>()) / 2;
  faces.erase(1);
  EXPECT_EQ(Detections("--tiles 2 --nms unweighted --min-score " + std::to_string(between) + " " +
                       kTwoFaces),
            faces);
}

TEST(DetectTiles, SaysWhatItTakes) {
  for (const std::string tiles : {"0", "x", "2x", "2x0", "-1", "32", "33x33", "99999999999",
                                  "1024x1", "''", "2x2x2", "2X2", "Auto"}) {
    const Ran ran = RunPinhole("detect --tiles " + tiles + " " + kTwoFaces);
    EXPECT_EQ(ran.code, 2) << tiles;
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
    EXPECT_NE(ran.err.find("none, auto, a number N or COLUMNSxROWS expected"), std::string::npos);
  }
}

TEST(DetectTiles, OddPicturesAreBoundedWork) {
  const TestFolder folder;
  WriteText(folder / "dot.pgm", "P5 1 1 255\n" + std::string(1, '\x7f'));
  WriteText(folder / "line.pgm", "P5 900 1 255\n" + std::string(900, '\x7f'));
  for (const std::string tiles : {"auto", "3", "31x33"}) {
    const Ran ran = RunPinhole("detect --tiles " + tiles + " dot.pgm line.pgm", folder.path());
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
  }
}

TEST(DetectTiles, SaysWhereTheLimitKeepsItFromSmallerTiles) {
  if (PINHOLE_SANITIZED != 0) {
    GTEST_SKIP() << "400 runs of a network take minutes under sanitizers";
  }
  const TestFolder folder;
  WriteText(folder / "large.pgm",
            "P5 5000 2500 255\n" + std::string(std::size_t{5000} * 2500, '\x7f'));
  const Ran ran = RunPinhole("detect --threads 2 --tiles auto large.pgm", folder.path());
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(ran.says_one_line()) << ran.err;
  EXPECT_NE(ran.err.find("large.pgm: 5000 x 2500 pixels are looked at in tiles of 313"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.out.find("no face"), std::string::npos);
}

}  // namespace
}  // namespace pinhole::host
