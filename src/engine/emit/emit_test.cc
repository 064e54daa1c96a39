// SPDX-License-Identifier: Apache-2.0
// Laws of what the emitter proves and learns, and what it refuses.
#include "engine/emit/emit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <random>

#include "base/test_data.h"
#include "engine/emit/pack.h"
#include "engine/emit/probe.h"
#include "engine/emit/runtime/pinhole_nn.h"
#include "engine/emit/runtime_files.h"
#include "engine/emit/source_text.h"
#include "system/failure.h"

namespace pinhole::engine::emit {
namespace {

struct RandomSum {
  std::vector<std::int8_t> weights, data;
  std::vector<std::int32_t> biases;
  int channels = 0, depth = 0, places = 0;
};

RandomSum MakeSum(std::mt19937& random, bool extreme) {
  RandomSum sum;
  sum.channels = static_cast<int>(1 + random() % 19);
  sum.depth = static_cast<int>(1 + random() % 70);
  sum.places = static_cast<int>(1 + random() % 5);
  const auto any = [&](int low, int high) {
    return static_cast<int>(low +
                            static_cast<int>(random() % static_cast<unsigned>(high - low + 1)));
  };
  for (int i = 0; i < sum.channels * sum.depth; ++i) {
    const int weight = extreme ? (any(0, 1) == 0 ? 127 : -127) : any(-127, 127);
    sum.weights.push_back(static_cast<std::int8_t>(weight));
  }
  for (int i = 0; i < sum.places * sum.depth + 4; ++i) {
    const int x = extreme ? (any(0, 1) == 0 ? 127 : -128) : any(-128, 127);
    sum.data.push_back(static_cast<std::int8_t>(x));
  }
  for (int i = 0; i < sum.channels; ++i) {
    sum.biases.push_back(any(-20000, 20000));
  }
  return sum;
}

constexpr base::FixedMultiplier kMultiplier{1518500250, -8};  // 0.00276
constexpr OutputRange kInt8{3, -128, 127};

std::int8_t Expected(const RandomSum& sum, int place, int channel) {
  std::int32_t total = sum.biases[static_cast<std::size_t>(channel)];
  for (int k = 0; k < sum.depth; ++k) {
    total += sum.data[static_cast<std::size_t>(place * sum.depth + k)] *
             sum.weights[static_cast<std::size_t>(channel * sum.depth + k)];
  }
  const int y = base::MultiplyByQuantizedMultiplier(total, kMultiplier) + kInt8.zero;
  return static_cast<std::int8_t>(std::clamp(y, kInt8.low, kInt8.high));
}

// The runtime's kernel for `layout` on one row of places, in the quick form where that is wished.
void ExpectKernel(const RandomSum& sum, Layout layout, bool quick_form, bool spread) {
  const Matrix matrix{sum.weights, sum.channels, sum.depth};
  const std::optional<Pairs> pairs = PackPairs(matrix);
  ASSERT_TRUE(pairs);
  const std::vector<std::uint32_t> quads = PackQuads(matrix);
  std::vector<ScaleDemand> demands;
  for (int c = 0; c < sum.channels; ++c) {
    demands.push_back({kMultiplier, RangeOf(matrix, c, sum.biases[static_cast<std::size_t>(c)])});
  }
  const std::optional<Quick> quick = FindQuick(demands, kInt8);
  ASSERT_TRUE(quick);
  std::vector<pinhole_nn::Channel> channels;
  for (std::size_t c = 0; c < sum.biases.size(); ++c) {
    const bool low_lane = layout == Layout::kPairs && c % 2 == 0;
    channels.push_back({sum.biases[c] - (low_lane ? pairs->spills[c / 8] * 32768 : 0),
                        quick_form ? quick->channels[c].a : kMultiplier.fraction,
                        quick_form ? quick->channels[c].b : kMultiplier.shift});
  }
  // Columns as the kernel copies them: padded.
  const int unit = layout == Layout::kQuads ? 4 : 2;
  const int depth = (sum.depth + unit - 1) / unit * unit;
  std::vector<std::int8_t> columns(static_cast<std::size_t>(depth * sum.places));
  std::vector<std::uint32_t> expanded(static_cast<std::size_t>(depth) * 4);
  std::vector<std::int8_t> data = sum.data;
  std::vector<std::int8_t> out(static_cast<std::size_t>(sum.places * sum.channels), 99);
  const auto s16 = [](int value) { return static_cast<std::int16_t>(value); };
  const pinhole_nn::Sum call{
      {data.data(), sum.depth * sum.places, 1},
      {out.data(), sum.channels * sum.places, 1},
      {1, s16(sum.places), s16(sum.depth), s16(sum.places), s16(sum.channels), 1, 1, 1, 1, 1, 1, 0,
       0},
      {channels.data(), s16(quick_form ? quick->bits : 0), s16(kInt8.zero), s16(kInt8.low),
       s16(kInt8.high)},
      layout == Layout::kPairs ? static_cast<const void*>(pairs->words.data()) : quads.data(),
      pairs->chunks.data(),
      columns.data(),
      spread ? expanded.data() : nullptr,
      depth,
      0,
      s16(sum.places)};
  (layout == Layout::kPairs ? pinhole_nn::SumPairs : pinhole_nn::SumQuads)(call, 0, 1);
  for (int place = 0; place < sum.places; ++place) {
    for (int c = 0; c < sum.channels; ++c) {
      ASSERT_EQ(out[static_cast<std::size_t>(place * sum.channels + c)], Expected(sum, place, c))
          << "place " << place << " channel " << c << " depth " << sum.depth;
    }
  }
}

TEST(Kernels, GiveTheReferencesIntegers) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const RandomSum sum = MakeSum(random, round % 3 == 0);
    ExpectKernel(sum, Layout::kPairs, false, false);
    ExpectKernel(sum, Layout::kPairs, true, true);
    ExpectKernel(sum, Layout::kQuads, false, false);
  }
}

