// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/naive_model.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Dequantize, EveryByteIsItsRealNumber) {
  for (const std::int32_t zero_point : {-128, -1, 0, 127}) {
    std::vector<std::int8_t> x(256);
    std::vector<float> expected(256);
    for (int i = 0; i < 256; ++i) {
      x[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
      expected[static_cast<std::size_t>(i)] =
          static_cast<float>(static_cast<double>(0.1F) * (i - 128 - zero_point));
    }
    OpHarness op(OpKind::kDequantize);
    op.Input<std::int8_t>({256}, x, Q(0.1F, zero_point)).Output<float>({256});
    ASSERT_TRUE(op.Run(kDequantize)) << op.why();
    EXPECT_EQ(op.Result<float>(), expected);
  }
}

// Made by TFLite Micro's reference kernel on the same cases: the floats' bits.
TEST(Dequantize, GoldenChecksumsAreTheReferenceKernels) {
  const auto checksum = []<typename T>(T /*example*/) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Dice dice(seed);
      const Quant in = dice.Quantization<T>(-12, 3);
      OpHarness op(OpKind::kDequantize);
      op.Input<T>({64}, dice.Values<T>(64), in).template Output<float>({64});
      EXPECT_TRUE(op.Run(kDequantize)) << op.why();
      sum.Add(op.Result<std::uint32_t>());
    }
    return sum.value();
  };
  EXPECT_EQ(checksum(std::int8_t{}), 0x014576B506215B7CU);
  EXPECT_EQ(checksum(std::uint8_t{}), 0x4B678C7940349E4EU);
  EXPECT_EQ(checksum(std::int16_t{}), 0x96C542B5014F0E04U);
}

TEST(Dequantize, Uint8AndInt16) {
  OpHarness bytes(OpKind::kDequantize);
  bytes.Input<std::uint8_t>({2}, {0, 255}, Q(0.5F, 128)).Output<float>({2});
  ASSERT_TRUE(bytes.Run(kDequantize)) << bytes.why();
  EXPECT_THAT(bytes.Result<float>(), ElementsAre(-64.0F, 63.5F));
  OpHarness words(OpKind::kDequantize);
  words.Input<std::int16_t>({2}, {-32768, 32767}, Q(2.0F)).Output<float>({2});
  ASSERT_TRUE(words.Run(kDequantize)) << words.why();
  EXPECT_THAT(words.Result<float>(), ElementsAre(-65536.0F, 65534.0F));
}

TEST(Dequantize, ScalesAlongAnyDimension) {
  OpHarness inner(OpKind::kDequantize);
  inner.Input<std::int8_t>({2, 2}, {1, 1, 2, 2}, {{1.0F, 10.0F}, 0, 1}).Output<float>({2, 2});
  ASSERT_TRUE(inner.Run(kDequantize)) << inner.why();
  EXPECT_THAT(inner.Result<float>(), ElementsAre(1, 10, 2, 20));
  OpHarness outer(OpKind::kDequantize);
  outer.Input<std::int8_t>({2, 2}, {1, 1, 2, 2}, {{1.0F, 10.0F}, 0, 0}).Output<float>({2, 2});
  ASSERT_TRUE(outer.Run(kDequantize)) << outer.why();
  EXPECT_THAT(outer.Result<float>(), ElementsAre(1, 1, 20, 20));
}

TEST(Dequantize, OffersNoPlaceThatIsTooSmall) {
  OpHarness op(OpKind::kDequantize);
  op.Input<std::int8_t>({1}, {1}, Q(1.0F)).Output<float>({1});
  ASSERT_TRUE(op.Prepare(kDequantize)) << op.why();
  EXPECT_EQ(op.prepared().in_place_inputs, 0);
}

TEST(Dequantize, RefusesWithAReason) {
  OpHarness type(OpKind::kDequantize);
  type.Input<std::int32_t>({1}, {1}, Q(1.0F)).Output<float>({1});
  EXPECT_FALSE(type.Prepare(kDequantize));
  EXPECT_THAT(type.why(), HasSubstr("type int32 found, int8, uint8 or int16 expected"));
  OpHarness output(OpKind::kDequantize);
  output.Input<std::int8_t>({1}, {1}, Q(1.0F)).Output<std::int8_t>({1}, Q(1.0F));
  EXPECT_FALSE(output.Prepare(kDequantize));
  EXPECT_THAT(output.why(), HasSubstr("is int8, float32 expected"));
  for (const Quant& quant : {Quant{}, Quant{{1.0F, 2.0F, 3.0F}, 0, 0}, Quant{{1.0F, 2.0F}, 0, 1}}) {
    OpHarness scales(OpKind::kDequantize);
    scales.Input<std::int8_t>({2}, {1, 2}, quant).Output<float>({2});
    EXPECT_FALSE(scales.Prepare(kDequantize));
    EXPECT_THAT(scales.why(), HasSubstr("one, or one for each of its indices expected"));
  }
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
