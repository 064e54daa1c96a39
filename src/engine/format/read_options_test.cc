// SPDX-License-Identifier: Apache-2.0
// Every kind of options: what is written is what is read, and each field has its range.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "engine/format/read_for_test.h"

namespace pinhole::engine::format {
namespace {

using ::testing::HasSubstr;
using base::Error;
using schema::OptionsType;

// A model with one operator of this name, options and version.
AlignedBytes OneOperator(const std::string& name, OptionsType type, const TableSpec& options) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kFloat32, {1});
  const int y = g.Tensor(Type::kFloat32, {1});
  g.Operator(name, {x}, {y}, type, options);
  g.inputs = {x};
  g.outputs = {y};
  return builder.Build();
}

template <typename Options>
Options Read(const std::string& name, OptionsType type, const TableSpec& options) {
  const AlignedBytes file = OneOperator(name, type, options);
  const ReadForTest model(file);
  EXPECT_TRUE(model) << model.why();
  if (!model) {
    return {};
  }
  EXPECT_NE(std::get_if<Options>(&model->main().operators[0].attributes), nullptr) << name;
  return model->main().operators[0].options<Options>();
}

void Refused(const std::string& name, OptionsType type, const TableSpec& options,
             const std::string& sentence) {
  const AlignedBytes file = OneOperator(name, type, options);
  const ReadForTest model(file);
  ASSERT_FALSE(model) << name << ": " << sentence;
  EXPECT_EQ(model.error(), Error::kMalformed);
  EXPECT_THAT(model.why(), HasSubstr("operator 0 " + name + ": " + sentence));
}

TableSpec Ints(const std::vector<std::pair<std::size_t, std::int32_t>>& fields) {
  TableSpec table;
  for (const auto& [field, value] : fields) {
    table.Set<std::int32_t>(field, value);
  }
  return table;
}

TEST(Options, Convolutions) {
  const auto conv = Read<ConvOptions>(
      "CONV_2D", OptionsType::kConv2d,
      Ints({{1, 2}, {2, 3}, {4, 4}, {5, 65535}}).Set<std::int8_t>(0, 1).Set<std::int8_t>(3, 3));
  EXPECT_EQ(conv.stride_w, 2);
  EXPECT_EQ(conv.stride_h, 3);
  EXPECT_EQ(conv.dilation_w, 4);
  EXPECT_EQ(conv.dilation_h, 65535);
  EXPECT_EQ(conv.padding, Padding::kValid);
  EXPECT_EQ(conv.activation, Activation::kRelu6);
  const auto depthwise = Read<DepthwiseConvOptions>(
      "DEPTHWISE_CONV_2D", OptionsType::kDepthwiseConv2d,
      Ints({{1, 2}, {2, 3}, {3, 8}, {5, 4}, {6, 5}}).Set<std::int8_t>(4, 2));
  EXPECT_EQ(depthwise.stride_w, 2);
  EXPECT_EQ(depthwise.stride_h, 3);
  EXPECT_EQ(depthwise.depth_multiplier, 8);
  EXPECT_EQ(depthwise.dilation_w, 4);
  EXPECT_EQ(depthwise.dilation_h, 5);
  EXPECT_EQ(depthwise.padding, Padding::kSame);
  EXPECT_EQ(depthwise.activation, Activation::kReluN1To1);
  const auto pool = Read<Pool2dOptions>(
      "MAX_POOL_2D", OptionsType::kPool2d,
      Ints({{1, 2}, {2, 3}, {3, 4}, {4, 5}}).Set<std::int8_t>(5, 1));
  EXPECT_EQ(pool.stride_w, 2);
  EXPECT_EQ(pool.stride_h, 3);
  EXPECT_EQ(pool.filter_w, 4);
  EXPECT_EQ(pool.filter_h, 5);
  EXPECT_EQ(pool.activation, Activation::kRelu);
}

TEST(Options, StepsAreOneTo65535) {
  for (const std::int32_t bad : {0, -1, 65536, std::numeric_limits<std::int32_t>::min()}) {
    const std::string found = std::to_string(bad) + ", 1 to 65535 expected";
    const auto c = OptionsType::kConv2d;
    Refused("CONV_2D", c, Ints({{1, bad}, {2, 1}}), "stride_w is " + found);
    Refused("CONV_2D", c, Ints({{1, 1}, {2, bad}}), "stride_h is " + found);
    Refused("CONV_2D", c, Ints({{1, 1}, {2, 1}, {4, bad}}), "dilation_w_factor is " + found);
    Refused("CONV_2D", c, Ints({{1, 1}, {2, 1}, {5, bad}}), "dilation_h_factor is " + found);
    const auto d = OptionsType::kDepthwiseConv2d;
    Refused("DEPTHWISE_CONV_2D", d, Ints({{1, bad}, {2, 1}}), "stride_w is " + found);
    Refused("DEPTHWISE_CONV_2D", d, Ints({{1, 1}, {2, 1}, {6, bad}}), "dilation_h_factor is");
    const auto p = OptionsType::kPool2d;
    Refused("AVERAGE_POOL_2D", p, Ints({{1, 1}, {2, 1}, {3, bad}, {4, 1}}),
            "filter_width is " + found);
    Refused("AVERAGE_POOL_2D", p, Ints({{1, 1}, {2, 1}, {3, 1}, {4, bad}}),
            "filter_height is " + found);
    Refused("SVDF", OptionsType::kSvdf, Ints({{0, bad}}), "rank is " + found);
    Refused("DEPTH_TO_SPACE", OptionsType::kDepthToSpace, Ints({{0, bad}}),
            "block_size is " + found);
  }
}