// Sums inside a lane stay inside whatever the data: so much is a chunk's promise.
TEST(PackPairs, EveryChunkFitsALane) {
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    const RandomSum sum = MakeSum(random, round % 2 == 0);
    const Matrix matrix{sum.weights, sum.channels, sum.depth};
    const std::optional<Pairs> pairs = PackPairs(matrix);
    ASSERT_TRUE(pairs);
    const std::uint8_t* chunk = pairs->chunks.data();
    for (int group = 0; group * 8 < sum.channels; ++group, ++chunk) {
      int tap = 0;
      for (; *chunk != 0; tap += 2 * *chunk++) {
        for (int c = group * 8; c < group * 8 + 8; ++c) {
          int size = 0;
          for (int k = tap; k < tap + 2 * *chunk; ++k) {
            size += std::abs(matrix.at(c, k)) * 128;
          }
          EXPECT_LE(size, 2 * 32768);
          int low = 0;
          int high = 0;
          for (int k = tap; k < tap + 2 * *chunk; ++k) {
            const int w = matrix.at(c, k);
            low += std::min(w * -128, w * 127);
            high += std::max(w * -128, w * 127);
          }
          EXPECT_GE(low, -32768);
          EXPECT_LE(high, 32767);
        }
      }
      EXPECT_GE(tap, sum.depth);
      EXPECT_LE(tap, sum.depth + 1);
    }
  }
}

TEST(PackPairs, RefusesWeightsThatNoLaneHolds) {
  const std::vector<std::int8_t> weights = {-128, -128};
  EXPECT_FALSE(PackPairs({weights, 1, 2}));
}

// The quick form gives the exact form's output for every sum, not only for those that were tried.
TEST(FindQuick, EqualsTheExactFormForEverySum) {
  std::mt19937 random(3);
  int found = 0;
  for (int round = 0; round < 40; ++round) {
    const auto fraction = static_cast<std::int32_t>((1U << 30) + random() % ((1U << 30) - 1));
    const base::FixedMultiplier multiplier{fraction, -static_cast<int>(4 + random() % 7)};
    const int reach = 1 << (12 + random() % 9);
    const OutputRange output{static_cast<std::int32_t>(random() % 256) - 128, -128, 127};
    const ScaleDemand demand{multiplier, {-reach, reach}};
    const std::optional<Quick> quick = FindQuick({&demand, 1}, output);
    if (!quick) {
      continue;
    }
    ++found;
    for (std::int32_t sum = -reach; sum <= reach; ++sum) {
      const std::int64_t exact = base::MultiplyByQuantizedMultiplier(sum, multiplier) + output.zero;
      const std::int64_t short_form =
          QuickScaled(sum, quick->channels[0], quick->bits) + output.zero;
      ASSERT_EQ(std::clamp<std::int64_t>(short_form, -128, 127),
                std::clamp<std::int64_t>(exact, -128, 127))
          << sum << " * " << fraction << " * 2^" << multiplier.shift;
    }
  }
  EXPECT_GT(found, 20);
}

