// SPDX-License-Identifier: Apache-2.0
#include "engine/matrix/matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/matrix/target_for_tests.h"

namespace pinhole::engine::matrix {
namespace {

struct Case {
  int outputs, inputs, rows;
};
// Around every tail: blocks of 8 to 64 outputs, steps of 1 to 4 inputs, tiles of 1 to 16 rows.
const Case kCases[] = {{1, 1, 1},     {1, 3, 2},     {7, 5, 3},    {16, 8, 4},
                       {33, 31, 5},   {63, 64, 6},   {64, 65, 7},  {65, 129, 8},
                       {100, 300, 9}, {130, 17, 13}, {257, 66, 1}, {5, 1000, 25}, {70, 96, 33}};

std::int64_t Rounded(float value, float largest) {
  return static_cast<std::int64_t>(std::nearbyintf(value * (largest > 0 ? 127 / largest : 0)));
}
float Largest(const float* values, int count) {
  float largest = 0;
  for (int i = 0; i < count; ++i) {
    largest = std::max(largest, std::fabs(values[i]));
  }
  return largest;
}

TEST_P(OfTarget, FloatProductsAreThoseOfTheDefinition) {
  std::mt19937 random(1);
  for (const auto& [outputs, inputs, rows] : kCases) {
    const std::vector<float> w = Random(random, static_cast<std::size_t>(outputs * inputs));
    const std::vector<float> bias = Random(random, static_cast<std::size_t>(outputs));
    const std::vector<float> x = Random(random, static_cast<std::size_t>(rows * (inputs + 3)));
    const Packed packed(target(), {Precision::kF32, outputs, inputs},
                        {w.data(), inputs, 1, bias.data()});
    const std::vector<float> y = Multiply(packed.matrix(), x, rows, inputs + 3);
    for (int row = 0; row < rows; ++row) {
      for (int output = 0; output < outputs; ++output) {
        double sum = bias[static_cast<std::size_t>(output)];
        double size = std::fabs(sum);
        for (int k = 0; k < inputs; ++k) {
          const double product = double{x[static_cast<std::size_t>(row * (inputs + 3) + k)]} *
                                 w[static_cast<std::size_t>(output * inputs + k)];
          sum += product;
          size += std::fabs(product);
        }
        ASSERT_NEAR(y[static_cast<std::size_t>(row * outputs + output)], sum, 1e-6 * size)
            << outputs << "x" << inputs << ", row " << row << ", output " << output;
      }
    }
  }
}

TEST_P(OfTarget, Int8ProductsAreThoseOfRoundedOperands) {
  std::mt19937 random(2);
  for (const auto& [outputs, inputs, rows] : kCases) {
    const std::vector<float> w = Random(random, static_cast<std::size_t>(outputs * inputs), 0.1F);
    const std::vector<float> bias = Random(random, static_cast<std::size_t>(outputs));
    const std::vector<float> x = Random(random, static_cast<std::size_t>(rows * inputs));
    const Packed packed(target(), {Precision::kInt8, outputs, inputs},
                        {w.data(), inputs, 1, bias.data()});
    const std::vector<float> y = Multiply(packed.matrix(), x, rows, inputs);
    for (int row = 0; row < rows; ++row) {
      const float* const xs = x.data() + row * inputs;
      const float x_most = Largest(xs, inputs);
      for (int output = 0; output < outputs; ++output) {
        const float* const ws = w.data() + output * inputs;
        const float w_most = Largest(ws, inputs);
        std::int64_t sum = 0;
        for (int k = 0; k < inputs; ++k) {
          sum += Rounded(xs[k], x_most) * Rounded(ws[k], w_most);
        }
        const double expected = static_cast<double>(sum) * x_most / 127 * w_most / 127 +
                                bias[static_cast<std::size_t>(output)];
        ASSERT_NEAR(y[static_cast<std::size_t>(row * outputs + output)], expected,
                    1e-6 * (1 + std::fabs(expected)))
            << outputs << "x" << inputs << ", row " << row << ", output " << output;
      }
    }
  }
}

// The nearest number of steps, of which the largest weight has 119, and what of it multiply reads.
int SplitWeight(float value, float largest) {
  return static_cast<int>(std::nearbyintf(value * (largest > 0 ? 119 / largest : 0)));
}
int UpperPart(int weight) {
  return 16 * static_cast<int>(std::floor(static_cast<float>(weight + 8) / 16));
}

TEST_P(OfTarget, SplitProductsAreThoseOfUpperPartsAndRefinedOnesOfAll) {
  if (!target().split) {
    GTEST_SKIP() << target().name << " has no split weights";
  }
  std::mt19937 random(10);
  for (const auto& [outputs, inputs, rows] : kCases) {
    const std::vector<float> w = Random(random, static_cast<std::size_t>(outputs * inputs), 0.1F);
    const std::vector<float> bias = Random(random, static_cast<std::size_t>(outputs));
    const std::vector<float> x = Random(random, static_cast<std::size_t>(rows * inputs));
    const Shape shape{Precision::kSplit, outputs, inputs};
    const Packed packed(target(), shape, {w.data(), inputs, 1, bias.data()});
    AlignedMemory prepared(target().prepared_bytes(shape, rows));
    const Rows ready = target().prepare(shape, x.data(), inputs, rows, prepared.at());
    std::vector<float> y = Multiply(packed.matrix(), x, rows, inputs);
    for (int row = 0; row < rows; ++row) {
      float* const ys = y.data() + row * outputs;
      const std::vector<float> upper(ys, ys + outputs);
      EXPECT_EQ(target().refine(packed.matrix(), ready, row, 1e9F, ys), outputs);
      const float* const xs = x.data() + row * inputs;
      const float x_most = Largest(xs, inputs);
      for (int output = 0; output < outputs; ++output) {
        const float* const ws = w.data() + output * inputs;
        const float w_most = Largest(ws, inputs);
        std::int64_t sum = 0, upper_sum = 0;
        for (int k = 0; k < inputs; ++k) {
          const int weight = SplitWeight(ws[k], w_most);
          sum += Rounded(xs[k], x_most) * weight;
          upper_sum += Rounded(xs[k], x_most) * UpperPart(weight);
        }
        const double worth = double{x_most} / 127 * w_most / 119;
        const double offset = bias[static_cast<std::size_t>(output)];
        const double size = 1e-6 * (2 + std::fabs(static_cast<double>(upper_sum) * worth));
        ASSERT_NEAR(upper[static_cast<std::size_t>(output)],
                    static_cast<double>(upper_sum) * worth + offset, size)
            << outputs << "x" << inputs << ", row " << row << ", output " << output;
        ASSERT_NEAR(ys[output], static_cast<double>(sum) * worth + offset, size)
            << outputs << "x" << inputs << ", row " << row << ", output " << output;
      }
    }
  }
}

TEST_P(OfTarget, RefiningFindsTheLargestOfAllAndLeavesTheRest) {
  if (!target().split) {
    GTEST_SKIP() << target().name << " has no split weights";
  }
  std::mt19937 random(11);
  constexpr int kOutputs = 3000, kInputs = 96;
  const Shape shape{Precision::kSplit, kOutputs, kInputs};
  const std::vector<float> w = Random(random, std::size_t{kOutputs} * kInputs);
  const Packed packed(target(), shape, {w.data(), kInputs});
  AlignedMemory prepared(target().prepared_bytes(shape, 1));
  int changed_the_largest = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const std::vector<float> x = Random(random, kInputs);
    const Rows ready = target().prepare(shape, x.data(), kInputs, 1, prepared.at());
    const std::vector<float> upper = Multiply(packed.matrix(), x, 1, kInputs);
    std::vector<float> some = upper, all = upper;
    const int count = target().refine(packed.matrix(), ready, 0, 4, some.data());
    EXPECT_GT(count, 0);
    EXPECT_LT(count, kOutputs / 4);
    EXPECT_EQ(target().refine(packed.matrix(), ready, 0, 1e9F, all.data()), kOutputs);
    const auto largest = std::max_element(all.begin(), all.end()) - all.begin();
    EXPECT_EQ(std::max_element(some.begin(), some.end()) - some.begin(), largest);
    changed_the_largest +=
        std::max_element(upper.begin(), upper.end()) - upper.begin() != largest ? 1 : 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
      ASSERT_TRUE(some[i] == upper[i] || some[i] == all[i]);
    }
  }
  EXPECT_GT(changed_the_largest, 5);  // else nothing was asked of it
}

