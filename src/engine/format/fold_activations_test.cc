// SPDX-License-Identifier: Apache-2.0
// Which activations go into the operator before them, and what the graph is then.
#include "engine/format/fold_activations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pinhole::engine::format {
namespace {

using ::testing::ElementsAre;

// Tensors: 0 and 1 summands, 2 sum, 3 what the activation makes of it, 4 for what a test adds.
struct AddAndRelu {
  AddAndRelu() {
    tensors.resize(5);
    for (Tensor& tensor : tensors) {
      tensor.type = Type::kInt8;
      tensor.shape = {1, 4};
      tensor.scales = &scale;
      tensor.scale_count = 1;
      tensor.zero_point = -3;
    }
    operators.resize(2);
    operators[0].kind = OpKind::kAdd;
    operators[0].inputs = add_in;
    operators[0].outputs = add_out;
    operators[0].attributes = ActivationOptions{};
    operators[1].kind = OpKind::kRelu;
    operators[1].version = 1;
    operators[1].inputs = relu_in;
    operators[1].outputs = relu_out;
  }
  std::size_t Fold() {
    const auto left = FoldActivations(operators, tensors, outputs, arena);
    EXPECT_TRUE(left);
    return *left;
  }

  float scale = 0.5F, other_scale = 0.25F;
  std::int32_t add_in[2] = {0, 1}, add_out[1] = {2}, relu_in[1] = {2}, relu_out[1] = {3};
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<std::int32_t> outputs{3};
  std::vector<std::byte> memory = std::vector<std::byte>(4096);
  base::Arena arena{memory};
};

template <typename Options>
void ExpectFused(OpKind kind, OpKind activation, Activation fused) {
  AddAndRelu model;
  model.operators[0].kind = kind;
  model.operators[0].attributes = Options{};
  model.operators[1].kind = activation;
  ASSERT_EQ(model.Fold(), 1U);
  EXPECT_EQ(model.operators[0].kind, kind);
  EXPECT_EQ(model.operators[0].options<Options>().activation, fused);
  EXPECT_THAT(model.operators[0].outputs, ElementsAre(3));
}

TEST(FoldActivations, GivesTheActivationToItsWriter) {
  ExpectFused<ActivationOptions>(OpKind::kAdd, OpKind::kRelu, Activation::kRelu);
  ExpectFused<ActivationOptions>(OpKind::kSub, OpKind::kRelu6, Activation::kRelu6);
  ExpectFused<ActivationOptions>(OpKind::kMul, OpKind::kRelu, Activation::kRelu);
  ExpectFused<ConvOptions>(OpKind::kConv2d, OpKind::kRelu, Activation::kRelu);
  ExpectFused<DepthwiseConvOptions>(OpKind::kDepthwiseConv2d, OpKind::kRelu6, Activation::kRelu6);
  ExpectFused<FullyConnectedOptions>(OpKind::kFullyConnected, OpKind::kRelu, Activation::kRelu);
}

TEST(FoldActivations, TakesFloatsWithoutScales) {
  AddAndRelu model;
  for (Tensor& tensor : model.tensors) {
    tensor.type = Type::kFloat32;
    tensor.scale_count = 0;
  }
  EXPECT_EQ(model.Fold(), 1U);
}

TEST(FoldActivations, FoldsTheFirstOfTwo) {
  AddAndRelu model;
  std::int32_t second_in[1] = {3};
  std::int32_t second_out[1] = {4};
  model.operators.push_back(model.operators[1]);
  model.operators[2].kind = OpKind::kRelu6;
  model.operators[2].inputs = second_in;
  model.operators[2].outputs = second_out;
  model.outputs = {4};
  ASSERT_EQ(model.Fold(), 2U);
  EXPECT_EQ(model.operators[0].options<ActivationOptions>().activation, Activation::kRelu);
  EXPECT_EQ(model.operators[1].kind, OpKind::kRelu6);
  EXPECT_THAT(model.operators[1].inputs, ElementsAre(3));
}

template <typename Change>
void ExpectLeft(const Change& change) {
  AddAndRelu model;
  change(model);
  EXPECT_EQ(model.Fold(), 2U);
  EXPECT_THAT(model.operators[0].outputs, ElementsAre(2));
}

TEST(FoldActivations, LeavesWhatIsReadElsewhere) {
  ExpectLeft([](AddAndRelu& m) { m.outputs.push_back(2); });
}

TEST(FoldActivations, LeavesValuesThatAreScaledAnew) {
  ExpectLeft([](AddAndRelu& m) { m.tensors[3].scales = &m.other_scale; });
  ExpectLeft([](AddAndRelu& m) { m.tensors[3].zero_point = 0; });
  ExpectLeft([](AddAndRelu& m) { m.tensors[3].type = Type::kInt16; });
  ExpectLeft([](AddAndRelu& m) { m.tensors[3].shape = {4, 1}; });
}

TEST(FoldActivations, LeavesOtherOperators) {
  ExpectLeft([](AddAndRelu& m) { m.operators[0].kind = OpKind::kDiv; });
  ExpectLeft([](AddAndRelu& m) { m.operators[1].kind = OpKind::kTanh; });
  ExpectLeft([](AddAndRelu& m) { m.operators[1].version = 4; });
  ExpectLeft(
      [](AddAndRelu& m) { m.operators[0].attributes = ActivationOptions{Activation::kRelu6}; });
}

TEST(FoldActivations, LeavesAnActivationOfAnInput) {
  AddAndRelu model;
  model.operators.erase(model.operators.begin());
  EXPECT_EQ(model.Fold(), 1U);
  EXPECT_EQ(model.operators[0].kind, OpKind::kRelu);
}

}  // namespace
}  // namespace pinhole::engine::format
