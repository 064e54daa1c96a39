// SPDX-License-Identifier: Apache-2.0
#include "decode/boxes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace pinhole::decode {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Detection> Decode(const std::vector<float>& regressors,
                              const std::vector<float>& logits, const BoxOptions& options,
                              std::size_t places = 100) {
  const std::vector<Anchor> anchors(logits.size(), Anchor{0.5F, 0.25F, 1.0F, 1.0F});
  std::vector<Detection> out(places);
  const auto count = DecodeBoxes(Values(regressors), Values(logits), anchors, options, out);
  out.resize(count.value());
  return out;
}

TEST(DecodeBoxes, CentreSizeAndPointsAreRelativeToTheAnchor) {
  const auto found = Decode({10.0F, -5.0F, 20.0F, 40.0F, 1.0F, 2.0F}, {0.0F}, {100.0F, 1, 0.5F});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].box.left, 0.5F);
  EXPECT_FLOAT_EQ(found[0].box.right, 0.7F);
  EXPECT_FLOAT_EQ(found[0].box.top, 0.0F);
  EXPECT_FLOAT_EQ(found[0].box.bottom, 0.4F);
  EXPECT_FLOAT_EQ(found[0].points()[0].x, 0.51F);
  EXPECT_FLOAT_EQ(found[0].points()[0].y, 0.27F);
  EXPECT_EQ(found[0].score, 0.5F) << "a score that equals the threshold stays";
}

TEST(DecodeBoxes, ScoresAreClampedSigmoids) {
  const std::vector<float> box{0, 0, 1, 1};
  EXPECT_EQ(Decode(box, {1e30F}, {1.0F, 0, 0.0F})[0].score, 1.0F);
  EXPECT_EQ(Decode(box, {-1e30F}, {1.0F, 0, 0.0F})[0].score, 0.0F);
  EXPECT_FLOAT_EQ(Decode(box, {-2.0F}, {1.0F, 0, 0.0F})[0].score, 0.119202922F);
  EXPECT_EQ(Decode(box, {20.0F}, {1.0F, 0, 1.0F}).size(), 1U);
  EXPECT_EQ(Decode(box, {5.0F}, {1.0F, 0, 1.0F}).size(), 0U);
}

// The shortcut for hopeless rows never decides otherwise than the score.
TEST(DecodeBoxes, ThresholdIsTheScores) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> any(-20.0F, 20.0F);
  for (const float min_score : {0.001F, 0.3F, 0.5F, 0.6F, 0.9999F, 1.0F}) {
    std::vector<float> logits(2000);
    std::generate(logits.begin(), logits.end(), [&] { return any(random); });
    const float edge = std::log(min_score / (1.0F - min_score));
    for (float near = -1e-5F; near < 1e-5F && min_score < 1.0F; near += 1e-7F) {
      logits.push_back(edge + near);
    }
    const std::vector<float> regressors(logits.size() * 4, 1.0F);
    std::size_t expected = 0;
    for (const float logit : logits) {
      expected += 1.0F / (1.0F + std::exp(-logit)) >= min_score ? 1 : 0;
    }
    EXPECT_EQ(Decode(regressors, logits, {1.0F, 0, min_score}, 10000).size(), expected);
  }
}

TEST(DecodeBoxes, LeavesOutWhatIsNoBox) {
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (std::size_t i = 0; i < 6; ++i) {
      std::vector<float> row{1, 1, 1, 1, 1, 1};
      row[i] = bad;
      EXPECT_TRUE(Decode(row, {5.0F}, {1.0F, 1, 0.5F}).empty()) << i;
    }
  }
  EXPECT_TRUE(Decode({1, 1, 1, 1}, {kNan}, {1.0F, 0, 0.0F}).empty());
  EXPECT_TRUE(Decode({1, 1, -1, 1}, {5.0F}, {1.0F, 0, 0.5F}).empty());
  EXPECT_TRUE(Decode({1, 1, 1, -1}, {5.0F}, {1.0F, 0, 0.5F}).empty());
  EXPECT_EQ(Decode({1, 1, 0, 0}, {5.0F}, {1.0F, 0, 0.5F}).size(), 1U) << "no area, but a box";
}

TEST(DecodeBoxes, KeepsTheBestWhereThereIsNoRoomForAll) {
  std::mt19937 random(4);
  std::vector<float> logits(300);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits[i] = static_cast<float>(i / 2);  // in pairs of equals
  }
  std::shuffle(logits.begin(), logits.end(), random);
  const std::vector<float> regressors(logits.size() * 4, 1.0F);
  auto all = Decode(regressors, logits, {1000.0F, 0, 0.5F}, 300);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const auto& a, const auto& b) { return a.anchor < b.anchor; }));
  std::sort(all.begin(), all.end(), BetterThan);
  for (const std::size_t places : {0U, 1U, 2U, 7U, 299U}) {
    auto best = Decode(regressors, logits, {1000.0F, 0, 0.5F}, places);
    std::sort(best.begin(), best.end(), BetterThan);
    ASSERT_EQ(best.size(), places);
    for (std::size_t i = 0; i < places; ++i) {
      EXPECT_EQ(best[i].anchor, all[i].anchor);
    }
  }
}

TEST(DecodeBoxes, ReadsQuantisedTensors) {
  const float scale = 0.5F;
  engine::Tensor info;
  info.scales = &scale;
  info.scale_count = 1;
  info.zero_point = -10;
  info.shape = {1, 1, 4};
  info.type = engine::Type::kInt8;
  std::array<std::int8_t, 4> row{-10, -6, 10, 30};
  const auto values = Values::Of({&info, reinterpret_cast<std::byte*>(row.data())});
  ASSERT_TRUE(values);
  const std::vector<float> logit{3.0F};
  const Anchor anchor{0.0F, 0.0F, 1.0F, 1.0F};
  Detection out;
  ASSERT_EQ(DecodeBoxes(*values, Values(logit), std::span(&anchor, 1), {10.0F, 0, 0.5F},
                        std::span(&out, 1))
                .value(),
            1U);
  EXPECT_FLOAT_EQ(out.box.left, -0.5F);
  EXPECT_FLOAT_EQ(out.box.bottom, 1.2F);
  info.scale_count = 2;
  EXPECT_EQ(Values::Of({&info, nullptr}).error(), base::Error::kUnsupported);
  info.type = engine::Type::kInt64;
  EXPECT_EQ(Values::Of({&info, nullptr}).error(), base::Error::kUnsupported);
}

TEST(DecodeBoxes, RefusesSizesThatDoNotGoTogether) {
  const std::vector<float> four(4), five(5), one(1);
  const Anchor anchor{};
  const std::span<const Anchor> anchors(&anchor, 1);
  std::vector<Detection> out(1);
  const auto error = [&](const std::vector<float>& regressors, const std::vector<float>& logits,
                         const BoxOptions& options) {
    return DecodeBoxes(Values(regressors), Values(logits), anchors, options, out).error();
  };
  EXPECT_EQ(error(five, one, {1.0F, 0, 0.5F}), base::Error::kInvalidArgument);
  EXPECT_EQ(error(four, four, {1.0F, 0, 0.5F}), base::Error::kInvalidArgument);
  EXPECT_EQ(error(four, one, {0.0F, 0, 0.5F}), base::Error::kInvalidArgument);
  EXPECT_EQ(error(four, one, {1.0F, 0, kNan}), base::Error::kInvalidArgument);
  EXPECT_EQ(error(four, one, {1.0F, 9, 0.5F}), base::Error::kInvalidArgument);
}

}  // namespace
}  // namespace pinhole::decode
