// SPDX-License-Identifier: Apache-2.0
// What Load refuses, and how it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/format/model_builder.h"
#include "engine/kernels/ref/ref.h"
#include "engine/run/tap_names.h"
#include "engine/run/test_model.h"
#include "engine/run/unknown_operators.h"

namespace pinhole::engine::run {
namespace {

using format::GraphBuilder;
using format::ModelBuilder;
using format::TableSpec;
using format::schema::OptionsType;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A chain of operators by name, each from a float tensor of its own to the next.
void AddChain(ModelBuilder& model, const std::vector<std::string>& names,
              std::int32_t version = 1) {
  GraphBuilder& graph = model.graph();
  int last = graph.Tensor(Type::kFloat32, {4}, {.name = "x"});
  graph.inputs = {last};
  for (const std::string& name : names) {
    const int next =
        graph.Tensor(Type::kFloat32, {4}, {.name = std::string("y").append(std::to_string(graph.tensors.size()))});
    if (name.starts_with("custom ")) {
      graph.Custom(name.substr(7), {last}, {next});
    } else {
      graph.Operator(name, {last}, {next}, OptionsType::kNone, {}, version);
    }
    last = next;
  }
  graph.outputs = {last};
}

TEST(Load, NamesAllUnknownOperatorsAtOnce) {
  ModelBuilder builder;
  AddChain(builder, {"RELU", "ELU", "EXP", "ELU", "custom Foo", "RELU", "custom Bar", "ELU"});
  const TestModel model(builder.Build().span());
  EXPECT_FALSE(model.loaded());
  EXPECT_EQ(model.error(), base::Error::kUnsupported);
  EXPECT_THAT(model.why(), StartsWith("4 kinds of operator are not known: ELU (3 uses), EXP "
                                      "(1 use), custom 'Foo' (1 use), custom 'Bar' (1 use)"));
}

TEST(Load, NamesOperatorsThatTheKernelsGivenLeaveOut) {
  ModelBuilder builder;
  AddChain(builder, {"RELU", "TANH", "RELU"});
  const kernels::Kernel* const only[] = {&kernels::ref::kTanh};
  TestModel::Options options;
  options.kernels = only;
  const TestModel model(builder.Build().span(), options);
  EXPECT_EQ(model.error(), base::Error::kUnsupported);
  EXPECT_THAT(model.why(), StartsWith("1 kind of operator is not known: RELU (2 uses)"));
}

TEST(Load, ManyUnknownOperatorsEndTheSentenceSoundly) {
  ModelBuilder builder;
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back(
        std::string("custom WithAVeryLongNameThatFillsTheSentence").append(std::to_string(i)));
  }
  AddChain(builder, names);
  const TestModel model(builder.Build().span());
  EXPECT_EQ(model.error(), base::Error::kUnsupported);
  EXPECT_THAT(model.why(), AllOf(StartsWith("more than 16 kinds"), HasSubstr("Sentence0'")));
}

TEST(Load, NamesAVersionThatIsNotKnown) {
  ModelBuilder builder;
  AddChain(builder, {"RELU"}, 99);
  const TestModel model(builder.Build().span());
  EXPECT_EQ(model.error(), base::Error::kUnsupported);
  EXPECT_THAT(model.why(), StartsWith("operator 0 RELU version 99: versions 1 to "));
}

TEST(Load, PassesOnWhatAKernelRefuses) {
  ModelBuilder builder;
  GraphBuilder& graph = builder.graph();
  const int x = graph.Tensor(Type::kFloat32, {4}, {.name = "x"});
  const int y = graph.Tensor(Type::kFloat32, {5}, {.name = "y"});
  graph.Operator("RELU", {x}, {y});
  graph.inputs = {x};
  graph.outputs = {y};
  const TestModel model(builder.Build().span());
  EXPECT_FALSE(model.loaded());
  EXPECT_THAT(model.why(), AllOf(HasSubstr("operator 0 RELU"), HasSubstr("declared [5]")));
}

TEST(Load, NamesTheTapsNearestToAWrongOne) {
  ModelBuilder builder;
  GraphBuilder& graph = builder.graph();
  const int x = graph.Tensor(Type::kFloat32, {4}, {.name = "picture"});
  const int a = graph.Tensor(Type::kFloat32, {4}, {.name = "block_3/conv/Relu"});
  const int b = graph.Tensor(Type::kFloat32, {4}, {.name = "head/out"});
  graph.Operator("RELU", {x}, {a});
  graph.Operator("RELU", {a}, {b});
  graph.inputs = {x};
  graph.outputs = {b};
  const format::AlignedBytes file = builder.Build();
  const TestModel wrong(file.span(), {.taps = {"Block_3/CONV"}});
  EXPECT_EQ(wrong.error(), base::Error::kNotFound);
  EXPECT_THAT(wrong.why(), AllOf(HasSubstr("no tensor is called 'Block_3/CONV'"),
                                 HasSubstr("such as 'block_3/conv/Relu'")));
  TestModel right(file.span(), {.taps = {"block_3/conv/Relu", "picture"}});
  ASSERT_TRUE(right.loaded()) << right.why();
  const float values[] = {-1, 2, -3, 4};
  right.Fill(0, std::as_bytes(std::span(values)));
  ASSERT_TRUE(right.Run());
  EXPECT_EQ(right.session().Tap("picture")->as<float>()[0], -1.0F);  // though RELU could be in place
  EXPECT_EQ(right.session().Tap("block_3/conv/Relu")->as<float>()[0], 0.0F);
  EXPECT_EQ(right.session().Tap("head/out").error(), base::Error::kNotFound);
}

TEST(Load, RefusesATapThatNothingIsComputedInto) {
  ModelBuilder builder;
  AddChain(builder, {"RELU"});
  builder.graph().Tensor(Type::kFloat32, {4}, {.name = "left over"});
  const TestModel model(builder.Build().span(), {.taps = {"left over"}});
  EXPECT_EQ(model.error(), base::Error::kInvalidArgument);
  EXPECT_THAT(model.why(), HasSubstr("'left over' cannot be tapped"));
}

TEST(Load, RefusesAGraphThatCallsItselfOrWantsInputs) {
  for (const int called : {0, 1, 2}) {
    SCOPED_TRACE(called);
    ModelBuilder builder;
    GraphBuilder& once = builder.AddGraph();
    const int x = once.Tensor(Type::kFloat32, {4}, {.name = "x"});
    once.inputs = {x};
    AddChain(builder, {"RELU"});
    builder.graph().Operator("CALL_ONCE", {}, {}, OptionsType::kCallOnce,
                             TableSpec().Set<std::int32_t>(0, called));
    const TestModel model(builder.Build().span());
    EXPECT_FALSE(model.loaded());
    EXPECT_THAT(model.why(), HasSubstr("CALL_ONCE"));
    EXPECT_NE(model.error(), base::Error::kInternal);
  }
}

TEST(Load, CountsTheMemoryItKeeps) {
  ModelBuilder builder;
  AddChain(builder, {"RELU", "TANH", "RELU"});
  TestModel model(builder.Build().span());
  ASSERT_TRUE(model.loaded()) << model.why();
  const Session& session = model.session();
  EXPECT_EQ(session.activation_bytes(), 16U);  // in place all the way
  EXPECT_EQ(session.state_bytes(), 0U);
  EXPECT_EQ(session.model_bytes(), model.arena().used());
  EXPECT_EQ(session.arena_bytes(), session.model_bytes() + 16);
}

}  // namespace
}  // namespace pinhole::engine::run
