// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/ref/naive.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/resize_case.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ResizeBilinear, ByHand) {
  const auto width = [](int out, ResizeOptions options) {
    return Resized<float>(kResizeBilinear, {1, 1, 2, 1}, {0, 4}, {1, 1, out, 1}, options);
  };
  EXPECT_THAT(width(4, kPlain), ElementsAre(0, 2, 4, 4));
  EXPECT_THAT(width(5, kCorners), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(width(4, kHalf), ElementsAre(0, 1, 3, 4));
}

// A blend in double of the four pixels around the place, edges held.
double Model(const Shape& in, const std::vector<double>& x, const Shape& out, const Index& i,
             ResizeOptions options) {
  double place[2];
  for (int d = 0; d < 2; ++d) {
    const double n = in.dim(1 + d);
    const double m = out.dim(1 + d);
    const double scale = options.align_corners && m > 1 ? (n - 1) / (m - 1) : n / m;
    const double at =
        options.half_pixel_centers ? (i[1 + d] + 0.5) * scale - 0.5 : i[1 + d] * scale;
    place[d] = std::clamp(at, 0.0, n - 1);
  }
  double sum = 0.0;
  for (int y = 0; y < in.dim(1); ++y) {
    for (int x_at = 0; x_at < in.dim(2); ++x_at) {
      const double weight = std::max(0.0, 1.0 - std::abs(place[0] - y)) *
                            std::max(0.0, 1.0 - std::abs(place[1] - x_at));
      sum += weight * x[Flat(in, {i[0], y, x_at, i[3]})];
    }
  }
  return sum;
}

template <typename T>
void CheckAgainstModel(double tolerance) {
  Random random(1);
  for (int round = 0; round < 150; ++round) {
    const Shape in = {random.Int(1, 2), random.Int(1, 9), random.Int(1, 9), random.Int(1, 3)};
    const Shape out = {in.dim(0), random.Int(1, 20), random.Int(1, 20), in.dim(3)};
    const std::vector<T> x = random.Values<T>(in);
    const std::vector<double> wide(x.begin(), x.end());
    for (const ResizeOptions& options : {kPlain, kCorners, kHalf}) {
      const std::vector<T> y = Resized<T>(kResizeBilinear, in, x, out, options);
      for (const Index& i : AllIndices(out)) {
        ASSERT_NEAR(static_cast<double>(y[Flat(out, i)]), Model(in, wide, out, i, options),
                    tolerance)
            << "round " << round;
      }
    }
  }
}

TEST(ResizeBilinear, FloatsMatchADoubleBlend) { CheckAgainstModel<float>(8 * 1e-5); }

// Places have 10 fractional bits: a rounded scale drifts by up to place / 2048 of a pixel, and two
// neighbours can be 255 apart.
TEST(ResizeBilinear, IntegersMatchWithinTheirPlacesPrecision) {
  CheckAgainstModel<std::int8_t>(0.5 + 2 * 255.0 * 20 / 2048);
  CheckAgainstModel<std::uint8_t>(0.5 + 2 * 255.0 * 20 / 2048);
  CheckAgainstModel<std::int16_t>(0.5 + 2 * 65535.0 * 20 / 2048);
}

TEST(ResizeBilinear, TheSameSizeIsTheIdentity) {
  Random random(2);
  const Shape shape = {2, 7, 5, 3};
  const std::vector<std::int8_t> x = random.Values<std::int8_t>(shape);
  const std::vector<float> f = random.Values<float>(shape);
  for (const ResizeOptions& options : {kPlain, kCorners, kHalf}) {
    EXPECT_EQ(Resized<std::int8_t>(kResizeBilinear, shape, x, shape, options), x);
    EXPECT_EQ(Resized<float>(kResizeBilinear, shape, f, shape, options), f);
  }
}

TEST(ResizeBilinear, AHalfIsRoundedAwayFromZero) {
  EXPECT_THAT(Resized<std::int8_t>(kResizeBilinear, {1, 1, 2, 1}, {0, 3}, {1, 1, 3, 1}, kCorners),
              ElementsAre(0, 2, 3));
  EXPECT_THAT(Resized<std::int8_t>(kResizeBilinear, {1, 1, 2, 1}, {0, -3}, {1, 1, 3, 1}, kCorners),
              ElementsAre(0, -2, -3));
}

// A rounded scale can lead beyond the last row: there the edge must be held, not left.
TEST(ResizeBilinear, LargeEnlargementsStayInside) {
  for (const int size : {70, 100, 1023, 2000, 2047, 2048, 2049, 5000}) {
    for (const ResizeOptions& options : {kPlain, kCorners, kHalf}) {
      EXPECT_THAT(
          Resized<std::int8_t>(kResizeBilinear, {1, 1, 1, 1}, {-77}, {1, 1, size, 1}, options),
          Each(-77));
      EXPECT_THAT(
          Resized<std::int8_t>(kResizeBilinear, {1, 1, 1, 1}, {-77}, {1, size, 1, 1}, options),
          Each(-77));
      EXPECT_EQ(
          Resized<std::int8_t>(kResizeBilinear, {1, 1, 3, 1}, {5, 5, 9}, {1, 1, size, 1}, options)
              .front(),
          5);
    }
  }
}

TEST(ResizeBilinear, Refuses) {
  {
    OpHarness op(OpKind::kResizeBilinear, ResizeOptions{true, true});
    op.Input<float>({1, 1, 1, 1}, {1}).Constant<std::int32_t>({2}, {1, 1});
    op.Output<float>({1, 1, 1, 1});
    EXPECT_FALSE(op.Prepare(kResizeBilinear));
    EXPECT_EQ(op.error(), base::Error::kUnsupported);
    EXPECT_THAT(op.why(), HasSubstr("align_corners and half_pixel_centers"));
  }
  {
    OpHarness op(OpKind::kResizeBilinear);
    op.Input<float>({1, 1, 1, 1}, {1}).Input<std::int32_t>({2}, {1, 1}).Output<float>({1, 1, 1, 1});
    EXPECT_FALSE(op.Prepare(kResizeBilinear));
    EXPECT_THAT(op.why(), HasSubstr("size 't' is computed"));
  }
  {
    OpHarness op(OpKind::kResizeBilinear);
    op.Input<float>({1, 1, 1, 1}, {1}).Constant<std::int32_t>({3}, {1, 1, 1});
    op.Output<float>({1, 1, 1, 1});
    EXPECT_FALSE(op.Prepare(kResizeBilinear));
    EXPECT_THAT(op.why(), HasSubstr("size 't' has 3 elements, 2 expected"));
  }
  {
    OpHarness op(OpKind::kResizeBilinear);
    op.Input<std::int32_t>({1, 1, 1, 1}, {1}).Constant<std::int32_t>({2}, {1, 1});
    op.Output<std::int32_t>({1, 1, 1, 1});
    EXPECT_FALSE(op.Prepare(kResizeBilinear));
    EXPECT_THAT(op.why(), HasSubstr("type int32 found"));
  }
  {
    OpHarness op(OpKind::kResizeBilinear);
    op.Input<float>({1, 1, 1, 1}, {1}).Constant<std::int64_t>({2}, {2, std::int64_t{1} << 40});
    op.Output<float>({1, 2, 1, 1});
    EXPECT_FALSE(op.Prepare(kResizeBilinear));
    EXPECT_THAT(op.why(), HasSubstr("declared [1, 2, 1, 1]"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
