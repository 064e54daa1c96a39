// SPDX-License-Identifier: Apache-2.0
#include "decode/detector_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decode/detector_text.h"

namespace pinhole::decode {
namespace {

using engine::Shape;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kText =
    "pinhole-detector 1\nclasses face\nstrides 8 16\nanchors_per_cell 1 1\nkeypoints 6\n"
    "input_range -1 1\nmin_score 0.6\niou 0.3\n";

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kText;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct Failure {
  base::Error error;
  std::string why;
};

Failure ParseFailure(const std::string& text) {
  base::Diagnosis why;
  const auto parsed = ParseDetectorText(text, why);
  EXPECT_FALSE(parsed) << text;
  return {parsed ? base::Error::kInternal : parsed.error(), std::string(why.text())};
}

TEST(DetectorText, ReadsEveryLine) {
  base::Diagnosis why;
  const auto text = ParseDetectorText(kText, why);
  ASSERT_TRUE(text) << why.text();
  EXPECT_EQ(text->layer_count, 2U);
  EXPECT_EQ(text->layers[1].stride, 16);
  EXPECT_EQ(text->layers[1].anchors_per_cell, 1);
  EXPECT_EQ(text->keypoints, 6U);
  EXPECT_EQ(text->input_low, -1.0F);
  EXPECT_EQ(text->input_high, 1.0F);
  EXPECT_EQ(text->min_score, 0.6F);
  EXPECT_EQ(text->iou, 0.3F);
}

TEST(DetectorText, NamesTheLineAndWhatItWants) {
  EXPECT_THAT(ParseFailure(Replaced("min_score 0.6", "min_score 1.5")).why,
              StartsWith("line 7: 'min_score 1.5' found, a number from 0 to 1 expected"));
  EXPECT_THAT(ParseFailure(Replaced("iou 0.3", "ioe 0.3")).why,
              StartsWith("line 8: 'ioe' is no key"));
  EXPECT_THAT(ParseFailure(Replaced("iou 0.3\n", "")).why,
              StartsWith("line 8: the end, but 'iou' is missing"));
  EXPECT_THAT(ParseFailure(Replaced("iou 0.3", "keypoints 6")).why,
              StartsWith("line 8: 'keypoints' a second time"));
  EXPECT_THAT(ParseFailure(Replaced("strides 8 16", "strides 8")).why,
              HasSubstr("1 strides but 2 anchors_per_cell"));
  EXPECT_EQ(ParseFailure(Replaced("classes face", "classes cat")).error, base::Error::kUnsupported);
  EXPECT_EQ(ParseFailure(Replaced("detector 1", "detector 2")).error, base::Error::kUnsupported);
}

TEST(DetectorText, RefusesEveryOtherSpelling) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"keypoints 6", "keypoints 6.5"},
           {"keypoints 6", "keypoints 9"},
           {"keypoints 6", "keypoints  6"},
           {"keypoints 6", "keypoints 6 "},
           {"keypoints 6", "keypoints +6"},
           {"keypoints 6", "keypoints"},
           {"keypoints 6", "keypoints 6\r"},
           {"input_range -1 1", "input_range 1 -1"},
           {"input_range -1 1", "input_range -1"},
           {"input_range -1 1", "input_range -1 1 2"},
           {"input_range -1 1", "input_range -1 1e3"},
           {"input_range -1 1", "input_range - 1"},
           {"min_score 0.6", "min_score .6"},
           {"min_score 0.6", "min_score 0."},
           {"min_score 0.6", "min_score 0.1234567890"},
           {"min_score 0.6", "min_score nan"},
           {"strides 8 16", "strides 8 0"},
           {"strides 8 16", "strides 8 4096"},
           {"strides 8 16", "strides 1 2 3 4 5 6 7 8 9"},
           {"strides 8 16", "strides 8.0 16"},
           {"classes face", "classes face face"},
           {"iou 0.3\n", "iou 0.3"},
           {"iou 0.3\n", "iou 0.3\n\n"},
       }) {
    ParseFailure(Replaced(from, to));
  }
  ParseFailure("");
  ParseFailure("pinhole-detector 1\n" + std::string(200, 'x') + "\n");
  EXPECT_THAT(ParseFailure("pinhole-detector 1\n\x1b[31m\n").why, HasSubstr("'?[31m'"));
}

