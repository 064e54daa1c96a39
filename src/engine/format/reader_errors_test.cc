// SPDX-License-Identifier: Apache-2.0
// What the reader refuses, by what name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "engine/format/read_for_test.h"

namespace pinhole::engine::format {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using base::Error;

// x and the constant w are added to y. A test breaks one thing of it.
struct Sample {
  Sample() {
    GraphBuilder& g = graph();
    x = g.Tensor(Type::kInt8, {1, 2}, {.name = "x", .scales = {1.0F}, .zero_points = {0}});
    w = g.Constant<std::int8_t>(Type::kInt8, {1, 2}, {1, 2},
                                {.name = "w", .scales = {1.0F}, .zero_points = {0}});
    y = g.Tensor(Type::kInt8, {1, 2}, {.name = "y", .scales = {1.0F}, .zero_points = {0}});
    g.Operator("ADD", {x, w}, {y}, schema::OptionsType::kAdd, {});
    g.inputs = {x};
    g.outputs = {y};
  }
  GraphBuilder& graph() { return model.graph(); }
  TableSpec& tensor(int i) { return graph().tensors[static_cast<std::size_t>(i)]; }
  TableSpec& op(int i) { return graph().operators[static_cast<std::size_t>(i)]; }
  void Quantize(int i, const std::vector<float>& scales,
                const std::vector<std::int64_t>& zero_points, std::int32_t axis = 0) {
    tensor(i).SetTable(schema::tensor::kQuantization,
                       TableSpec()
                           .SetNumbers(schema::quantization::kScale, scales)
                           .SetNumbers(schema::quantization::kZeroPoint, zero_points)
                           .Set(schema::quantization::kQuantizedDimension, axis));
  }

  ModelBuilder model;
  int x = 0, w = 0, y = 0;
};

void ExpectRefused(Sample& sample, Error error, const std::string& sentence) {
  const AlignedBytes file = sample.model.Build();
  const ReadForTest model(file);
  ASSERT_FALSE(model) << "not refused: " << sentence;
  EXPECT_EQ(ErrorName(model.error()), ErrorName(error)) << model.why();
  EXPECT_THAT(model.why(), HasSubstr(sentence));
}

void ExpectTaken(Sample& sample) {
  const AlignedBytes file = sample.model.Build();
  const ReadForTest model(file);
  EXPECT_TRUE(model) << model.why();
}

TEST(Refuses, NothingOfTheSoundSample) {
  Sample s;
  ExpectTaken(s);
}

TEST(Refuses, OtherSchemaVersions) {
  Sample s;
  s.model.version = 4;
  ExpectRefused(s, Error::kUnsupported, "schema version 4, 3 expected");
}

TEST(Refuses, ShapesThatNoTensorHas) {
  const auto with_shape = [](const std::vector<std::int32_t>& shape) {
    Sample s;
    s.tensor(s.w).SetNumbers(schema::tensor::kShape, shape);
    return s.model.Build();
  };
  const auto refused = [&](const std::vector<std::int32_t>& shape, Error error,
                           const std::string& sentence) {
    const AlignedBytes file = with_shape(shape);
    const ReadForTest model(file);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error(), error) << model.why();
    EXPECT_THAT(model.why(), AllOf(HasSubstr("tensor 1 'w'"), HasSubstr(sentence)));
  };
  refused({-1, 2}, Error::kMalformed, "dimension 0 is -1, at least 1 expected");
  refused({1, 0}, Error::kMalformed, "has a dimension of 0");
  refused({1, 1, 1, 1, 1, 1, 2}, Error::kUnsupported, "rank 7, at most 6");
  refused({65536, 65536}, Error::kTooLarge, "more than 2147483647 bytes");
  refused({INT32_MAX, INT32_MAX, INT32_MAX}, Error::kTooLarge, "more than 2147483647 bytes");
  refused({1, 3}, Error::kMalformed, "buffer 1 has 2 bytes, its shape and type need 3");
}

TEST(Refuses, TypesItDoesNotHave) {
  Sample s;
  s.tensor(s.x).Set<std::int8_t>(schema::tensor::kType, 5);
  ExpectRefused(s, Error::kUnsupported, "tensor 0 'x': type STRING is not supported");
  s.tensor(s.x).Set<std::int8_t>(schema::tensor::kType, 23);
  ExpectRefused(s, Error::kMalformed, "tensor 0 'x': type 23 is not one of the schema's");
  s.tensor(s.x).Set<std::int8_t>(schema::tensor::kType, -1);
  ExpectRefused(s, Error::kMalformed, "type -1");
}

