// SPDX-License-Identifier: Apache-2.0
// Laws of what the emitter proves and learns, and what it refuses.
#include "engine/emit/emit.h"

#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <numeric>
#include <random>
#include <thread>

#include "base/test_data.h"
#include "engine/emit/pack.h"
#include "engine/emit/probe.h"
#include "engine/emit/runtime/pinhole_nn_math.h"
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

enum class Kernel : std::uint8_t { kPlain, kPairs, kChunks, kQuads };

// A thread that starts when it is told to: what a program gives to Run.
std::thread second_thread;
constexpr pinhole_nn::SecondCore kSecondThread{
    [](void (*job)(void*), void* context) { second_thread = std::thread(job, context); },
    [] { second_thread.join(); }};

struct How {
  Kernel kernel = Kernel::kPlain;
  bool fast_form = false;  // the quick or the wide one
  bool spread = false;     // weights spread to RAM
  bool two_cores = false;
};

std::vector<std::uint32_t> WordsFor(Kernel kernel, const Matrix& matrix, int depth) {
  switch (kernel) {
    case Kernel::kPairs: return *PackPairs(matrix);
    case Kernel::kChunks: return PackChunks(matrix)->words;
    case Kernel::kQuads: return PackQuads(matrix);
    case Kernel::kPlain: break;
  }
  std::vector<std::uint32_t> words(static_cast<std::size_t>(matrix.channels * depth / 4));
  for (int i = 0; i < matrix.channels * depth; ++i) {
    words[static_cast<std::size_t>(i / 4)] |=
        std::uint32_t{static_cast<std::uint8_t>(matrix.at(i / depth, i % depth))} << 8 * (i % 4);
  }
  return words;
}

// The runtime's kernel on one row of places.
void ExpectKernel(const RandomSum& sum, const How& how) {
  const Matrix matrix{sum.weights, sum.channels, sum.depth};
  const std::optional<Chunks> chunks = PackChunks(matrix);
  ASSERT_TRUE(chunks);
  std::vector<ScaleDemand> demands;
  for (int c = 0; c < sum.channels; ++c) {
    demands.push_back({kMultiplier, RangeOf(matrix, c, sum.biases[static_cast<std::size_t>(c)])});
  }
  ScaleForm form = ExactForm(demands);
  if (how.fast_form) {
    const auto found = how.kernel == Kernel::kQuads ? FindWide(demands) : FindQuick(demands, kInt8);
    ASSERT_TRUE(found);
    form = *found;
  }
  std::vector<pinhole_nn::Channel> channels((sum.biases.size() + 3) / 4 * 4);
  for (std::size_t c = 0; c < sum.biases.size(); ++c) {
    const bool low_lane = how.kernel == Kernel::kChunks && c % 2 == 0;
    channels[c] = {sum.biases[c] - (low_lane ? chunks->spills[c / 8] * 32768 : 0),
                   form.channels[c].a, form.channels[c].b, form.channels[c].c};
  }
  // Columns as the kernel copies them: padded. Scratch of two cores, one behind the other.
  const int depth = (sum.depth + 3) / 4 * 4;
  const int scratch = depth * 8 + depth * sum.places;
  std::vector<std::uint32_t> memory(static_cast<std::size_t>(2 * scratch / 4));
  const std::vector<std::uint32_t> words = WordsFor(how.kernel, matrix, depth);
  std::vector<std::int8_t> data = sum.data;
  std::vector<std::int8_t> out(static_cast<std::size_t>(sum.places * sum.channels), 99);
  const auto s16 = [](int value) { return static_cast<std::int16_t>(value); };
  const pinhole_nn::Sum call{
      {data.data(), sum.depth * sum.places, 1},
      {out.data(), sum.channels * sum.places, 1},
      {1, s16(sum.places), s16(sum.depth), s16(sum.places), s16(sum.channels), 1, 1, 1, 1, 1, 1, 0,
       0},
      {channels.data(), s16(form.form), s16(kInt8.zero), s16(kInt8.low), s16(kInt8.high)},
      words.data(),
      chunks->chunks.data(),
      reinterpret_cast<std::int8_t*>(memory.data()) + depth * 8,
      how.spread ? memory.data() : nullptr,
      depth,
      scratch,
      0,
      s16(sum.places)};
  constexpr void (*kFunctions[])(const pinhole_nn::Sum&, int, int,
                                 const pinhole_nn::SecondCore*) = {
      pinhole_nn::SumPlain, pinhole_nn::SumPairs, pinhole_nn::SumChunks, pinhole_nn::SumQuads};
  kFunctions[static_cast<int>(how.kernel)](call, 0, 1, how.two_cores ? &kSecondThread : nullptr);
  for (int place = 0; place < sum.places; ++place) {
    for (int c = 0; c < sum.channels; ++c) {
      ASSERT_EQ(out[static_cast<std::size_t>(place * sum.channels + c)], Expected(sum, place, c))
          << "place " << place << " channel " << c << " depth " << sum.depth;
    }
  }
}