TEST(RecogniseDetector, KnowsMediaPipesByTheirShapesInEitherOrder) {
  base::Diagnosis why;
  const std::vector<Shape> full{{1, 2304, 16}, {1, 2304, 1}};
  auto spec = RecogniseDetector({1, 192, 192, 3}, full, "", why);
  ASSERT_TRUE(spec) << why.text();
  EXPECT_EQ(spec->kind, DetectorSpec::Kind::kMediaPipeFullRange);
  EXPECT_EQ(spec->regressor_output, 0U);
  EXPECT_EQ(spec->logit_output, 1U);
  EXPECT_EQ(spec->min_score, 0.6F);
  std::vector<Anchor> anchors(spec->anchors);
  EXPECT_TRUE(spec->MakeAnchors(anchors));
  EXPECT_FLOAT_EQ(anchors[2303].y_center, 47.5F / 48);

  const std::vector<Shape> near{{1, 896, 1}, {1, 896, 16}};
  auto other = RecogniseDetector({1, 128, 128, 3}, near, "", why);
  ASSERT_TRUE(other) << why.text();
  EXPECT_EQ(other->kind, DetectorSpec::Kind::kMediaPipeShortRange);
  EXPECT_EQ(other->regressor_output, 1U);
  EXPECT_EQ(other->min_score, 0.5F);
  EXPECT_TRUE(other->MakeAnchors(std::span(anchors).first(896)));
  EXPECT_FALSE(other->MakeAnchors(std::span(anchors).first(895)));
}

TEST(RecogniseDetector, ReadsWhatAModelSaysOfItself) {
  base::Diagnosis why;
  const std::vector<Shape> outputs{{1, 320, 16}, {1, 320, 1}};
  const auto spec = RecogniseDetector({1, 128, 128, 1}, outputs, kText, why);
  ASSERT_TRUE(spec) << why.text();
  EXPECT_EQ(spec->kind, DetectorSpec::Kind::kPinhole);
  EXPECT_EQ(spec->input_channels, 1);
  EXPECT_EQ(spec->anchors, 320U);
  std::vector<Anchor> anchors(320);
  ASSERT_TRUE(spec->MakeAnchors(anchors));
  EXPECT_FLOAT_EQ(anchors[0].x_center, 0.5F / 16);
  EXPECT_FLOAT_EQ(anchors[256].x_center, 0.5F / 8);
}

TEST(RecogniseDetector, HoldsTheTextAgainstTheShapes) {
  base::Diagnosis why;
  const std::vector<Shape> other_count{{1, 319, 16}, {1, 319, 1}};
  EXPECT_EQ(RecogniseDetector({1, 128, 128, 1}, other_count, kText, why).error(),
            base::Error::kMalformed);
  EXPECT_THAT(std::string(why.text()), HasSubstr("320 anchors and 6 keypoints"));
  const std::vector<Shape> other_points{{1, 320, 14}, {1, 320, 1}};
  EXPECT_EQ(RecogniseDetector({1, 128, 128, 1}, other_points, kText, why).error(),
            base::Error::kMalformed);
  const std::vector<Shape> outputs{{1, 320, 16}, {1, 320, 1}};
  EXPECT_EQ(RecogniseDetector({1, 130, 130, 1}, outputs, kText, why).error(),
            base::Error::kMalformed);
  EXPECT_THAT(std::string(why.text()), HasSubstr("do not divide"));
  EXPECT_EQ(RecogniseDetector({1, 128, 128, 1}, outputs, "nonsense\n", why).error(),
            base::Error::kUnsupported);
  EXPECT_THAT(std::string(why.text()), StartsWith("metadata 'pinhole.detector': line 1: "));
}

TEST(RecogniseDetector, SaysWhatWasFoundInstead) {
  base::Diagnosis why;
  const std::vector<Shape> classifier{{1, 2}};
  EXPECT_EQ(RecogniseDetector({1, 96, 96, 1}, classifier, "", why).error(),
            base::Error::kWrongKind);
  EXPECT_THAT(std::string(why.text()), HasSubstr("input [1, 96, 96, 1] and output [1, 2] found"));
  EXPECT_THAT(std::string(why.text()), HasSubstr("192 x 192, 2304 anchors"));
  for (const auto& [input, outputs] : std::vector<std::pair<Shape, std::vector<Shape>>>{
           {{1, 192, 192, 3}, {}},
           {{1, 192, 192, 3}, {{1, 2304, 16}}},
           {{1, 192, 192, 3}, {{1, 2304, 1}, {1, 2304, 1}}},
           {{1, 192, 192, 3}, {{1, 2304, 16}, {1, 2304, 16}}},
           {{1, 192, 192, 3}, {{1, 2304, 16}, {1, 2305, 1}}},
           {{1, 192, 191, 3}, {{1, 2304, 16}, {1, 2304, 1}}},
           {{1, 192, 192, 4}, {{1, 2304, 16}, {1, 2304, 1}}},
           {{2, 192, 192, 3}, {{1, 2304, 16}, {1, 2304, 1}}},
           {{1, 128, 128, 3}, {{1, 2304, 16}, {1, 2304, 1}}},
           {{1, 192, 192, 3}, {{1, 2304, 17}, {1, 2304, 1}}},
           {{}, {{}, {}}},
           {{1, 192, 192, 3}, std::vector<Shape>(9, Shape{1, 2, 3})},
       }) {
    EXPECT_EQ(RecogniseDetector(input, outputs, "", why).error(), base::Error::kWrongKind);
  }
}

}  // namespace
}  // namespace pinhole::decode
