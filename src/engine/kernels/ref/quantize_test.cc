// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Numbers of one type, to be brought to another.
template <typename In, typename Out>
struct Case {
  Quant in, out;
  std::vector<In> x;

  explicit Case(std::uint64_t seed) {
    Dice dice(seed);
    constexpr bool kFromFloat = std::is_floating_point_v<In>;
    if (!kFromFloat) {
      in = dice.Quantization<In>(-9, 0);
    }
    out = dice.Quantization<Out>(-3, 3, kFromFloat ? 0.01F : in.scales[0]);
    in.zero_point = sizeof(In) == 4 ? 0 : in.zero_point;
    out.zero_point = sizeof(Out) == 4 ? 0 : out.zero_point;
    x = dice.Values<In>(64);
    for (In& value : x) {
      value = std::is_same_v<In, std::int32_t> ? value / 65536 : value;
    }
  }
  // `offered`, where given, hears whether the output may take the input's place.
  std::vector<Out> Run(int place, bool* offered = nullptr) const {
    OpHarness op(OpKind::kQuantize);
    op.Input<In>({64}, x, in);
    op.Output<Out>({64}, out);
    EXPECT_TRUE(op.Run(kQuantize, place)) << op.why();
    if (offered != nullptr) {
      *offered = op.prepared().in_place_inputs == 1;
    }
    return op.Result<Out>();
  }
};

template <typename In, typename Out>
void ExpectRequantised() {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Case<In, Out> c(seed);
    bool offered = false;
    const std::vector<Out> result = c.Run(-1, &offered);
    ExpectWithinOneUnit(result, Reals(c.x, c.in, false), c.out, "seed " + std::to_string(seed));
    ASSERT_EQ(offered, (sizeof(Out) == 1 || std::is_same_v<In, Out>));
    if (offered) {
      ASSERT_EQ(c.Run(0), result);
    }
  }
}

template <typename In>
void ExpectRequantisedToAll() {
  ExpectRequantised<In, std::int8_t>();
  ExpectRequantised<In, std::uint8_t>();
  ExpectRequantised<In, std::int16_t>();
  ExpectRequantised<In, std::int32_t>();
}

TEST(Quantize, RequantisesEveryTypeToEveryType) {
  ExpectRequantisedToAll<std::int8_t>();
  ExpectRequantisedToAll<std::uint8_t>();
  ExpectRequantisedToAll<std::int16_t>();
  ExpectRequantisedToAll<std::int32_t>();
}

// Made by TFLite Micro's reference kernel, and where it doesn't offer the pair of types by
// TensorFlow Lite's of the same source, on the same cases.
TEST(Quantize, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = []<typename In, typename Out>(In /*from*/, Out /*to*/, Checksum& sum) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      sum.Add(Case<In, Out>(seed).Run(-1));
    }
  };
  const auto to_all = [&](auto from) {
    Checksum sum;
    checksum(from, std::int8_t{}, sum);
    checksum(from, std::uint8_t{}, sum);
    checksum(from, std::int16_t{}, sum);
    if constexpr (!std::is_floating_point_v<decltype(from)>) {
      checksum(from, std::int32_t{}, sum);
    }
    return sum.value();
  };
  EXPECT_EQ(to_all(0.0F), 0xCF4BE2C6106E00E5U);
  EXPECT_EQ(to_all(std::int8_t{}), 0x319D86401E1AD27DU);
  EXPECT_EQ(to_all(std::uint8_t{}), 0x71C5E65797AA2D35U);
  EXPECT_EQ(to_all(std::int16_t{}), 0x97FF9A36A2D7FE9DU);
  EXPECT_EQ(to_all(std::int32_t{}), 0x32F1C4D5CE3494CEU);
}

TEST(Quantize, FloatRoundsHalvesAwayFromZeroAndSaturates) {
  for (const int place : {-1, 0}) {
    OpHarness op(OpKind::kQuantize);
    op.Input<float>({8}, {-0.25F, 0.25F, 0.2F, 1e30F, -1e30F, kInfinity, -kInfinity, 0.0F})
        .Output<std::int8_t>({8}, Q(0.5F, 3));
    ASSERT_TRUE(op.Run(kQuantize, place)) << op.why();
    EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(2, 4, 3, 127, -128, 127, -128, 3));
  }
}

TEST(Quantize, NotANumberCountsAsZero) {
  OpHarness op(OpKind::kQuantize);
  op.Input<float>({1}, {std::numeric_limits<float>::quiet_NaN()})
      .Output<std::uint8_t>({1}, Q(0.5F, 200));
  ASSERT_TRUE(op.Run(kQuantize)) << op.why();
  EXPECT_THAT(op.Result<std::uint8_t>(), ElementsAre(200));
}

TEST(Quantize, FloatToInt16) {
  OpHarness op(OpKind::kQuantize);
  op.Input<float>({3}, {1.0F, -1.0F, 100.0F}).Output<std::int16_t>({3}, Q(1.0F / 1024.0F));
  ASSERT_TRUE(op.Run(kQuantize)) << op.why();
  EXPECT_THAT(op.Result<std::int16_t>(), ElementsAre(1024, -1024, 32767));
  EXPECT_EQ(op.prepared().in_place_inputs, 0);
}

TEST(Quantize, BetweenInt8AndUint8IsAShiftBy128) {
  OpHarness op(OpKind::kQuantize);
  op.Input<std::uint8_t>({3}, {0, 128, 255}, Q(0.1F, 130)).Output<std::int8_t>({3}, Q(0.1F, 2));
  ASSERT_TRUE(op.Run(kQuantize)) << op.why();
  EXPECT_THAT(op.Result<std::int8_t>(), ElementsAre(-128, 0, 127));
}

TEST(Quantize, ExtremesAreDefined) {
  constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t kHigh = std::numeric_limits<std::int32_t>::max();
  for (const float scale : {1e-38F, 1.0F, 3e38F}) {
    for (const std::int32_t zero_point : {kLow, 0, kHigh}) {
      OpHarness op(OpKind::kQuantize);
      op.Input<std::int32_t>({3}, {kLow, 0, kHigh}, Q(scale, zero_point))
          .Output<std::int32_t>({3}, Q(1.0F, zero_point));
      EXPECT_TRUE(op.Run(kQuantize)) << op.why();
    }
  }
}

TEST(Quantize, RefusesWithAReason) {
  OpHarness wide(OpKind::kQuantize);
  wide.Input<float>({1}, {1}).Output<std::int32_t>({1}, Q(1.0F));
  EXPECT_FALSE(wide.Prepare(kQuantize));
  EXPECT_THAT(wide.why(), HasSubstr("float32 to int32 found"));
  OpHarness back(OpKind::kQuantize);
  back.Input<std::int8_t>({1}, {1}, Q(1.0F)).Output<float>({1});
  EXPECT_FALSE(back.Prepare(kQuantize));
  EXPECT_THAT(back.why(), HasSubstr("int8 to float32 found"));
  OpHarness no_scale(OpKind::kQuantize);
  no_scale.Input<float>({1}, {1}).Output<std::int8_t>({1});
  EXPECT_FALSE(no_scale.Prepare(kQuantize));
  EXPECT_THAT(no_scale.why(), HasSubstr("0 scales, one expected"));
  OpHarness several(OpKind::kQuantize);
  several.Input<float>({2}, {1, 2}).Output<std::int8_t>({2}, {{1.0F, 2.0F}, 0, 0});
  EXPECT_FALSE(several.Prepare(kQuantize));
  EXPECT_THAT(several.why(), HasSubstr("2 scales, one expected"));
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