// What CompressMoves says, done; against what it was told.
TEST(CompressMoves, GivesBackEverySource) {
  std::mt19937 random(4);
  std::vector<std::vector<Source>> cases;
  std::vector<Source> transposed;
  for (int i = 0; i < 60; ++i) {
    transposed.push_back({0, (i % 5) * 12 + i / 5});
  }
  cases.push_back(transposed);
  std::vector<Source> padded;
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 9; ++x) {
      const bool inside = y > 0 && y < 5 && x > 1 && x < 8;
      padded.push_back(inside ? Source{1, (y - 1) * 6 + x - 2} : Source{-1, 7});
    }
  }
  cases.push_back(padded);
  std::vector<Source> any;
  for (int i = 0; i < 80; ++i) {
    any.push_back({static_cast<int>(random() % 2), static_cast<std::int64_t>(random() % 50)});
  }
  cases.push_back(any);
  std::vector<Source> joined;  // a column of pairs beside a column of threes
  for (int i = 0; i < 100; ++i) {
    joined.push_back(
        {i % 5 < 2 ? 0 : 1, i / 5 * (i % 5 < 2 ? 2 : 3) + (i % 5 < 2 ? i % 5 : i % 5 - 2)});
  }
  cases.push_back(joined);
  for (const std::vector<Source>& sources : cases) {
    std::vector<Source> made(sources.size(), {9, 9});
    for (const LearntMove& move : CompressMoves(sources)) {
      for (int i = 0; i < move.count[0]; ++i) {
        for (int j = 0; j < move.count[1]; ++j) {
          for (int k = 0; k < move.count[2]; ++k) {
            const std::int64_t out =
                move.out + i * move.out_step[0] + j * move.out_step[1] + k * move.out_step[2];
            const std::int64_t in =
                move.in + i * move.in_step[0] + j * move.in_step[1] + k * move.in_step[2];
            for (std::int64_t b = 0; b < move.bytes; ++b) {
              made[static_cast<std::size_t>(out + b)] =
                  move.input >= 0 ? Source{move.input, in + b} : Source{-1, move.fill};
            }
          }
        }
      }
    }
    for (std::size_t i = 0; i < sources.size(); ++i) {
      EXPECT_EQ(made[i].input, sources[i].input);
      EXPECT_EQ(made[i].at, sources[i].at);
    }
  }
  EXPECT_LE(CompressMoves(transposed).size(), 1U);
  EXPECT_EQ(CompressMoves(joined).size(), 2U);
}

std::string WhatEmitSays(const std::string& path, const EmitOptions& options) {
  try {
    (void)Emit(path, options);
  } catch (const system::Failure& failure) {
    return failure.what();
  }
  return "";
}

TEST(CheckFits, SaysWhatIsTooMuchForRamAndFlashApart) {
  const Target target = *FindTarget("rp2040");
  Budget budget;
  budget.arena = target.ram_bytes + 1;
  try {
    CheckFits("m.tflite", target, budget);
    FAIL();
  } catch (const system::Failure& failure) {
    const std::string said = failure.what();
    EXPECT_NE(said.find("RAM"), std::string::npos) << said;
    EXPECT_NE(said.find(", 1 too many"), std::string::npos) << said;
    EXPECT_EQ(said.find("flash"), std::string::npos) << said;
    EXPECT_NE(said.find("--target rp2350"), std::string::npos) << said;
  }
  budget.weights = target.flash_bytes + 5;
  budget.arena = 100 * target.ram_bytes;
  try {
    CheckFits("m.tflite", target, budget);
    FAIL();
  } catch (const system::Failure& failure) {
    const std::string said = failure.what();
    EXPECT_NE(said.find("flash"), std::string::npos) << said;
    EXPECT_NE(said.find(", 5 too many"), std::string::npos) << said;
    EXPECT_NE(said.find("a larger chip"), std::string::npos) << said;
  }
  EXPECT_NO_THROW(CheckFits("m.tflite", *FindTarget("host"), budget));
}

TEST(Emit, RefusesByNameWhatItHasNoKernelFor) {
  const auto model = base::TestData("models/trained_lstm_int8.tflite");
  if (!std::filesystem::exists(model)) {
    GTEST_SKIP() << model << " is missing (set PINHOLE_DATA)";
  }
  const std::string said = WhatEmitSays(model.string(), {.target = *FindTarget("host")});
  EXPECT_NE(said.find("operator 0 UNIDIRECTIONAL_SEQUENCE_LSTM"), std::string::npos) << said;
  EXPECT_NE(WhatEmitSays(model.string(), {.target = *FindTarget("host"), .name_space = "1x"})
                .find("namespace"),
            std::string::npos);
}

TEST(Emit, WritesNoRuntimeFileThatIsNotUsed) {
  const auto model = base::TestData("models/hello_world_int8.tflite");
  if (!std::filesystem::exists(model)) {
    GTEST_SKIP() << model << " is missing (set PINHOLE_DATA)";
  }
  const Emitted emitted =
      Emit(model.string(), {.target = *FindTarget("rp2040"), .name_space = "hello"});
  std::vector<std::string> names;
  for (const EmittedFile& file : emitted.files) {
    names.push_back(file.name);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"hello.h", "hello.cc", "pinhole_nn.h", "pinhole_nn_columns.h",
                                      "pinhole_nn_math.h", "pinhole_nn_sum_pairs.cc"}));
  EXPECT_EQ(Emit(model.string(), {*FindTarget("rp2040"), "hello", false}).files.size(), 2U);
}

TEST(SourceText, FloatsReadBackTheSame) {
  for (const float value : {0.0F, 1.0F, -1.5F, 3.14159274F, 1e-30F}) {
    EXPECT_EQ(std::stof(FloatText(value)), value);
  }
  EXPECT_TRUE(IsIdentifier("a_1"));
  EXPECT_FALSE(IsIdentifier("a-1"));
  EXPECT_EQ(ConstantName("pinhole.detector"), "kPinholeDetector");
  EXPECT_EQ(LiteralText("a\n\"b\\", "  "), "  \"a\\n\"\n  \"\\\"b\\\\\"");
  EXPECT_EQ(LiteralText("", " "), " \"\"");
  EXPECT_FALSE(LiteralText("a\tb", ""));
}

}  // namespace
}  // namespace pinhole::engine::emit