TEST(Refuses, QuantisationThatMakesNoSense) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const float scale : {0.0F, -1.0F, kNan, kInf}) {
    Sample s;
    s.Quantize(s.w, {scale}, {0});
    ExpectRefused(s, Error::kMalformed, "tensor 1 'w': scale 0 of 1 is not a finite number above");
  }
  const auto refused = [](const std::vector<float>& scales,
                          const std::vector<std::int64_t>& zero_points, std::int32_t axis,
                          Error error, const std::string& sentence) {
    Sample s;
    s.Quantize(s.w, scales, zero_points, axis);
    ExpectRefused(s, error, "tensor 1 'w': " + sentence);
  };
  refused({1, 1}, {0, 0}, 0, Error::kMalformed, "2 scales along dimension 0, which has size 1");
  refused({1, 1}, {0, 0}, 2, Error::kMalformed, "2 scales along dimension 2, its rank is 2");
  refused({1, 1}, {0, 0}, -1, Error::kMalformed, "2 scales along dimension -1");
  refused({1, 1, 1}, {0}, 1, Error::kMalformed, "3 scales for 2 elements");
  refused({1, 1}, {0, 0, 0}, 1, Error::kMalformed, "3 zero points for 2 scales");
  refused({1, 1}, {1, 2}, 1, Error::kUnsupported, "zero points 1 and 2 differ between channels");
  refused({1}, {128}, 0, Error::kMalformed, "zero point 128 is outside of int8's -128 to 127");
  refused({1}, {-129}, 0, Error::kMalformed, "zero point -129");
  refused({1}, {std::int64_t{1} << 32}, 0, Error::kMalformed, "zero point 4294967296");
  Sample details;
  details.tensor(details.w)
      .SetTable(schema::tensor::kQuantization,
                TableSpec().Set<std::uint8_t>(schema::quantization::kDetailsType, 2));
  ExpectRefused(details, Error::kUnsupported, "tensor 1 'w': quantisation details of kind 2");
}

TEST(Refuses, NoneOfTheQuirksOfQuantisation) {
  Sample s;
  s.Quantize(s.w, {1, 2}, {}, 1);  // no zero points: all 0
  ExpectTaken(s);
  s.Quantize(s.w, {1, 2}, {3}, 1);  // one for all
  ExpectTaken(s);
  s.Quantize(s.w, {}, {5});  // no scales: not quantised
  ExpectTaken(s);
  s.tensor(s.x).Set<std::int8_t>(schema::tensor::kType, 0);  // of a float it is not looked at
  s.Quantize(s.x, {0}, {999});
  ExpectTaken(s);
}

TEST(Refuses, ConstantsThatAreNone) {
  Sample s;
  s.tensor(s.w).Set<std::uint32_t>(schema::tensor::kBuffer, 7);
  ExpectRefused(s, Error::kMalformed, "tensor 1 'w': buffer 7 is asked for, the file has 2");
  s.tensor(s.w).Set<std::uint32_t>(schema::tensor::kBuffer, 1);
  s.tensor(s.w).Set<std::uint32_t>(schema::tensor::kExternalBuffer, 1);
  ExpectRefused(s, Error::kUnsupported, "tensor 1 'w': its bytes lie in another file");
  s.tensor(s.w).Clear(schema::tensor::kExternalBuffer);
  s.tensor(s.w).Set<std::int8_t>(schema::tensor::kType, 6);
  ExpectRefused(s, Error::kMalformed, "tensor 1 'w': a bool that is neither 0 nor 1");
  s.tensor(s.w).SetFlag(schema::tensor::kIsVariable, true);
  ExpectRefused(s, Error::kUnsupported, "tensor 1 'w': a variable with 2 constant bytes");
}

TEST(Refuses, OperatorsThatNameNoTensor) {
  Sample s;
  s.op(0).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x, 3});
  ExpectRefused(s, Error::kMalformed, "operator 0 ADD: input 1 is tensor 3, the graph has 3");
  s.op(0).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x, -2});
  ExpectRefused(s, Error::kMalformed, "input 1 is tensor -2");
  s.op(0).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x, s.w});
  s.op(0).SetNumbers<std::int32_t>(schema::op::kOutputs, {-1});
  ExpectRefused(s, Error::kMalformed, "operator 0 ADD: output 0 is tensor -1");
}

