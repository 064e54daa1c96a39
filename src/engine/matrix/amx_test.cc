// SPDX-License-Identifier: Apache-2.0
// What AMX's targets do with tiles: when they use them, how often they multiply, that none is left
// behind, and that many random products are the vectors' to the bit, or for bfloat16 the
// emulation's. Each target's products against their definition are in matrix_test.cc.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "engine/kernels/fast/amx_traps.h"
#include "engine/kernels/fast/cpu.h"
#include "engine/matrix/target_for_tests.h"

namespace pinhole::engine::matrix {
namespace {

struct RandomProduct {
  explicit RandomProduct(unsigned seed) : random(seed) {
    const auto from_to = [this](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    outputs = from_to(1, 200);
    inputs = from_to(1, 3) == 1 ? from_to(1, 64) : from_to(1, 400);
    rows = from_to(1, 2) == 1 ? from_to(1, 20) : from_to(1, 70);
    w = Random(random, static_cast<std::size_t>(outputs * inputs));
    bias = Random(random, static_cast<std::size_t>(outputs));
    x = Random(random, static_cast<std::size_t>(rows * inputs));
    y = Random(random, static_cast<std::size_t>(rows * outputs));
  }

  // y + x times w: what was there is added to, so that a row that is done twice shows.
  [[nodiscard]] std::vector<float> AddedBy(const Target& target, Precision precision) const {
    const Shape shape{precision, outputs, inputs};
    const Packed packed(target, shape, {w.data(), inputs, 1, bias.data()});
    AlignedMemory prepared(target.prepared_bytes(shape, rows));
    const Rows ready = target.prepare(shape, x.data(), inputs, rows, prepared.at());
    std::vector<float> sums = y;
    target.multiply(packed.matrix(), ready, 0, target.blocks(outputs), sums.data(), outputs,
                    Then::kAdd);
    return sums;
  }

  std::mt19937 random;
  int outputs = 0, inputs = 0, rows = 0;
  std::vector<float> w, bias, x, y;
};

testing::AssertionResult SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i], &b[i], 4) != 0) {
      return testing::AssertionFailure() << a[i] << " and " << b[i] << " at " << i;
    }
  }
  return testing::AssertionSuccess();
}

TEST(EmulatedAmx, Int8ProductsAreTheVectorsToTheBit) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    const RandomProduct product(seed);
    ASSERT_TRUE(SameBits(product.AddedBy(kEmulatedAmxTarget, Precision::kInt8),
                         product.AddedBy(*FindTarget("portable"), Precision::kInt8)))
        << product.outputs << "x" << product.inputs << ", " << product.rows << " rows";
  }
}

#if defined(__x86_64__) && defined(__linux__)

class TrappedAmx : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernels::fast::HasAvx512Bf16() || kernels::fast::HasAvx512AmxBf16()) {
      GTEST_SKIP() << "instructions are counted where they are trapped: on a processor with "
                      "AVX-512 VNNI and BF16 and without AMX";
    }
  }
  static const Target& Vectors() { return *FindTarget("avx512bf16"); }
  static const Target& Tiles() { return *TrappedAmxTarget(); }

  // How many products of tiles the target makes of a product.
  static int Products(Precision precision, int outputs, int inputs, int rows) {
    std::mt19937 random(1);
    const Shape shape{precision, outputs, inputs};
    const auto w = Random(random, static_cast<std::size_t>(outputs * inputs));
    const auto x = Random(random, static_cast<std::size_t>(rows * inputs));
    const Packed packed(Tiles(), shape, {w.data(), inputs});
    const kernels::fast::AmxTraps traps;
    Product(Tiles(), packed.matrix(), x, rows, inputs);
    EXPECT_FALSE(kernels::fast::AmxTraps::configured()) << "tiles were left as they were";
    return kernels::fast::AmxTraps::products();
  }
};

TEST_F(TrappedAmx, PacksAndPreparesAsTheVectorsDo) {
  const RandomProduct product(1);
  for (const Precision precision :
       {Precision::kF32, Precision::kBf16, Precision::kInt8, Precision::kSplit}) {
    const Shape shape{precision, product.outputs, product.inputs};
    const Weights weights{product.w.data(), product.inputs, 1, product.bias.data()};
    const Packed a(Tiles(), shape, weights), b(Vectors(), shape, weights);
    ASSERT_EQ(Tiles().packed_bytes(shape), Vectors().packed_bytes(shape));
    EXPECT_EQ(std::memcmp(a.matrix().packed, b.matrix().packed, Tiles().packed_bytes(shape)), 0);
    EXPECT_EQ(Tiles().prepare, Vectors().prepare);
  }
}

TEST_F(TrappedAmx, ProductsAreTheVectorsToTheBitAndThoseOfBf16TheEmulations) {
  const kernels::fast::AmxTraps traps;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const RandomProduct product(1000 + seed);
    for (const Precision precision :
         {Precision::kInt8, Precision::kBf16, Precision::kSplit, Precision::kF32}) {
      const Target& other = precision == Precision::kBf16 ? kEmulatedAmxTarget : Vectors();
      ASSERT_TRUE(SameBits(product.AddedBy(Tiles(), precision), product.AddedBy(other, precision)))
          << product.outputs << "x" << product.inputs << ", " << product.rows << " rows, precision "
          << static_cast<int>(precision);
    }
  }
  EXPECT_GT(kernels::fast::AmxTraps::products(), 10000);
}

TEST_F(TrappedAmx, MakesAsFewProductsAsThereAreTiles) {
  // 64 outputs are four vectors, 16 rows a tile, 64 bytes one step of a tile.
  EXPECT_EQ(Products(Precision::kInt8, 64, 64, 16), 4);
  EXPECT_EQ(Products(Precision::kInt8, 64, 65, 16), 4 * 2) << "a rest of one step is another";
  EXPECT_EQ(Products(Precision::kInt8, 65, 64, 16), 4 * 2) << "two blocks";
  EXPECT_EQ(Products(Precision::kInt8, 64, 64, 17), 4 * 2) << "two tiles of nine";
  EXPECT_EQ(Products(Precision::kBf16, 64, 32, 16), 4);
  EXPECT_EQ(Products(Precision::kBf16, 64, 33, 16), 4 * 2);
}

TEST_F(TrappedAmx, LeavesToVectorsWhatIsTooSmallOrNotForTiles) {
  EXPECT_EQ(Products(Precision::kInt8, 64, 256, 3), 0) << "three rows";
  EXPECT_EQ(Products(Precision::kInt8, 64, 60, 16), 0) << "fifteen steps";
  EXPECT_EQ(Products(Precision::kF32, 64, 256, 16), 0);
  EXPECT_EQ(Products(Precision::kSplit, 64, 256, 16), 0);
  // A row of bfloat16 must not depend on how many come with it.
  EXPECT_EQ(Products(Precision::kBf16, 64, 1, 1), 4);
}

#endif

}  // namespace
}  // namespace pinhole::engine::matrix
