// SPDX-License-Identifier: Apache-2.0
// Which PADs go into the convolution behind them, and what the graph is then.
#include "engine/format/fold_pads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pinhole::engine::format {
namespace {

using ::testing::ElementsAre;

// Tensors: 0 picture [1,5,5,2], 1 paddings, 2 padded, 3 weights, 4 result; then what a test adds.
struct PadAndConv {
  PadAndConv() {
    tensors.resize(6);
    for (const std::size_t t : {0, 2, 4}) {
      tensors[t].type = Type::kInt8;
      tensors[t].scales = &scale;
      tensors[t].scale_count = 1;
      tensors[t].zero_point = -3;
    }
    tensors[0].shape = {1, 5, 5, 2};
    tensors[1].type = Type::kInt32;
    tensors[1].shape = {4, 2};
    tensors[1].bytes = 32;
    tensors[1].data = reinterpret_cast<const std::byte*>(paddings);
    tensors[2].shape = {1, 8, 8, 2};
    tensors[3].shape = {4, 3, 3, 2};
    tensors[3].data = reinterpret_cast<const std::byte*>(paddings);
    tensors[4].shape = {1, 3, 3, 4};
    operators.resize(2);
    operators[0].kind = OpKind::kPad;
    operators[0].inputs = pad_in;
    operators[0].outputs = pad_out;
    operators[1].kind = OpKind::kConv2d;
    operators[1].inputs = conv_in;
    operators[1].outputs = conv_out;
    operators[1].attributes = ConvOptions{.stride_h = 2, .stride_w = 2, .padding = Padding::kValid};
  }
  std::size_t Fold() {
    const base::Result<std::size_t> left = FoldPads(operators, tensors, outputs, arena);
    EXPECT_TRUE(left);
    return *left;
  }

  float scale = 0.5F;
  alignas(16) std::int32_t paddings[8] = {0, 0, 1, 2, 2, 1, 0, 0};
  std::int32_t pad_in[2] = {0, 1}, pad_out[1] = {2}, conv_in[3] = {2, 3, -1}, conv_out[1] = {4};
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<std::int32_t> outputs{4};
  std::vector<std::byte> memory = std::vector<std::byte>(4096);
  base::Arena arena{memory};
};

TEST(FoldPads, GivesTheEdgesToTheConvolution) {
  PadAndConv model;
  ASSERT_EQ(model.Fold(), 1U);
  const Operator& conv = model.operators[0];
  EXPECT_EQ(conv.kind, OpKind::kConv2d);
  EXPECT_THAT(conv.inputs, ElementsAre(0, 3, -1));
  EXPECT_THAT(model.conv_in, ElementsAre(2, 3, -1));  // the file's own list stays
  const auto options = conv.options<ConvOptions>();
  EXPECT_EQ(options.padding, Padding::kExplicit);
  EXPECT_EQ(options.stride_h, 2);
  EXPECT_THAT((std::vector<int>{options.edges.top, options.edges.left, options.edges.bottom,
                                options.edges.right}),
              ElementsAre(1, 2, 2, 1));
}

TEST(FoldPads, TakesDepthwiseOnesFloatsAndSameThatPadsNothing) {
  PadAndConv depthwise;
  depthwise.operators[1].kind = OpKind::kDepthwiseConv2d;
  depthwise.operators[1].attributes = DepthwiseConvOptions{.padding = Padding::kValid};
  EXPECT_EQ(depthwise.Fold(), 1U);

  PadAndConv floats;
  floats.tensors[0].type = floats.tensors[2].type = Type::kFloat32;
  floats.tensors[0].scale_count = floats.tensors[2].scale_count = 0;
  EXPECT_EQ(floats.Fold(), 1U);

  PadAndConv same;  // three places of a window of 3 with stride 3 over 9
  same.paddings[3] = same.paddings[5] = 2;
  same.paddings[2] = 2;
  same.tensors[2].shape = {1, 9, 9, 2};
  same.operators[1].attributes = ConvOptions{.stride_h = 3, .stride_w = 3};
  EXPECT_EQ(same.Fold(), 1U);
}

TEST(FoldPads, LeavesWhatIsNoPaddingOfOneConvolution) {
  const auto stays = [](const auto& change) {
    PadAndConv model;
    change(model);
    EXPECT_EQ(model.Fold(), model.operators.size());
    EXPECT_EQ(model.operators[0].kind, OpKind::kPad);
  };
  stays([](PadAndConv& m) { m.outputs.push_back(2); });
  stays([](PadAndConv& m) {  // somebody else reads the padded picture
    m.operators.push_back(m.operators[1]);
    m.operators[2].kind = OpKind::kMaxPool2d;
    m.operators[2].attributes = Pool2dOptions{};
  });
  stays([](PadAndConv& m) { m.tensors[2].zero_point = 0; });
  stays([](PadAndConv& m) { m.tensors[2].type = Type::kUint8; });
  stays([](PadAndConv& m) { m.tensors[0].type = m.tensors[2].type = Type::kInt16; });
  stays([](PadAndConv& m) { m.tensors[1].data = nullptr; });
  stays([](PadAndConv& m) { m.tensors[2].shape = {1, 9, 8, 2}; });
  stays([](PadAndConv& m) {  // channels
    m.paddings[7] = 1;
    m.tensors[2].shape = {1, 8, 8, 3};
  });
  stays([](PadAndConv& m) { m.paddings[2] = -1; });
  stays([](PadAndConv& m) {  // a window before the picture as a whole
    m.paddings[2] = 3;
    m.tensors[2].shape = {1, 10, 8, 2};
  });
  stays([](PadAndConv& m) { m.operators[1].attributes = ConvOptions{}; });  // SAME pads, too
  stays([](PadAndConv& m) { m.operators[1].kind = OpKind::kFullyConnected; });
}

}  // namespace
}  // namespace pinhole::engine::format