TEST(Kernels, GiveTheReferencesIntegersOnOneCoreAndOnTwo) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const RandomSum sum = MakeSum(random, round % 3 == 0);
    for (const bool two_cores : {false, true}) {
      ExpectKernel(sum, {Kernel::kPlain, false, false, two_cores});
      ExpectKernel(sum, {Kernel::kPairs, false, true, two_cores});
      ExpectKernel(sum, {Kernel::kPairs, true, true, two_cores});
      ExpectKernel(sum, {Kernel::kChunks, true, false, two_cores});
      ExpectKernel(sum, {Kernel::kQuads, false, false, two_cores});
      ExpectKernel(sum, {Kernel::kQuads, true, true, two_cores});
    }
  }
}

struct RandomDepthwise {
  pinhole_nn::Window window{};
  int multiplier = 1, rows = 0, in_zero = 0;
  std::vector<std::int8_t> in, weights;  // weights [channel][window row][window column]
  std::vector<pinhole_nn::Channel> channels;
};

// Any window over any picture.
RandomDepthwise MakeDepthwise(std::mt19937& random) {
  const auto any = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  const auto s16 = [](int value) { return static_cast<std::int16_t>(value); };
  RandomDepthwise made;
  pinhole_nn::Window& w = made.window;
  const int square = any(0, 3);  // one of four: 3 x 3; one of four: 5 x 5
  w.height = s16(square == 1 ? 3 : square == 2 ? 5 : any(1, 5));
  w.width = s16(square == 1 || square == 2 ? w.height : any(1, 5));
  w.stride_h = s16(any(1, 2));
  w.stride_w = s16(any(1, 3));
  w.dilation_h = s16(any(1, 2));
  w.dilation_w = s16(square == 1 || square == 2 ? 1 : any(1, 2));
  w.pad_h = s16(any(0, (w.height - 1) * w.dilation_h));
  w.pad_w = s16(any(0, (w.width - 1) * w.dilation_w));
  w.in_rows = s16((w.height - 1) * w.dilation_h + any(1, 6));
  w.in_columns = s16((w.width - 1) * w.dilation_w + any(1, 6));
  w.in_channels = s16(any(1, 5));
  made.multiplier = any(1, 2);
  w.out_channels = s16(w.in_channels * made.multiplier);
  made.rows = (w.in_rows + w.pad_h - (w.height - 1) * w.dilation_h - 1) / w.stride_h + 1;
  w.out_columns = s16((w.in_columns + w.pad_w - (w.width - 1) * w.dilation_w - 1) / w.stride_w + 1);
  made.in_zero = any(-128, 127);
  made.in.resize(static_cast<std::size_t>(w.in_rows * w.in_columns * w.in_channels));
  for (std::int8_t& x : made.in) {
    x = static_cast<std::int8_t>(any(0, 3) == 0 ? -128 : any(-128, 127));
  }
  made.weights.resize(static_cast<std::size_t>(w.out_channels * w.height * w.width));
  for (std::int8_t& x : made.weights) {
    x = static_cast<std::int8_t>(any(0, 3) == 0 ? -127 : any(-127, 127));
  }
  for (int c = 0; c < w.out_channels; ++c) {
    // The most that a lane must hold: one weight of -128.
    made.weights[static_cast<std::size_t>(c * w.height * w.width)] = -128;
    made.channels.push_back({any(-3000, 3000), kMultiplier.fraction, kMultiplier.shift, 0});
  }
  return made;
}

