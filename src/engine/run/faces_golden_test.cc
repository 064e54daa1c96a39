// SPDX-License-Identifier: Apache-2.0
// The face models' raw tensors on real pictures, against LiteRT (XNNPACK, in a browser): within
// 1e-4 of the tensor's peak. Pictures are the exact network inputs as PNG; the network sees
// x * 2 / 255 - 1. Expected rows are 16 regressors and the score's logit.
#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "engine/run/test_model.h"

namespace pinhole::engine::run {
namespace {

constexpr double kTolerance = 1e-4;
constexpr std::size_t kRegressors = 16;

struct FaceModel {
  const char* name;
  std::uint32_t side;
  std::size_t rows;
};
constexpr FaceModel kModels[] = {
    {"mp_face_detection_full_range_sparse", 192, 2304},
    {"mp_face_detection_short_range", 128, 896},
};

std::vector<std::uint8_t> ReadPng(const std::filesystem::path& path, std::uint32_t side) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, path.string().c_str()) == 0 || image.width != side ||
      image.height != side) {
    return {};
  }
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  return png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0
             ? pixels
             : std::vector<std::uint8_t>{};
}

std::vector<float> ReadFloats(const std::filesystem::path& path, std::size_t count) {
  std::vector<float> values(count);
  const gzFile file = gzopen(path.string().c_str(), "rb");
  const int wanted = static_cast<int>(count * sizeof(float));
  const int read = file == nullptr ? 0 : gzread(file, values.data(), static_cast<unsigned>(wanted));
  if (file != nullptr) {
    gzclose(file);
  }
  return read == wanted ? values : std::vector<float>{};
}

// The largest difference over the largest magnitude of one column group of the expected rows.
double WorstOf(const TensorView& view, std::span<const float> rows, std::size_t first,
               std::size_t count) {
  double peak = 0;
  double worst = 0;
  for (std::size_t row = 0; row * (kRegressors + 1) < rows.size(); ++row) {
    for (std::size_t i = 0; i < count; ++i) {
      const double expected = double{rows[row * (kRegressors + 1) + first + i]};
      peak = std::max(peak, std::abs(expected));
      worst = std::max(worst, std::abs(double{view.as<float>()[row * count + i]} - expected));
    }
  }
  return worst / peak;
}

class FacesGolden : public ::testing::TestWithParam<FaceModel> {};

TEST_P(FacesGolden, RawTensorsAreMet) {
  const auto& [name, side, rows] = GetParam();
  const std::filesystem::path faces = base::TestData("golden/faces");
  const std::filesystem::path inputs = faces / "inputs" / std::to_string(side);
  if (!std::filesystem::exists(inputs)) {
    GTEST_SKIP() << inputs << " is missing (set PINHOLE_DATA)";
  }
  const auto model = TestModel::Open(name);
  if (model == nullptr) {
    GTEST_SKIP() << TestModel::Missing(name);
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  Session& session = model->session();
  ASSERT_EQ(session.output_count(), 2U);
  const std::size_t score = session.output(0).shape().FromBack(0) == 1 ? 0 : 1;
  std::vector<std::filesystem::path> pictures;
  for (const auto& entry : std::filesystem::directory_iterator(inputs)) {
    pictures.push_back(entry.path());
  }
  std::sort(pictures.begin(), pictures.end());
  if (kSlowBuild && pictures.size() > 4) {
    pictures.resize(4);
  }
  double worst = 0;
  for (const std::filesystem::path& picture : pictures) {
    SCOPED_TRACE(picture.filename().string());
    const std::vector<std::uint8_t> pixels = ReadPng(picture, side);
    const std::vector<float> expected =
        ReadFloats(faces / "raw" / (std::string(name) + "__" + picture.stem().string() + ".f32.gz"),
                   rows * (kRegressors + 1));
    ASSERT_FALSE(pixels.empty());
    ASSERT_FALSE(expected.empty());
    ASSERT_EQ(session.input(0).size(), pixels.size());
    std::transform(pixels.begin(), pixels.end(), session.input(0).as<float>(),
                   [](std::uint8_t x) { return static_cast<float>(x) * 2.0F / 255.0F - 1.0F; });
    ASSERT_TRUE(model->Run()) << model->why();
    const double of_picture = std::max(WorstOf(session.output(1 - score), expected, 0, kRegressors),
                                       WorstOf(session.output(score), expected, kRegressors, 1));
    EXPECT_LE(of_picture, kTolerance);
    worst = std::max(worst, of_picture);
  }
  std::printf("%s: %zu pictures, largest difference %.2e of the peak\n", name, pictures.size(),
              worst);
  EXPECT_GE(pictures.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Models, FacesGolden, ::testing::ValuesIn(kModels),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace pinhole::engine::run
