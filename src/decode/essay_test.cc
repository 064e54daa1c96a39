// SPDX-License-Identifier: Apache-2.0
// The numbers of docs/explanation/non-max-suppression.md are those of a run: this test makes them
// anew from the raw tensors of the picture that the page talks about, and looks for each of its
// table rows on the page.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "decode/boxes.h"
#include "decode/detector_spec.h"
#include "decode/golden_for_tests.h"
#include "decode/non_max_suppression.h"

namespace pinhole::decode {
namespace {

constexpr const char* kModel = "mp_face_detection_full_range_sparse";
constexpr const char* kPicture = "coral_face";

template <typename... Values>
std::string Line(const char* format, Values... values) {
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(), format, values...);
  return line.data();
}

std::string BoxText(const Box& box) {
  return Line("%.4f, %.4f, %.4f, %.4f", double{box.left}, double{box.top}, double{box.right},
              double{box.bottom});
}

class Essay : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const source = std::getenv("PINHOLE_SOURCE");
    if (source == nullptr) {
      GTEST_SKIP() << "PINHOLE_SOURCE, the repository's root, is not set";
    }
    raw_ = ReadRawTensors(kModel, kPicture);
    if (raw_.logits.empty()) {
      GTEST_SKIP() << "golden/faces/raw is missing (set PINHOLE_DATA)";
    }
    std::ifstream file(std::string(source) + "/docs/explanation/non-max-suppression.md");
    std::stringstream page;
    page << file.rdbuf();
    page_ = page.str();

    base::Diagnosis why;
    const std::array outputs{engine::Shape{1, 2304, 16}, engine::Shape{1, 2304, 1}};
    spec_ = RecogniseDetector({1, 192, 192, 3}, outputs, "", why).value();
    anchors_.resize(spec_.anchors);
    ASSERT_TRUE(spec_.MakeAnchors(anchors_));
    found_.resize(spec_.anchors);
    const BoxOptions options{192.0F, 6, spec_.min_score};
    found_.resize(
        DecodeBoxes(Values(raw_.regressors), Values(raw_.logits), anchors_, options, found_)
            .value());
  }

  void ExpectLine(const std::string& line) const {
    EXPECT_NE(page_.find(line), std::string::npos) << "missing: " << line;
  }

  RawTensors raw_;
  std::string page_;
  DetectorSpec spec_;
  std::vector<Anchor> anchors_;
  std::vector<Detection> found_;
};

TEST_F(Essay, RowsAndBoxes) {
  for (const Detection& d : found_) {
    const float* const r = &raw_.regressors[d.anchor * std::size_t{16}];
    ExpectLine(Line("| %u | %u, %u | %.3f | %.3f | %.2f, %.2f, %.2f, %.2f |", d.anchor,
                    d.anchor % 48, d.anchor / 48, double{raw_.logits[d.anchor]}, double{d.score},
                    double{r[0]}, double{r[1]}, double{r[2]}, double{r[3]}));
    ExpectLine(Line("| %u | %.4f, %.4f | %s |", d.anchor, double{anchors_[d.anchor].x_center},
                    double{anchors_[d.anchor].y_center}, BoxText(d.box).c_str()));
  }
}

TEST_F(Essay, Overlaps) {
  for (std::size_t i = 0; i < found_.size(); ++i) {
    for (std::size_t j = i + 1; j < found_.size(); ++j) {
      const float overlap =
          OverlapSimilarity(Overlap::kIntersectionOverUnion, found_[i].box, found_[j].box);
      if (overlap > 0.0F) {
        ExpectLine(
            Line("| %u and %u | %.3f |", found_[i].anchor, found_[j].anchor, double{overlap}));
      }
    }
  }
}

TEST_F(Essay, Results) {
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(found_.size()));
  std::vector<Detection> unweighted(found_.size()), weighted(found_.size());
  const std::size_t count = UnweightedNonMaxSuppression(found_, {}, scratch, unweighted).value();
  ASSERT_EQ(WeightedNonMaxSuppression(found_, {}, scratch, weighted).value(), count);
  for (std::size_t i = 0; i < count; ++i) {
    ExpectLine(Line("| %u | %.3f | %s | %s |", unweighted[i].anchor, double{unweighted[i].score},
                    BoxText(unweighted[i].box).c_str(), BoxText(weighted[i].box).c_str()));
  }
}

}  // namespace
}  // namespace pinhole::decode