// The sum written out.
int DepthwiseExpected(const RandomDepthwise& made, int y, int x, int c) {
  const pinhole_nn::Window& w = made.window;
  std::int32_t total = made.channels[static_cast<std::size_t>(c)].bias;
  for (int i = 0; i < w.height; ++i) {
    for (int j = 0; j < w.width; ++j) {
      const int row = y * w.stride_h - w.pad_h + i * w.dilation_h;
      const int column = x * w.stride_w - w.pad_w + j * w.dilation_w;
      const bool inside = row >= 0 && row < w.in_rows && column >= 0 && column < w.in_columns;
      const int datum =
          inside ? made.in[static_cast<std::size_t>((row * w.in_columns + column) * w.in_channels +
                                                    c / made.multiplier)]
                 : made.in_zero;
      total += datum * made.weights[static_cast<std::size_t>((c * w.height + i) * w.width + j)];
    }
  }
  return std::clamp(base::MultiplyByQuantizedMultiplier(total, kMultiplier) + kInt8.zero, -128,
                    127);
}

using DepthwiseFunction = void (*)(const pinhole_nn::Depthwise&, int, int,
                                   const pinhole_nn::SecondCore*);

// band 0: a function that takes weights by columns.
void ExpectDepthwise(RandomDepthwise made, DepthwiseFunction function, int band, bool two_cores) {
  const pinhole_nn::Window& w = made.window;
  const auto s16 = [](int value) { return static_cast<std::int16_t>(value); };
  std::vector<std::int8_t> turned = made.weights;
  const int taps = w.height * w.width;
  for (int i = 0; band == 0 && i < static_cast<int>(turned.size()); ++i) {
    const int tap = i % taps;
    turned[static_cast<std::size_t>(i)] =
        made.weights[static_cast<std::size_t>(i - tap + tap % w.height * w.width + tap / w.height)];
  }
  // As geometry.cc reckons it.
  const int covered = (w.out_columns - 1) * w.stride_w + (w.width - 1) * w.dilation_w + 1;
  const int half = ((w.out_columns + 1) / 2 - 1) * w.stride_w + (w.width - 1) * w.dilation_w + 1;
  const int words =
      band == 0 ? w.height * (w.width + covered) + w.out_columns
                : taps + band * w.out_columns + 1 +
                      ((band - 1) * w.stride_h + (w.height - 1) * w.dilation_h + 1) * (half + 1);
  constexpr std::uint32_t kUntouched = 0x5A5A5A5A;
  std::vector<std::uint32_t> scratch(static_cast<std::size_t>(2 * words + 1), kUntouched);
  std::vector<std::int8_t> out(
      static_cast<std::size_t>(made.rows * w.out_columns * w.out_channels));
  const pinhole_nn::Depthwise call{{made.in.data(), w.in_columns * w.in_channels, w.in_rows},
                                   {out.data(), w.out_columns * w.out_channels, made.rows},
                                   w,
                                   {made.channels.data(), 0, s16(kInt8.zero), -128, 127},
                                   turned.data(),
                                   scratch.data(),
                                   4 * words,
                                   s16(made.multiplier),
                                   static_cast<std::int8_t>(made.in_zero),
                                   static_cast<std::uint8_t>(band)};
  function(call, 0, made.rows, two_cores ? &kSecondThread : nullptr);
  ASSERT_EQ(scratch.back(), kUntouched);
  ASSERT_TRUE(two_cores || scratch[static_cast<std::size_t>(words)] == kUntouched);
  for (int y = 0; y < made.rows; ++y) {
    for (int x = 0; x < w.out_columns; ++x) {
      for (int c = 0; c < w.out_channels; ++c) {
        ASSERT_EQ(out[static_cast<std::size_t>((y * w.out_columns + x) * w.out_channels + c)],
                  DepthwiseExpected(made, y, x, c))
            << y << " " << x << " " << c << " of " << made.rows << " x " << w.out_columns
            << ", window " << w.height << " x " << w.width << ", band " << band;
      }
    }
  }
}