TEST_P(OfTarget, FineRowsAreAlmostExact) {
  std::mt19937 random(12);
  for (const auto& [outputs, inputs, rows] : kCases) {
    const std::vector<float> w = Random(random, static_cast<std::size_t>(outputs * inputs));
    const std::vector<float> x = Random(random, static_cast<std::size_t>(rows * (inputs + 2)));
    const Shape shape{Precision::kInt8, outputs, inputs};
    const Packed packed(target(), shape, {w.data(), inputs});
    AlignedMemory prepared(target().prepared_bytes(shape, 2 * rows));
    const Rows fine = target().prepare_fine(shape, x.data(), inputs + 2, rows, prepared.at());
    ASSERT_EQ(fine.count, 2 * rows);
    std::vector<float> y(static_cast<std::size_t>(2 * rows * outputs));
    target().multiply(packed.matrix(), fine, 0, target().blocks(outputs), y.data(), outputs,
                      Then::kStore);
    for (int row = 0; row < rows; ++row) {
      const float* const xs = x.data() + row * (inputs + 2);
      for (int output = 0; output < outputs; ++output) {
        const float* const ws = w.data() + output * inputs;
        const float w_most = Largest(ws, inputs);
        double sum = 0, size = 0;
        for (int k = 0; k < inputs; ++k) {
          const double weight = static_cast<double>(Rounded(ws[k], w_most)) * w_most / 127;
          sum += xs[k] * weight;
          size += std::fabs(weight);
        }
        const double half_a_step = double{Largest(xs, inputs)} / 127 / 254 / 2;
        ASSERT_NEAR(double{y[static_cast<std::size_t>(row * outputs + output)]} +
                        y[static_cast<std::size_t>((rows + row) * outputs + output)],
                    sum, size * half_a_step + 1e-6 * (1 + std::fabs(sum)))
            << outputs << "x" << inputs << ", row " << row << ", output " << output;
      }
    }
  }
}