TEST(Refuses, OperatorsOutOfOrder) {
  Sample s;
  GraphBuilder& g = s.graph();
  const int z = g.Tensor(Type::kInt8, {1, 2}, {.name = "z"});
  g.Operator("RELU", {z}, {s.y});
  ExpectRefused(s, Error::kMalformed,
                "operator 1 RELU: input 0, tensor 3 'z', is read before any operator wrote it");
  s.op(1).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x});
  ExpectRefused(s, Error::kMalformed, "operator 1 RELU: output 0, tensor 2 'y', is written though");
  for (const int taken : {s.x, s.w}) {
    s.op(1).SetNumbers<std::int32_t>(schema::op::kOutputs, {taken});
    ExpectRefused(s, Error::kMalformed, "is written though it is an input, constant, variable");
  }
  s.op(1).SetNumbers<std::int32_t>(schema::op::kOutputs, {z, z});
  ExpectRefused(s, Error::kMalformed, "operator 1 RELU: output 1, tensor 3 'z', is written though");
  s.op(1).SetNumbers<std::int32_t>(schema::op::kInputs, {z});
  s.op(1).SetNumbers<std::int32_t>(schema::op::kOutputs, {z});
  ExpectRefused(s, Error::kMalformed, "tensor 3 'z', is read before any operator wrote it");
}

TEST(Refuses, GraphEndsThatLeadNowhere) {
  Sample s;
  s.graph().outputs = {3};
  ExpectRefused(s, Error::kMalformed, "its output 0 is tensor 3, the graph has 3");
  s.graph().outputs = {s.y};
  s.graph().inputs = {-1};
  ExpectRefused(s, Error::kMalformed, "its input 0 is tensor -1");
  s.graph().inputs = {s.x, s.w};
  ExpectRefused(s, Error::kMalformed, "its input, tensor 1 'w', is a constant");
  s.graph().inputs = {s.x};
  const int z = s.graph().Tensor(Type::kInt8, {1}, {.name = "z"});
  s.graph().outputs = {z};
  ExpectRefused(s, Error::kMalformed, "its output, tensor 3 'z', is written by no operator");
  s.tensor(z).Set<std::int8_t>(schema::tensor::kType, FileTypeOf(Type::kResource));
  ExpectRefused(s, Error::kUnsupported, "its output 0, tensor 3 'z', is resource");
}

TEST(Refuses, OperatorCodesThatAreNone) {
  Sample s;
  s.op(0).Set<std::uint32_t>(schema::op::kOpcodeIndex, 1);
  ExpectRefused(s, Error::kMalformed, "operator code 1 is asked for, the file has 1");
  s.op(0).Set<std::uint32_t>(schema::op::kOpcodeIndex, 0);
  s.model.codes[0].Set<std::int32_t>(schema::operator_code::kVersion, 0);
  ExpectRefused(s, Error::kMalformed, "operator code 0: version 0, 1 to 65535 expected");
  s.model.codes[0].Set<std::int32_t>(schema::operator_code::kVersion, 1);
  s.model.codes[0].Set<std::int32_t>(schema::operator_code::kBuiltinCode, 1 << 20);
  ExpectRefused(s, Error::kMalformed, "builtin code 1048576 is no operator");
}

TEST(Refuses, Float16ThatIsComputed) {
  Sample s;
  GraphBuilder& g = s.graph();
  const int half = g.Tensor(Type::kFloat16, {1, 2}, {.name = "half"});
  g.Operator("CAST", {s.y}, {half});
  ExpectRefused(s, Error::kUnsupported,
                "operator 1 CAST: tensor 3 'half' is float16 and not a constant");
}

TEST(Refuses, CallsThatDoNotEnd) {
  const auto with_call = [](Sample& s, std::int32_t target) -> GraphBuilder& {
    s.graph().Operator("CALL_ONCE", {}, {}, schema::OptionsType::kCallOnce,
                       TableSpec().Set<std::int32_t>(0, target));
    return s.model.AddGraph();
  };
  for (const std::int32_t target : {-1, 0, 2}) {
    Sample s;
    with_call(s, target);
    ExpectRefused(s, Error::kMalformed,
                  "graph 0, operator 1 CALL_ONCE: init_subgraph_index is " +
                      std::to_string(target) + ", 1 to 1 expected");
  }
  Sample s;
  with_call(s, 1).Operator("CALL_ONCE", {}, {}, schema::OptionsType::kCallOnce,
                           TableSpec().Set<std::int32_t>(0, 1));
  ExpectRefused(s, Error::kUnsupported,
                "graph 1, operator 0 CALL_ONCE: only the main graph may call others");
}