TEST(Kernels, DepthwiseIsTheSumWrittenOut) {
  std::mt19937 random(5);
  int lanes = 0;
  for (int round = 0; round < 600; ++round) {
    const RandomDepthwise made = MakeDepthwise(random);
    const pinhole_nn::Window& w = made.window;
    const bool two_cores = round % 2 == 0;
    const auto is = [&](int size) {
      return w.height == size && w.width == size && w.dilation_w == 1;
    };
    ExpectDepthwise(made, pinhole_nn::DepthwiseRows, 0, two_cores);
    ExpectDepthwise(made, pinhole_nn::DepthwisePaired, 0, two_cores);
    if (is(3)) {
      ExpectDepthwise(made, pinhole_nn::DepthwiseThree, 0, two_cores);
      ExpectDepthwise(made, pinhole_nn::DepthwisePairedThree, 0, two_cores);
    }
    const int half = (w.out_columns + 1) / 2 * w.stride_w;
    if (w.out_columns < 2 || half < w.pad_w || half > w.in_columns) {
      continue;
    }
    const int band = 1 + round % (made.rows + 1);
    ExpectDepthwise(made, pinhole_nn::DepthwiseLanes, band, two_cores);
    if (is(3)) {
      ExpectDepthwise(made, pinhole_nn::DepthwiseLanesThree, band, two_cores);
    }
    if (is(5)) {
      ExpectDepthwise(made, pinhole_nn::DepthwiseLanesFive, band, two_cores);
    }
    ++lanes;
  }
  EXPECT_GT(lanes, 200);
}

TEST(LanesHold, RefusesASecondWeightOfMinus128InAChannel) {
  // [tap][channel], two channels.
  std::vector<std::int8_t> weights = {-128, 127, -127, -128, 5, -127};
  EXPECT_TRUE(LanesHold(weights, 2));
  weights[5] = -128;
  EXPECT_FALSE(LanesHold(weights, 2));
  weights[5] = 0;
  weights[4] = -128;
  EXPECT_FALSE(LanesHold(weights, 2));
}

// Half of the halves: the wide form's one rounding is the reference's two.
TEST(FindWide, EqualsTheExactFormForEverySum) {
  std::mt19937 random(6);
  for (int round = 0; round < 20; ++round) {
    const auto fraction = static_cast<std::int32_t>((1U << 30) + random() % ((1U << 30) - 1));
    const base::FixedMultiplier multiplier{fraction, -static_cast<int>(1 + random() % 12)};
    const ScaleDemand demand{multiplier, {-70000, 70000}};
    const std::optional<ScaleForm> wide = FindWide({&demand, 1});
    ASSERT_TRUE(wide);
    const pinhole_nn::Channel channel{0, wide->channels[0].a, wide->channels[0].b, 0};
    const pinhole_nn::Finish finish{&channel, static_cast<std::int16_t>(wide->form), 0, -32768,
                                    32767};
    for (std::int32_t sum = -70000; sum <= 70000; ++sum) {
      std::int8_t out = 0;
      pinhole_nn::FinishAll(finish, &channel, 1, &sum, 1, &out, 1);
      ASSERT_EQ(out, static_cast<std::int8_t>(base::MultiplyByQuantizedMultiplier(sum, multiplier)))
          << sum << " * " << fraction << " * 2^" << multiplier.shift;
    }
  }
  const ScaleDemand left{{1 << 30, 1}, {-5, 5}};
  EXPECT_FALSE(FindWide({&left, 1}));
}