// What overflows 16 bits where pairs are summed up there.
TEST_P(OfTarget, Int8SumsOfTheLargestOperandsAreExact) {
  constexpr int kInputs = 1536, kOutputs = 70;
  for (const float sign : {1.0F, -1.0F}) {
    const std::vector<float> w(std::size_t{kOutputs} * kInputs, 127 * sign);
    const std::vector<float> x(kInputs, 127);
    const Packed packed(target(), {Precision::kInt8, kOutputs, kInputs}, {w.data(), kInputs});
    for (const float y : Multiply(packed.matrix(), x, 1, kInputs)) {
      ASSERT_EQ(y, sign * 127 * 127 * kInputs);
    }
  }
}

float AsBf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, 4);
  bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
  std::memcpy(&value, &bits, 4);
  return value;
}

TEST_P(OfTarget, Bf16ProductsAreThoseOfRoundedOperands) {
  if (!target().bf16) {
    GTEST_SKIP() << target().name << " has no bf16";
  }
  std::mt19937 random(3);
  for (const auto& [outputs, inputs, rows] : kCases) {
    const std::vector<float> w = Random(random, static_cast<std::size_t>(outputs * inputs));
    const std::vector<float> x = Random(random, static_cast<std::size_t>(rows * inputs));
    const Packed packed(target(), {Precision::kBf16, outputs, inputs}, {w.data(), inputs});
    const std::vector<float> y = Multiply(packed.matrix(), x, rows, inputs);
    for (int row = 0; row < rows; ++row) {
      for (int output = 0; output < outputs; ++output) {
        double sum = 0, size = 0;
        for (int k = 0; k < inputs; ++k) {
          const double product = double{AsBf16(x[static_cast<std::size_t>(row * inputs + k)])} *
                                 AsBf16(w[static_cast<std::size_t>(output * inputs + k)]);
          sum += product;
          size += std::fabs(product);
        }
        ASSERT_NEAR(y[static_cast<std::size_t>(row * outputs + output)], sum, 1e-6 * size);
      }
    }
  }
}