TEST(Options, EnumerationsAreKnown) {
  TableSpec conv = Ints({{1, 1}, {2, 1}});
  Refused("CONV_2D", OptionsType::kConv2d, conv.Set<std::int8_t>(0, 2),
          "the padding is 2, 0 to 1 expected");
  Refused("CONV_2D", OptionsType::kConv2d, conv.Set<std::int8_t>(0, 0).Set<std::int8_t>(3, 6),
          "the fused activation is 6, 0 to 5 expected");
  Refused("ADD", OptionsType::kAdd, TableSpec().Set<std::int8_t>(0, -1),
          "the fused activation is -1");
  Refused("FULLY_CONNECTED", OptionsType::kFullyConnected, TableSpec().Set<std::int8_t>(1, 2),
          "weights_format is 2, 0 to 1 expected");
}

TEST(Options, ElementWiseAndFullyConnected) {
  const TableSpec relu6 = TableSpec().Set<std::int8_t>(0, 3);
  for (const auto& [name, type] :
       std::vector<std::pair<std::string, OptionsType>>{{"ADD", OptionsType::kAdd},
                                                        {"SUB", OptionsType::kSub},
                                                        {"MUL", OptionsType::kMul},
                                                        {"DIV", OptionsType::kDiv}}) {
    EXPECT_EQ(Read<ActivationOptions>(name, type, relu6).activation, Activation::kRelu6) << name;
  }
  const auto fc = Read<FullyConnectedOptions>(
      "FULLY_CONNECTED", OptionsType::kFullyConnected,
      TableSpec().Set<std::int8_t>(0, 1).Set<std::int8_t>(1, 1).SetFlag(2, true));
  EXPECT_EQ(fc.activation, Activation::kRelu);
  EXPECT_TRUE(fc.shuffled_weights);
  EXPECT_TRUE(fc.keep_num_dims);
}

TEST(Options, Axes) {
  const auto concat = Read<AxisOptions>("CONCATENATION", OptionsType::kConcatenation,
                                        Ints({{0, -1}}).Set<std::int8_t>(1, 1));
  EXPECT_EQ(concat.axis, -1);
  EXPECT_EQ(concat.activation, Activation::kRelu);
  const auto gather = Read<AxisOptions>("GATHER", OptionsType::kGather, Ints({{0, 2}, {1, -1}}));
  EXPECT_EQ(gather.axis, 2);
  EXPECT_EQ(gather.batch_dims, -1);
  const auto pack = Read<AxisOptions>("PACK", OptionsType::kPack, Ints({{0, 7}, {1, 3}}));
  EXPECT_EQ(pack.count, 7);
  EXPECT_EQ(pack.axis, 3);
  const auto unpack = Read<AxisOptions>("UNPACK", OptionsType::kUnpack, Ints({{0, 9}, {1, -2}}));
  EXPECT_EQ(unpack.count, 9);
  EXPECT_EQ(unpack.axis, -2);
  Refused("CONCATENATION", OptionsType::kConcatenation, Ints({{0, 7}}), "axis is 7, -6 to 6");
  Refused("GATHER", OptionsType::kGather, Ints({{1, -7}}), "batch_dims is -7, -6 to 6");
  Refused("PACK", OptionsType::kPack, Ints({{0, 65536}}), "values_count is 65536, 0 to 65535");
  Refused("UNPACK", OptionsType::kUnpack, Ints({{0, -1}}), "num is -1, 0 to 65535");
}

TEST(Options, StridedSliceMasksHaveSixBits) {
  const auto slice = Read<StridedSliceOptions>(
      "STRIDED_SLICE", OptionsType::kStridedSlice,
      Ints({{0, 1}, {1, 2}, {2, 4}, {3, 8}, {4, 63}}).SetFlag(5, true));
  EXPECT_EQ(slice.begin_mask, 1);
  EXPECT_EQ(slice.end_mask, 2);
  EXPECT_EQ(slice.ellipsis_mask, 4);
  EXPECT_EQ(slice.new_axis_mask, 8);
  EXPECT_EQ(slice.shrink_axis_mask, 63);
  EXPECT_TRUE(slice.offset);
  const char* const names[] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                               "shrink_axis_mask"};
  for (std::size_t field = 0; field < 5; ++field) {
    Refused("STRIDED_SLICE", OptionsType::kStridedSlice, Ints({{field, 64}}),
            std::string(names[field]) + " is 64, 0 to 63 expected");
  }
}