// Sums inside a lane stay inside whatever the data: so much is a chunk's promise.
TEST(PackChunks, EveryChunkFitsALane) {
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    const RandomSum sum = MakeSum(random, round % 2 == 0);
    const Matrix matrix{sum.weights, sum.channels, sum.depth};
    const std::optional<Chunks> pairs = PackChunks(matrix);
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
      EXPECT_LE(tap, sum.depth + 3);
    }
  }
}

TEST(PackPairs, RefusesWeightsThatNoLaneHolds) {
  const std::vector<std::int8_t> weights = {-128, -128};
  EXPECT_FALSE(PackPairs({weights, 1, 2}));
  EXPECT_FALSE(PackChunks({weights, 1, 2}));
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
    const std::optional<ScaleForm> quick = FindQuick({&demand, 1}, output);
    if (!quick) {
      continue;
    }
    ++found;
    for (std::int32_t sum = -reach; sum <= reach; ++sum) {
      const std::int64_t exact = base::MultiplyByQuantizedMultiplier(sum, multiplier) + output.zero;
      const std::int64_t short_form =
          QuickScaled(sum, quick->channels[0], quick->form) + output.zero;
      ASSERT_EQ(std::clamp<std::int64_t>(short_form, -128, 127),
                std::clamp<std::int64_t>(exact, -128, 127))
          << sum << " * " << fraction << " * 2^" << multiplier.shift;
    }
  }
  EXPECT_GT(found, 20);
}

// As the processor's own multiplication.
TEST(DequantizeToFloats, RoundsAsFloatingPointDoes) {
  std::mt19937 random(5);
  std::vector<std::int8_t> in(256);
  std::iota(in.begin(), in.end(), static_cast<std::int8_t>(-128));
  for (int round = 0; round < 2000; ++round) {
    // All finite positive scales, those too small to be normal as well.
    const float scale =
        round == 0 ? std::numeric_limits<float>::max()
        : round == 1
            ? std::numeric_limits<float>::denorm_min()
            : std::bit_cast<float>(1U + static_cast<std::uint32_t>(random() % 0x7F7FFFFFU));
    const auto zero = static_cast<std::int16_t>(static_cast<int>(random() % 256) - 128);
    std::vector<float> out(in.size());
    pinhole_nn::DequantizeToFloats({in.data(), out.data(), 256, scale, zero});
    for (std::size_t i = 0; i < in.size(); ++i) {
      const float expected = scale * static_cast<float>(in[i] - zero);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i]), std::bit_cast<std::uint32_t>(expected))
          << scale << " * " << in[i] - zero;
    }
  }
}