TEST(Refuses, VariablesThatDoNotFitTogether) {
  const auto name = TableSpec().SetString(1, "state");
  Sample s;
  GraphBuilder& g = s.graph();
  const int h = g.Tensor(Type::kResource, {}, {.name = "handle"});
  const int v = g.Tensor(Type::kInt8, {3}, {.name = "v"});
  g.Operator("VAR_HANDLE", {}, {h}, schema::OptionsType::kVarHandle, name);
  g.Operator("ASSIGN_VARIABLE", {h, s.y}, {});
  const int read = g.Operator("READ_VARIABLE", {h}, {v});
  ExpectRefused(s, Error::kMalformed,
                "operator 3 READ_VARIABLE: variable 'state' holds 3 bytes here and 2 elsewhere");
  s.op(read).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x});
  ExpectRefused(s, Error::kMalformed, "tensor 0 'x' is int8, a resource expected");
  s.op(read).SetNumbers<std::int32_t>(schema::op::kInputs, {});
  ExpectRefused(s, Error::kMalformed, "0 inputs and 1 outputs found, 1 and 1 expected");
  s.op(read).SetNumbers<std::int32_t>(schema::op::kInputs, {-1});
  ExpectRefused(s, Error::kMalformed, "READ_VARIABLE: 1 inputs and 1 outputs found");
  const int other = g.Tensor(Type::kResource, {}, {.name = "other", .variable = true});
  s.op(read).SetNumbers<std::int32_t>(schema::op::kInputs, {other});
  ExpectRefused(s, Error::kMalformed, "tensor 5 'other' is no handle that VAR_HANDLE made");
  s.op(1).Clear(schema::op::kBuiltinOptions);
  ExpectRefused(s, Error::kMalformed, "its options, the variable's name, are missing");
}

TEST(Refuses, TooManyVariables) {
  Sample s;
  for (int i = 0; i <= 256; ++i) {
    const int h = s.graph().Tensor(Type::kResource, {});
    s.graph().Operator("VAR_HANDLE", {}, {h}, schema::OptionsType::kVarHandle,
                       TableSpec().SetString(1, std::to_string(i)));
  }
  const AlignedBytes file = s.model.Build();
  const ReadForTest model(file, 1 << 18);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error(), Error::kTooLarge);
  EXPECT_THAT(model.why(), HasSubstr("more than 256 variables"));
}

TEST(Refuses, ModelsWithoutAGraphOrWithTooMany) {
  Sample s;
  for (int i = 0; i < 1024; ++i) {
    s.model.AddGraph();
  }
  ExpectRefused(s, Error::kTooLarge, "1025 graphs, at most 1024 are read");
  const AlignedBytes empty(
      TableSpec().Set<std::uint32_t>(schema::model::kVersion, 3).Serialise("TFL3"));
  const ReadForTest model(empty);
  EXPECT_EQ(model.error(), Error::kMalformed);
  EXPECT_THAT(model.why(), HasSubstr("the model has no graph"));
}

TEST(Refuses, MetadataInABufferThatIsNotThere) {
  Sample s;
  s.model.AddMetadata("note", {std::byte{1}});
  s.model.metadata[0].Set<std::uint32_t>(schema::metadata::kBuffer, 99);
  ExpectRefused(s, Error::kMalformed, "metadata 0 'note': buffer 99 is asked for");
}

// A tensor with a dimension of 0 is taken as long as nobody names it: converters list an LSTM's
// intermediates so.
TEST(Refuses, NoHollowTensorThatNobodyNames) {
  Sample s;
  const int hollow = s.graph().Tensor(Type::kInt8, {0}, {.name = "hollow"});
  ExpectTaken(s);
  s.op(0).SetNumbers<std::int32_t>(schema::op::kInputs, {s.x, hollow});
  ExpectRefused(s, Error::kMalformed,
                "operator 0 ADD: input 1, tensor 3 'hollow', has a dimension of 0");
}

// A hostile name cannot break the line that it is printed in.
TEST(Refuses, WithPrintableSentences) {
  Sample s;
  s.tensor(s.w)
      .SetString(schema::tensor::kName, "\n\x1B[31mred")
      .Set<std::int8_t>(schema::tensor::kType, 5);
  ExpectRefused(s, Error::kUnsupported, "tensor 1 '??[31mred': type STRING");
}

}  // namespace
}  // namespace pinhole::engine::format