TEST(Options, RecurrentOnes) {
  const auto svdf =
      Read<SvdfOptions>("SVDF", OptionsType::kSvdf,
                        Ints({{0, 2}}).Set<std::int8_t>(1, 1).SetFlag(2, true));
  EXPECT_EQ(svdf.rank, 2);
  EXPECT_EQ(svdf.activation, Activation::kRelu);
  EXPECT_TRUE(svdf.asymmetric_quantize_inputs);
  const auto lstm = Read<LstmOptions>(
      "UNIDIRECTIONAL_SEQUENCE_LSTM", OptionsType::kUnidirectionalSequenceLstm,
      TableSpec().Set<std::int8_t>(0, 4).Set<float>(1, 10.0F).Set<float>(2, 2.0F).SetFlag(3, true)
          .SetFlag(4, true).SetFlag(5, true));
  EXPECT_EQ(lstm.activation, Activation::kTanh);
  EXPECT_EQ(lstm.cell_clip, 10.0F);
  EXPECT_EQ(lstm.proj_clip, 2.0F);
  EXPECT_TRUE(lstm.time_major && lstm.asymmetric_quantize_inputs &&
              lstm.diagonal_recurrent_tensors);
  Refused("UNIDIRECTIONAL_SEQUENCE_LSTM", OptionsType::kUnidirectionalSequenceLstm,
          TableSpec().Set<float>(1, std::numeric_limits<float>::quiet_NaN()),
          "cell_clip is not finite");
}

TEST(Options, TheRest) {
  EXPECT_TRUE(Read<ReduceOptions>("MEAN", OptionsType::kReducer, TableSpec().SetFlag(0, true))
                  .keep_dims);
  EXPECT_FALSE(Read<ReduceOptions>("SUM", OptionsType::kReducer, {}).keep_dims);
  EXPECT_EQ(Read<SoftmaxOptions>("SOFTMAX", OptionsType::kSoftmax, TableSpec().Set<float>(0, 2.5F))
                .beta,
            2.5F);
  EXPECT_EQ(Read<LeakyReluOptions>("LEAKY_RELU", OptionsType::kLeakyRelu,
                                   TableSpec().Set<float>(0, 0.25F))
                .alpha,
            0.25F);
  EXPECT_EQ(Read<DepthToSpaceOptions>("DEPTH_TO_SPACE", OptionsType::kDepthToSpace,
                                      Ints({{0, 2}}))
                .block_size,
            2);
  const auto bilinear = Read<ResizeOptions>("RESIZE_BILINEAR", OptionsType::kResizeBilinear,
                                            TableSpec().SetFlag(3, true));
  EXPECT_TRUE(bilinear.half_pixel_centers);
  EXPECT_FALSE(bilinear.align_corners);
  const auto nearest =
      Read<ResizeOptions>("RESIZE_NEAREST_NEIGHBOR", OptionsType::kResizeNearestNeighbor,
                          TableSpec().SetFlag(0, true));
  EXPECT_TRUE(nearest.align_corners);
  EXPECT_FALSE(nearest.half_pixel_centers);
  constexpr float kInf = std::numeric_limits<float>::infinity();
  Refused("SOFTMAX", OptionsType::kSoftmax, TableSpec().Set<float>(0, kInf), "beta is not finite");
  Refused("LEAKY_RELU", OptionsType::kLeakyRelu, TableSpec().Set<float>(0, -kInf),
          "alpha is not finite");
}

TEST(Options, OfAnotherOperatorAreRefused) {
  Refused("CONV_2D", OptionsType::kAdd, {}, "options of type 11 found, 1 expected");
  Refused("ADD", OptionsType::kMul, {}, "options of type 21 found, 11 expected");
}

TEST(Options, MayBeMissingWhereTheirDefaultsMakeSense) {
  for (const char* name : {"CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SVDF",
                           "DEPTH_TO_SPACE", "SOFTMAX", "CALL_ONCE"}) {
    Refused(name, OptionsType::kNone, {}, "its options are missing");
  }
  for (const char* name : {"ADD", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "RESHAPE", "RELU",
                           "RESIZE_BILINEAR", "STRIDED_SLICE", "LEAKY_RELU"}) {
    const AlignedBytes file = OneOperator(name, OptionsType::kNone, {});
    const ReadForTest model(file);
    ASSERT_TRUE(model) << name << ": " << model.why();
    EXPECT_EQ(model->main().operators[0].attributes.index(), 0U) << name;
  }
}

// Every builtin kind is found by its code.
TEST(Options, EveryKindIsRead) {
  int found = 0;
  for (int k = static_cast<int>(OpKind::kAdd); k <= static_cast<int>(OpKind::kVarHandle); ++k) {
    const auto kind = static_cast<OpKind>(k);
    const AlignedBytes file = OneOperator(std::string(OpName(kind)), OptionsType::kNone, {});
    const ReadForTest model(file);
    if (model) {
      EXPECT_EQ(OpName(model->main().operators[0].kind), OpName(kind));
      ++found;
    } else {
      EXPECT_THAT(model.why(), HasSubstr("operator 0 " + std::string(OpName(kind)) + ": "));
    }
  }
  EXPECT_EQ(found, static_cast<int>(OpKind::kVarHandle) - 11);  // 8 need options, 3 are variables'
}

}  // namespace
}  // namespace pinhole::engine::format
