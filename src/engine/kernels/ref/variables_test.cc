// SPDX-License-Identifier: Apache-2.0
// VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE, each alone. How a session begins state
// and keeps it is tested where the session is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/op_harness.h"
#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Three variables of 4, 8 and 4 bytes; the operator means the one in the middle.
constexpr VariableOptions kMiddle{1};

// The resource as the places in a session have it: read through one operator, written through
// another.
struct Variables {
  std::vector<std::byte> bytes[3] = {std::vector<std::byte>(4), std::vector<std::byte>(8),
                                     std::vector<std::byte>(4)};
  std::span<std::byte> spans[3] = {bytes[0], bytes[1], bytes[2]};
};

// Runs `kernel` with `value` as the tensor to read into or to assign from.
template <typename T>
base::Status RunOn(const Kernel& kernel, Variables& variables, std::vector<T>& value) {
  Tensor tensors[2];
  tensors[0].type = Type::kResource;
  tensors[1].type = TypeOf<T>();
  tensors[1].shape = {static_cast<std::int32_t>(value.size())};
  tensors[1].bytes = static_cast<std::uint32_t>(value.size() * sizeof(T));
  tensors[1].data = reinterpret_cast<const std::byte*>(value.data());
  const bool assigns = kernel.kind == OpKind::kAssignVariable;
  const std::vector<std::int32_t> inputs = assigns ? std::vector{0, 1} : std::vector{0};
  const std::vector<std::int32_t> outputs = assigns ? std::vector<int>{} : std::vector{1};
  Operator op;
  op.kind = kernel.kind;
  op.inputs = inputs;
  op.outputs = outputs;
  op.attributes = kMiddle;
  Graph graph;
  graph.tensors = tensors;
  const EvalContext::Places places{&graph, nullptr, nullptr, variables.spans, nullptr};
  return kernel.evaluate(EvalContext(places, op, nullptr, {}, {}));
}

TEST(Variables, WhatWasAssignedIsRead) {
  Variables variables;
  std::vector<std::int16_t> first = {1, -2, 3, -32768};
  std::vector<std::int16_t> read(4, 77);
  ASSERT_TRUE(RunOn(kReadVariable, variables, read));
  EXPECT_THAT(read, ElementsAre(0, 0, 0, 0));
  ASSERT_TRUE(RunOn(kAssignVariable, variables, first));
  for (int twice = 0; twice < 2; ++twice) {  // reading changes nothing
    ASSERT_TRUE(RunOn(kReadVariable, variables, read));
    EXPECT_EQ(read, first);
  }
  EXPECT_EQ(variables.bytes[0], std::vector<std::byte>(4));
  EXPECT_EQ(variables.bytes[2], std::vector<std::byte>(4));
}

TEST(Variables, AShorterValueLeavesTheRest) {
  Variables variables;
  std::vector<float> two = {1.5F, -2.5F};
  std::vector<float> one = {4.0F};
  ASSERT_TRUE(RunOn(kAssignVariable, variables, two));
  ASSERT_TRUE(RunOn(kAssignVariable, variables, one));
  ASSERT_TRUE(RunOn(kReadVariable, variables, two));
  EXPECT_THAT(two, ElementsAre(4.0F, -2.5F));
}

TEST(Variables, AValueLargerThanTheVariableIsRefused) {
  Variables variables;
  std::vector<std::int8_t> nine(9, 1);
  EXPECT_EQ(RunOn(kAssignVariable, variables, nine).error(), base::Error::kMalformed);
  EXPECT_EQ(variables.bytes[1], std::vector<std::byte>(8));
  EXPECT_EQ(RunOn(kReadVariable, variables, nine).error(), base::Error::kMalformed);
  EXPECT_EQ(nine, std::vector<std::int8_t>(9, 1));
}

