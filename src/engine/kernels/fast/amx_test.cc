// SPDX-License-Identifier: Apache-2.0
// The emulation of AMX's tiles against the manual, and what the AMX target does with tiles: when it
// uses them, how often it multiplies, and that it leaves none behind. That its results are the
// reference's is tested with those of the other targets.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/fast/amx_emulated.h"
#include "engine/kernels/fast/target_for_tests.h"
#include "engine/kernels/ref/naive_model.h"

namespace pinhole::engine::kernels::fast {
namespace {

using ref::Dice;

constexpr std::byte kPoison{0xA5};

TileConfig Config(std::initializer_list<std::pair<int, int>> tiles) {
  TileConfig config;
  int tile = 0;
  for (const auto& [rows, bytes] : tiles) {
    config.Set(tile++, rows, bytes);
  }
  return config;
}

std::vector<std::byte> Bytes(Dice& dice, int count) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < count; ++i) {
    // Ends more often than others: they are where sums of 16 bits would show.
    const int ends[] = {0, 127, 128, 255};
    bytes.push_back(
        static_cast<std::byte>(dice.Int(0, 2) == 0 ? ends[dice.Int(0, 3)] : dice.Int(0, 255)));
  }
  return bytes;
}

TEST(TileRegisters, AProductIsItsDefinition) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice(seed);
    const int rows = dice.Int(1, 16);
    const int steps = dice.Int(1, 16);
    const int lanes = dice.Int(1, 16);
    TileRegisters tiles;
    ASSERT_TRUE(
        tiles.Configure(Config({{rows, lanes * 4}, {rows, steps * 4}, {steps, lanes * 4}})));
    std::vector<std::int32_t> sums(static_cast<std::size_t>(rows * lanes));
    for (std::int32_t& sum : sums) {
      // Some so near the end that they wrap around.
      sum = dice.Int(0, 3) == 0 ? std::numeric_limits<std::int32_t>::max() - dice.Int(0, 9)
                                : dice.Int(-1000, 1000);
    }
    const std::vector<std::byte> data = Bytes(dice, rows * steps * 4);
    const std::vector<std::byte> weights = Bytes(dice, steps * lanes * 4);
    auto* const memory = reinterpret_cast<std::byte*>(sums.data());
    ASSERT_TRUE(tiles.Load(0, memory, lanes * 4) && tiles.Load(1, data.data(), steps * 4) &&
                tiles.Load(2, weights.data(), lanes * 4));
    std::vector<std::int32_t> expected;
    for (int m = 0; m < rows; ++m) {
      for (int n = 0; n < lanes; ++n) {
        std::int64_t sum = sums[static_cast<std::size_t>(m * lanes + n)];
        for (int i = 0; i < steps * 4; ++i) {
          const auto weight = static_cast<std::size_t>(i / 4 * lanes * 4 + n * 4 + i % 4);
          sum += std::to_integer<int>(data[static_cast<std::size_t>(m * steps * 4 + i)]) *
                 static_cast<std::int8_t>(weights[weight]);
        }
        expected.push_back(static_cast<std::int32_t>(sum));
      }
    }
    ASSERT_TRUE(tiles.Dot(0, 1, 2) && tiles.Store(0, memory, lanes * 4));
    ASSERT_EQ(sums, expected) << "seed " << seed;
  }
}

// Of bfloat16, by the manual's own order of operations.
TEST(TileRegisters, ABf16ProductIsItsDefinition) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice(seed);
    const int rows = dice.Int(1, 16);
    const int steps = dice.Int(1, 16);
    const int lanes = dice.Int(1, 16);
    TileRegisters tiles;
    ASSERT_TRUE(
        tiles.Configure(Config({{rows, lanes * 4}, {rows, steps * 4}, {steps, lanes * 4}})));
    const auto number = [&dice] {
      return static_cast<std::uint16_t>(dice.Int(0, 1) << 15 | dice.Int(110, 140) << 7 |
                                        dice.Int(0, 127));
    };
    const auto as_float = [](std::uint16_t half) {
      return std::bit_cast<float>(std::uint32_t{half} << 16);
    };
    std::vector<std::uint16_t> data(static_cast<std::size_t>(rows * steps * 2));
    std::vector<std::uint16_t> weights(static_cast<std::size_t>(steps * lanes * 2));
    std::generate(data.begin(), data.end(), number);
    std::generate(weights.begin(), weights.end(), number);
    std::vector<float> sums(static_cast<std::size_t>(rows * lanes));
    std::generate(sums.begin(), sums.end(), [&] { return as_float(number()); });
    auto* const memory = reinterpret_cast<std::byte*>(sums.data());
    ASSERT_TRUE(tiles.Load(0, memory, lanes * 4) &&
                tiles.Load(1, reinterpret_cast<const std::byte*>(data.data()), steps * 4) &&
                tiles.Load(2, reinterpret_cast<const std::byte*>(weights.data()), lanes * 4));
    std::vector<float> expected;
    for (int m = 0; m < rows; ++m) {
      for (int n = 0; n < lanes; ++n) {
        float even = 0, odd = 0;
        for (int k = 0; k < steps; ++k) {
          const auto x = static_cast<std::size_t>((m * steps + k) * 2);
          const auto w = static_cast<std::size_t>((k * lanes + n) * 2);
          even = std::fma(as_float(data[x]), as_float(weights[w]), even);
          odd = std::fma(as_float(data[x + 1]), as_float(weights[w + 1]), odd);
        }
        expected.push_back(sums[static_cast<std::size_t>(m * lanes + n)] + (even + odd));
      }
    }
    ASSERT_TRUE(tiles.DotBf16(0, 1, 2) && tiles.Store(0, memory, lanes * 4));
    ASSERT_EQ(sums, expected) << "seed " << seed;
  }
}