std::vector<Precision> Precisions(const Target& target) {
  std::vector<Precision> precisions = {Precision::kF32, Precision::kInt8};
  if (target.bf16) {
    precisions.push_back(Precision::kBf16);
  }
  if (target.split) {
    precisions.push_back(Precision::kSplit);
  }
  return precisions;
}

TEST_P(OfTarget, ARowIsTheSameAloneAndAmongOthersAndBlocksCanBeShared) {
  std::mt19937 random(4);
  constexpr int kOutputs = 200, kInputs = 83, kRows = 29;
  const std::vector<float> w = Random(random, std::size_t{kOutputs} * kInputs);
  const std::vector<float> x = Random(random, std::size_t{kRows} * kInputs);
  for (const Precision precision : Precisions(target())) {
    const Packed packed(target(), {precision, kOutputs, kInputs}, {w.data(), kInputs});
    const std::vector<float> all = Multiply(packed.matrix(), x, kRows, kInputs);
    for (int row = 0; row < kRows; ++row) {
      const std::vector<float> alone(x.begin() + row * kInputs, x.begin() + (row + 1) * kInputs);
      const std::vector<float> y = Multiply(packed.matrix(), alone, 1, kInputs);
      ASSERT_TRUE(std::equal(y.begin(), y.end(), all.begin() + row * kOutputs)) << "row " << row;
    }
    AlignedMemory prepared(target().prepared_bytes(packed.matrix().shape, kRows));
    const Rows rows =
        target().prepare(packed.matrix().shape, x.data(), kInputs, kRows, prepared.at());
    std::vector<float> twice = all;
    for (int block = target().blocks(kOutputs) - 1; block >= 0; --block) {
      target().multiply(packed.matrix(), rows, block, block + 1, twice.data(), kOutputs,
                        Then::kAdd);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(twice[i], all[i] + all[i]);
    }
  }
}

TEST_P(OfTarget, WeightsCanLieInEitherOrderAndBePackedInParts) {
  std::mt19937 random(5);
  constexpr int kOutputs = 150, kInputs = 37;
  const std::vector<float> w = Random(random, std::size_t{kOutputs} * kInputs);
  std::vector<float> turned(w.size());
  for (int output = 0; output < kOutputs; ++output) {
    for (int k = 0; k < kInputs; ++k) {
      turned[static_cast<std::size_t>(k * kOutputs + output)] =
          w[static_cast<std::size_t>(output * kInputs + k)];
    }
  }
  for (const Precision precision : Precisions(target())) {
    const Shape shape{precision, kOutputs, kInputs};
    const std::size_t bytes = target().packed_bytes(shape);
    const Packed whole(target(), shape, {w.data(), kInputs});
    AlignedMemory parts(bytes);
    for (int block = 0; block < target().blocks(kOutputs); ++block) {
      target().pack(shape, {turned.data() + block * target().block, 1, kOutputs}, block, block + 1,
                    parts.at());
    }
    EXPECT_EQ(std::memcmp(whole.matrix().packed, parts.at(), bytes), 0);
  }
}

TEST_P(OfTarget, UnpackedWeightsAreWithinARounding) {
  std::mt19937 random(6);
  constexpr int kOutputs = 90, kInputs = 45;
  const std::vector<float> w = Random(random, std::size_t{kOutputs} * kInputs);
  for (const Precision precision : Precisions(target())) {
    const Packed packed(target(), {precision, kOutputs, kInputs}, {w.data(), kInputs});
    for (int output = 0; output < kOutputs; ++output) {
      const float* const row = w.data() + output * kInputs;
      float back[kInputs];
      target().unpack(packed.matrix(), output, back);
      for (int k = 0; k < kInputs; ++k) {
        const float band = precision == Precision::kF32    ? 0
                           : precision == Precision::kBf16 ? std::fabs(row[k]) / 256
                           : precision == Precision::kInt8 ? Largest(row, kInputs) / 253.9F
                                                           : Largest(row, kInputs) / 237.9F;
        ASSERT_NEAR(back[k], row[k], band);
      }
    }
  }
}

TEST_P(OfTarget, RowsOfZerosGiveTheBias) {
  const std::vector<float> w(100, 0.0F), x(10, 0.0F);
  const std::vector<float> bias = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  for (const Precision precision : Precisions(target())) {
    const Packed packed(target(), {precision, 10, 10}, {w.data(), 10, 1, bias.data()});
    EXPECT_EQ(Multiply(packed.matrix(), x, 1, 10), bias);
  }
}