// All pairs, by the kernel, against the reference.
TEST(FindQuickAdd, EqualsTheReferenceForEveryPair) {
  std::mt19937 random(7);
  int found = 0;
  for (int round = 0; round < 12; ++round) {
    const auto any = [&](double low, double high) {
      return low + (high - low) * static_cast<double>(random()) / 4294967296.0;
    };
    // As the reference prepares it: both operands by twice the larger scale.
    const double a_scale = any(0.01, 0.1);
    const double b_scale = any(0.01, 0.1);
    const double twice = 2 * std::max(a_scale, b_scale);
    const AddDemand demand{base::QuantizeMultiplier(a_scale / twice),
                           base::QuantizeMultiplier(b_scale / twice),
                           base::QuantizeMultiplier(twice / ((1 << 20) * any(0.02, 0.15))),
                           static_cast<std::int32_t>(random() % 256) - 128,
                           static_cast<std::int32_t>(random() % 256) - 128};
    const OutputRange output{static_cast<std::int32_t>(random() % 256) - 128, -128, 127};
    const std::optional<QuickAdd> quick = FindQuickAdd(demand, output);
    if (!quick) {
      continue;
    }
    ++found;
    std::vector<std::int8_t> x(65536);
    std::vector<std::int8_t> y(65536);
    std::vector<std::int8_t> out(65536);
    for (std::size_t i = 0; i < 65536; ++i) {
      x[i] = static_cast<std::int8_t>(i & 255);
      y[i] = static_cast<std::int8_t>(i >> 8);
    }
    pinhole_nn::Add add{};
    add.a = {x.data(), 65536, 1};
    add.b = {y.data(), 65536, 1};
    add.out = {out.data(), 65536, 1};
    add.out_zero = static_cast<std::int16_t>(output.zero);
    add.low = -128;
    add.high = 127;
    add.quick_shift = static_cast<std::int16_t>(quick->shift);
    add.quick_a = quick->a;
    add.quick_b = quick->b;
    add.quick_rounding = quick->rounding;
    pinhole_nn::AddRows(add, 0, 1);
    for (std::size_t i = 0; i < 65536; ++i) {
      ASSERT_EQ(out[i], ExactAdd(demand, output, x[i], y[i])) << int{x[i]} << " " << int{y[i]};
    }
  }
  EXPECT_GT(found, 6);
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

TEST(Emit, RefusesANamespaceThatIsNoName) {
  EXPECT_NE(WhatEmitSays("m.tflite", {.target = *FindTarget("host"), .name_space = "1x"})
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
  EXPECT_EQ(names, (std::vector<std::string>{"hello.h", "hello.cc", "pinhole_nn.h",
                                             "pinhole_nn_columns.cc", "pinhole_nn_columns.h",
                                             "pinhole_nn_finish.cc", "pinhole_nn_math.h",
                                             "pinhole_nn_sum_pairs.cc"}));
  EXPECT_EQ(Emit(model.string(), {*FindTarget("rp2040"), "hello", false}).files.size(), 2U);
}

// The buffer counts as RAM, and no more of it is taken than was allowed.
TEST(Emit, SaysWhatFetchingAheadCosts) {
  const auto model = base::TestData("models/hello_world_int8.tflite");
  if (!std::filesystem::exists(model)) {
    GTEST_SKIP() << model << " is missing (set PINHOLE_DATA)";
  }
  const Emitted plain = Emit(model.string(), {.target = *FindTarget("rp2040")});
  const Emitted streamed =
      Emit(model.string(), {.target = *FindTarget("rp2040"), .stream_bytes = 512});
  EXPECT_EQ(plain.budget.stream, 0U);
  EXPECT_EQ(plain.files[0].text.find("Fetcher"), std::string::npos);
  EXPECT_GT(streamed.budget.stream, 0U);
  EXPECT_LE(streamed.budget.stream, 512U);
  EXPECT_EQ(streamed.budget.ram(), plain.budget.ram() + streamed.budget.stream);
  EXPECT_EQ(streamed.budget.flash(), plain.budget.flash());
  EXPECT_NE(
      streamed.files[0].text.find("kStreamBytes = " + std::to_string(streamed.budget.stream) + ";"),
      std::string::npos)
      << streamed.files[0].text;
}

TEST(Emit, RefusesMoreCoresThanTheTargetHas) {
  const std::string said =
      WhatEmitSays("m.tflite", {.target = *FindTarget("cortex-m4"), .cores = 2});
  EXPECT_NE(said.find("2 cores found, cortex-m4 has 1"), std::string::npos) << said;
}

TEST(SourceText, AnArrayIsTakenApartAgain) {
  const std::vector<std::uint8_t> values = {1, 2, 255};
  const ArrayParts parts = TakeApart(ArrayText("kA", std::span<const std::uint8_t>(values)));
  EXPECT_EQ(parts.type, "std::uint8_t");
  EXPECT_EQ(parts.name_and_size, "kA[3]");
  EXPECT_EQ(parts.values, "{\n    1, 2, 255,\n}");
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