TEST(TileRegisters, ABf16ProductHasNoNumbersBelowTheNormalOnes) {
  constexpr std::uint16_t kOne = 0x3F80, kSmall = 0x0040, kLeast = 0x0080, kHalf = 0x3F00;
  const auto product = [](std::uint16_t x, std::uint16_t w, float sum) {
    TileRegisters tiles;
    EXPECT_TRUE(tiles.Configure(Config({{1, 4}, {1, 4}, {1, 4}})));
    const std::uint16_t data[2] = {x, 0}, weights[2] = {w, 0};
    auto* const at = reinterpret_cast<std::byte*>(&sum);
    EXPECT_TRUE(tiles.Load(0, at, 4) &&
                tiles.Load(1, reinterpret_cast<const std::byte*>(data), 4) &&
                tiles.Load(2, reinterpret_cast<const std::byte*>(weights), 4) &&
                tiles.DotBf16(0, 1, 2) && tiles.Store(0, at, 4));
    return sum;
  };
  EXPECT_EQ(product(kLeast, kOne, 0), std::numeric_limits<float>::min());
  EXPECT_EQ(product(kSmall, kOne, 0), 0) << "data";
  EXPECT_EQ(product(kOne, kSmall, 0), 0) << "weights";
  EXPECT_EQ(product(kLeast, kHalf, 0), 0) << "a product";
  EXPECT_EQ(product(0, 0, std::numeric_limits<float>::denorm_min()), 0) << "a sum";
}

// A distance of zero reads one row again and again, and a distance is between rows, not behind
// them.
TEST(TileRegisters, TouchWhatIsTheirsAlone) {
  TileRegisters tiles;
  ASSERT_TRUE(tiles.Configure(Config({{3, 8}})));
  Dice dice(1);
  const std::vector<std::byte> row = Bytes(dice, 8);
  ASSERT_TRUE(tiles.Load(0, row.data(), 0));
  std::vector<std::byte> to(2 * 20 + 8, kPoison);
  ASSERT_TRUE(tiles.Store(0, to.data(), 20));
  for (std::size_t i = 0; i < to.size(); ++i) {
    EXPECT_EQ(to[i], i % 20 < 8 ? row[i % 20] : kPoison) << i;
  }
}

TEST(TileRegisters, AreClearedByAConfiguration) {
  TileRegisters tiles;
  ASSERT_TRUE(tiles.Configure(Config({{16, 64}})));
  std::vector<std::byte> memory(1024, kPoison);
  ASSERT_TRUE(tiles.Load(0, memory.data(), 64));
  ASSERT_TRUE(tiles.Configure(Config({{16, 64}})));
  ASSERT_TRUE(tiles.Store(0, memory.data(), 64));
  EXPECT_EQ(memory, std::vector<std::byte>(1024));
}

TEST(TileRegisters, RefuseAConfigurationAsTheProcessorDoes) {
  TileRegisters tiles;
  const auto refused = [&tiles](const auto& change) {
    TileConfig config = Config({{16, 64}, {1, 4}});
    change(config);
    return !tiles.Configure(config) && !tiles.configured();
  };
  EXPECT_TRUE(refused([](TileConfig& c) { c.palette = 2; }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.reserved[13] = 1; }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.Set(1, 17, 64); }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.Set(1, 16, 65); }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.Set(1, 0, 4); }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.Set(1, 1, 0); }));
  EXPECT_TRUE(refused([](TileConfig& c) { c.Set(kTiles, 1, 4); }));
  EXPECT_FALSE(refused([](TileConfig&) {}));
  TileConfig none;
  none.palette = 0;
  EXPECT_TRUE(tiles.Configure(none));
  EXPECT_FALSE(tiles.configured());
}