// The plan may lay a value where its variable lies: nothing is left to do.
TEST(Variables, AValueAtTheVariablesPlaceStays) {
  std::vector<std::int32_t> value = {7, 8};
  Variables variables;
  variables.spans[1] = std::as_writable_bytes(std::span(value));
  ASSERT_TRUE(RunOn(kAssignVariable, variables, value));
  ASSERT_TRUE(RunOn(kReadVariable, variables, value));
  EXPECT_THAT(value, ElementsAre(7, 8));
}

// Builds an operator of a handle and values; `inputs` and `outputs`: 'h' a handle, 'v' a value, '-'
// left out.
std::string WhyRefused(const Kernel& kernel, std::string_view inputs, std::string_view outputs) {
  Tensor tensors[2];
  tensors[0].type = Type::kResource;
  tensors[1].type = Type::kInt8;
  const auto indices = [](std::string_view letters) {
    std::vector<std::int32_t> list;
    for (const char letter : letters) {
      list.push_back(letter == 'h' ? 0 : letter == 'v' ? 1 : -1);
    }
    return list;
  };
  const std::vector<std::int32_t> in = indices(inputs);
  const std::vector<std::int32_t> out = indices(outputs);
  Operator op;
  op.kind = kernel.kind;
  op.inputs = in;
  op.outputs = out;
  Graph graph;
  graph.tensors = tensors;
  graph.operators = {&op, 1};
  base::Arena arena(std::span<std::byte>{});
  base::Diagnosis why;
  PrepareContext context(graph, 0, arena, why);
  return kernel.prepare(context) ? "nothing" : std::string(why.text());
}

TEST(Variables, RefusesWhatIsNoHandleOrNoValue) {
  EXPECT_EQ(WhyRefused(kVarHandle, "", "h"), "nothing");
  EXPECT_THAT(WhyRefused(kVarHandle, "", "v"), HasSubstr("is int8, resource expected"));
  EXPECT_THAT(WhyRefused(kVarHandle, "v", "h"), HasSubstr("1 inputs found, 0 to 0 expected"));
  EXPECT_EQ(WhyRefused(kReadVariable, "h", "v"), "nothing");
  EXPECT_THAT(WhyRefused(kReadVariable, "v", "v"), HasSubstr("is int8, resource expected"));
  EXPECT_THAT(WhyRefused(kReadVariable, "-", "v"), HasSubstr("input 0 is left out"));
  EXPECT_THAT(WhyRefused(kReadVariable, "h", "h"), HasSubstr("is a handle, a value expected"));
  EXPECT_THAT(WhyRefused(kReadVariable, "h", ""), HasSubstr("0 outputs found, 1 expected"));
  EXPECT_EQ(WhyRefused(kAssignVariable, "hv", ""), "nothing");
  EXPECT_THAT(WhyRefused(kAssignVariable, "vv", ""), HasSubstr("is int8, resource expected"));
  EXPECT_THAT(WhyRefused(kAssignVariable, "hh", ""), HasSubstr("is a handle, a value expected"));
  EXPECT_THAT(WhyRefused(kAssignVariable, "h-", ""), HasSubstr("input 1 is left out"));
  EXPECT_THAT(WhyRefused(kAssignVariable, "hv", "v"), HasSubstr("1 outputs found, 0 expected"));
}

// The session runs the graph; the operator itself has nothing to do and nothing to be given.
TEST(CallOnce, TakesNothingAndGivesNothing) {
  EXPECT_EQ(WhyRefused(kCallOnce, "", ""), "nothing");
  EXPECT_THAT(WhyRefused(kCallOnce, "v", ""), HasSubstr("1 inputs found, 0 to 0 expected"));
  EXPECT_THAT(WhyRefused(kCallOnce, "", "v"), HasSubstr("1 outputs found, 0 expected"));
  OpHarness op(OpKind::kCallOnce, CallOnceOptions{1});
  EXPECT_TRUE(op.Run(kCallOnce)) << op.why();
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