TEST_P(OfTarget, LayerNormHasNoMeanAndUnitVariance) {
  std::mt19937 random(7);
  for (const int count : {1, 5, 16, 31, 64, 100, 384}) {
    const auto n = static_cast<std::size_t>(count);
    std::vector<float> x = Random(random, 3 * n, 2);
    for (float& value : x) {
      value += 5;
    }
    const std::vector<float> weight = Random(random, n), bias = Random(random, n);
    std::vector<float> y(3 * n);
    target().layer_norm(x.data(), count, 3, count, weight.data(), bias.data(), y.data(), count);
    for (std::size_t row = 0; row < 3; ++row) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < n; ++i) {
        mean += x[row * n + i] / count;
      }
      for (std::size_t i = 0; i < n; ++i) {
        variance += (x[row * n + i] - mean) * (x[row * n + i] - mean) / count;
      }
      for (std::size_t i = 0; i < n; ++i) {
        const double expected =
            (x[row * n + i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i];
        ASSERT_NEAR(y[row * n + i], expected, 2e-5) << count;
      }
    }
  }
}

TEST_P(OfTarget, GeluIsTheOneWithTheErrorFunction) {
  std::vector<float> x;
  for (float value = -20; value <= 20; value += 0.01F) {
    x.push_back(value);
  }
  std::vector<float> y = x;
  target().gelu(y.data(), static_cast<std::ptrdiff_t>(y.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_NEAR(y[i], 0.5 * x[i] * (1 + std::erf(x[i] / std::sqrt(2.0))),
                5e-7 * (1 + std::fabs(x[i])))
        << x[i];
  }
}

TEST_P(OfTarget, ExponentialsAreOfTheDistanceToTheLargest) {
  std::mt19937 random(8);
  for (const int count : {1, 2, 15, 16, 17, 64, 1500}) {
    const std::vector<float> x = Random(random, static_cast<std::size_t>(count), 30);
    std::vector<float> y = x;
    const float sum = target().exponentials(y.data(), count, 0.5F);
    const float largest = *std::max_element(x.begin(), x.end());
    double expected_sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::exp(0.5 * (x[i] - largest));
      expected_sum += expected;
      ASSERT_NEAR(y[i], expected, 1e-6 * expected + 1e-37);
    }
    EXPECT_NEAR(sum, expected_sum, 1e-5 * expected_sum);
  }
}

TEST_P(OfTarget, MinusInfinityHasNoShare) {
  std::vector<float> x = {1, -std::numeric_limits<float>::infinity(), 1};
  EXPECT_FLOAT_EQ(target().exponentials(x.data(), 3, 1), 2);
  EXPECT_EQ(x[1], 0);
}

TEST_P(OfTarget, DotAddScaledAndScaleAreThoseOfTheDefinition) {
  std::mt19937 random(9);
  for (const int count : {1, 7, 16, 33, 64, 129}) {
    const auto n = static_cast<std::size_t>(count);
    const std::vector<float> a = Random(random, n), b = Random(random, n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += double{a[i]} * b[i];
    }
    EXPECT_NEAR(target().dot(a.data(), b.data(), count), sum, 2e-5);
    std::vector<float> y = b;
    target().add_scaled(a.data(), count, 0.25F, y.data());
    std::vector<float> scaled = a;
    target().scale(scaled.data(), count, 3);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_NEAR(y[i], b[i] + a[i] * 0.25F, 1e-6);
      ASSERT_EQ(scaled[i], a[i] * 3);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, OfTarget, testing::ValuesIn(TargetsForTests()),
                         [](const auto& about) { return std::string(about.param->name); });

TEST(MatrixTargets, TheBestRunsHereAndTheReferenceIsPortable) {
  EXPECT_TRUE(BestTarget().runs_here());
  ASSERT_NE(FindTarget("reference"), nullptr);
  EXPECT_EQ(FindTarget("reference")->name, "portable");
  EXPECT_EQ(FindTarget("z80"), nullptr);
}

}  // namespace
}  // namespace pinhole::engine::matrix