TEST(TileRegisters, RefuseTilesThatDoNotFit) {
  TileRegisters tiles;
  std::byte memory[1024] = {};
  EXPECT_FALSE(tiles.Load(0, memory, 64)) << "not configured";
  // Sums 4 x 8; data of 4 x 3 steps, of 5 x 3 and of 4 x 2; weights of 3 x 8, of 3 x 7; half a
  // lane.
  ASSERT_TRUE(
      tiles.Configure(Config({{4, 32}, {4, 12}, {5, 12}, {4, 8}, {3, 32}, {3, 28}, {4, 30}})));
  EXPECT_TRUE(tiles.Dot(0, 1, 4) && tiles.DotBf16(0, 1, 4));
  EXPECT_FALSE(tiles.DotBf16(0, 2, 4) || tiles.DotBf16(0, 3, 4) || tiles.DotBf16(0, 1, 5));
  EXPECT_FALSE(tiles.Dot(0, 2, 4)) << "rows";
  EXPECT_FALSE(tiles.Dot(0, 3, 4)) << "steps";
  EXPECT_FALSE(tiles.Dot(0, 1, 5)) << "lanes";
  EXPECT_FALSE(tiles.Dot(6, 1, 4)) << "part of a lane";
  EXPECT_FALSE(tiles.Dot(0, 1, 7)) << "not set";
  EXPECT_FALSE(tiles.Dot(0, 0, 4) || tiles.Dot(0, 4, 4) || tiles.Dot(4, 1, 4)) << "one twice";
  EXPECT_FALSE(tiles.Store(7, memory, 64) || tiles.Load(6, memory, 64));
  tiles.Release();
  EXPECT_FALSE(tiles.Store(0, memory, 64));
}

#if defined(__x86_64__) && defined(__linux__)

// A convolution of `window` columns by as many rows over a square picture.
struct Layer {
  int side, channels, out_channels, window;
};

class AmxTarget : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasAvx512Vnni() || HasAvx512Amx()) {
      GTEST_SKIP()
          << "instructions are counted where they are trapped: on a processor with AVX-512 "
             "VNNI and without AMX";
    }
  }
  // How many products of tiles the target makes of a layer, once it is run.
  static int Products(const Layer& layer) {
    const int out = layer.side - layer.window + 1;
    OpHarness op(OpKind::kConv2d, ConvOptions{1, 1, 1, 1, Padding::kValid, Activation::kRelu});
    op.Input<std::int8_t>({1, layer.side, layer.side, layer.channels},
                          Random(layer.side * layer.side * layer.channels), Q(0.02F, 3));
    op.Constant<std::int8_t>(
        {layer.out_channels, layer.window, layer.window, layer.channels},
        Random(layer.out_channels * layer.window * layer.window * layer.channels), Q(0.01F));
    op.Output<std::int8_t>({1, out, out, layer.out_channels}, Q(0.5F, -128));
    const AmxTraps traps;
    EXPECT_TRUE(op.Run(*FindKernel(kAvx512AmxKernels, OpKind::kConv2d))) << op.why();
    EXPECT_FALSE(AmxTraps::configured()) << "tiles were left as they were";
    return AmxTraps::products();
  }

 private:
  static std::vector<std::int8_t> Random(int count) {
    return Dice(1).Values<std::int8_t>(static_cast<std::size_t>(count));
  }
};

TEST_F(AmxTarget, MakesAsFewProductsAsThereAreTiles) {
  // 64 pixels are 4 tiles, 64 channels 4 vectors, 64 bytes one step of a tile.
  EXPECT_EQ(Products({8, 64, 64, 1}), 4 * 4);
  EXPECT_EQ(Products({8, 68, 64, 1}), 4 * 4 * 2) << "a rest of one step is another product";
  EXPECT_EQ(Products({9, 64, 64, 1}), 6 * 4) << "81 pixels";
  EXPECT_EQ(Products({8, 64, 17, 1}), 4 * 2);
  EXPECT_EQ(Products({8, 64, 16, 1}), 4);
  EXPECT_EQ(Products({12, 64, 16, 1}), 9) << "four at once, four at once and one";
  EXPECT_EQ(Products({2, 64, 80, 1}), 4 + 1) << "four pixels";
  // Rows of 6 pixels, one tile each; three segments of 3 * 32 bytes, two products each.
  EXPECT_EQ(Products({8, 32, 32, 3}), 6 * 2 * 3 * 2);
}

TEST_F(AmxTarget, LeavesWhatIsTooSmallToVectors) {
  EXPECT_EQ(Products({8, 60, 64, 1}), 0) << "fifteen steps";
  EXPECT_EQ(Products({1, 256, 64, 1}), 0) << "one pixel";
  EXPECT_EQ(Products({9, 3, 16, 3}), 0) << "nine steps in three tiles";
  EXPECT_EQ(Products({12, 2, 16, 5}), 0) << "fifteen steps in five tiles";
  EXPECT_GT(Products({12, 3, 16, 7}), 0) << "42 steps in seven tiles";
}

#endif

}  // namespace
}  // namespace pinhole::engine::kernels::fast
