// SPDX-License-Identifier: Apache-2.0
// What is written is what is read; nothing damaged gets past the promises; memory is what it says.
#include "engine/format/tflite_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/format/example_models.h"
#include "engine/format/read_for_test.h"

namespace pinhole::engine::format {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using base::Error;

TEST(ReadTflite, ReadsBackAConvolutionalNetwork) {
  const AlignedBytes file = ConvExample();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->description, "built for a test");
  EXPECT_EQ(model->file_bytes, file.span().size());
  EXPECT_EQ(model->constant_bytes, 8U + 8U + 8U + 16U);
  EXPECT_EQ(model->folded_bytes, 0U);
  EXPECT_EQ(model->FindMetadata("min_runtime_version").size(), 3U);
  EXPECT_TRUE(model->FindMetadata("none").empty());
  const Graph& g = model->main();
  EXPECT_EQ(g.name(), "main");
  EXPECT_THAT(g.inputs, ElementsAre(0));
  EXPECT_THAT(g.outputs, ElementsAre(8));
  ASSERT_EQ(g.tensors.size(), 9U);
  EXPECT_EQ(g.tensor(0).name(), "x");
  EXPECT_EQ(g.tensor(0).shape, (Shape{1, 4, 4, 1}));
  EXPECT_EQ(g.tensor(0).bytes, 16U);
  EXPECT_EQ(g.tensor(0).zero_point, -1);
  EXPECT_EQ(g.tensor(0).scale(), 0.5F);
  EXPECT_FALSE(g.tensor(0).is_constant());
  const Tensor& weights = g.tensor(1);
  EXPECT_THAT(weights.constant<std::int8_t>(), ElementsAre(1, 2, 3, 4, -1, -2, -3, -4));
  EXPECT_EQ(weights.scale_count, 2U);
  EXPECT_EQ(weights.axis, 0);
  EXPECT_EQ(weights.channel_scale(1), 0.125F);
  EXPECT_THAT(g.tensor(2).constant<std::int32_t>(), ElementsAre(100, -100));
  EXPECT_EQ(g.tensor(2).axis, 0);  // the file says 3, of a bias with one dimension
  ASSERT_EQ(g.operators.size(), 4U);
  EXPECT_EQ(g.operators[0].kind, OpKind::kConv2d);
  EXPECT_EQ(g.operators[0].version, 3);
  EXPECT_THAT(g.operators[0].inputs, ElementsAre(0, 1, 2));
  const auto conv = g.operators[0].options<ConvOptions>();
  EXPECT_EQ(conv.stride_h, 2);
  EXPECT_EQ(conv.stride_w, 2);
  EXPECT_EQ(conv.dilation_h, 1);
  EXPECT_EQ(conv.padding, Padding::kValid);
  EXPECT_EQ(conv.activation, Activation::kRelu);
  EXPECT_THAT(g.operators[2].inputs, ElementsAre(5, 6, -1));
}

TEST(ReadTflite, UsesTheFilesBytesInPlace) {
  const AlignedBytes file = ConvExample();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  const auto inside = [&](const void* p) {
    return p >= file.span().data() && p < file.span().data() + file.span().size();
  };
  for (const Tensor& tensor : model->main().tensors) {
    EXPECT_TRUE(inside(tensor.name_text));
    EXPECT_TRUE(tensor.data == nullptr || inside(tensor.data));
    EXPECT_TRUE(tensor.scales == nullptr || inside(tensor.scales));
  }
  EXPECT_TRUE(inside(model->main().operators[0].inputs.data()));
  // The arena holds the structs and nothing else.
  EXPECT_LE(model.arena().used(), sizeof(Model) + sizeof(Graph) + 9 * sizeof(Tensor) +
                                      4 * sizeof(Operator) + sizeof(Metadata) + 16);
}

TEST(ReadTflite, CopiesWhatLiesAskew) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kInt16, {2}, {.scales = {0.25F}});
  const int w = g.Constant<std::int16_t>(Type::kInt16, {2}, {300, -2},
                                         {.scales = {0.5F}, .alignment = TableSpec::kAskew});
  const int y = g.Tensor(Type::kInt16, {2}, {.scales = {0.25F}});
  const int op = g.Operator("ADD", {x, w}, {y}, schema::OptionsType::kAdd, {});
  g.inputs = {x};
  g.outputs = {y};
  g.operators[std::size_t(op)].SetNumbers<std::int32_t>(schema::op::kInputs, {x, w},
                                                        TableSpec::kAskew);
  TableSpec quantization;
  quantization.SetNumbers<float>(schema::quantization::kScale, {0.75F}, TableSpec::kAskew);
  g.tensors[std::size_t(w)].SetTable(schema::tensor::kQuantization, quantization);
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_THAT(model->main().tensor(w).constant<std::int16_t>(), ElementsAre(300, -2));
  EXPECT_EQ(model->main().tensor(w).scale(), 0.75F);
  EXPECT_THAT(model->main().operators[0].inputs, ElementsAre(x, w));
  EXPECT_EQ(model->folded_bytes, 4U);
}

TEST(ReadTflite, JoinsVariablesAcrossGraphs) {
  const AlignedBytes file = VariableExample();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  ASSERT_EQ(model->graphs.size(), 2U);
  ASSERT_EQ(model->resources.size(), 1U);
  EXPECT_STREQ(model->resources[0].name_text, "state");
  EXPECT_EQ(model->resources[0].bytes, 8U);
  const Graph& g = model->main();
  EXPECT_EQ(g.operators[0].options<CallOnceOptions>().graph, 1);
  for (const std::size_t i : {1U, 2U, 4U}) {
    ASSERT_NE(std::get_if<VariableOptions>(&g.operators[i].attributes), nullptr) << i;
    EXPECT_EQ(g.operators[i].options<VariableOptions>().resource, 0);
  }
  EXPECT_EQ(model->graphs[1].operators[1].options<VariableOptions>().resource, 0);
  EXPECT_EQ(g.tensor(1).type, Type::kResource);
  EXPECT_EQ(g.tensor(1).bytes, 0U);
}

TEST(ReadTflite, KeepsApartVariablesOfTheSameNameInTwoContainers) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  for (const char* container : {"a", "b", "a"}) {
    const int h = g.Tensor(Type::kResource, {});
    g.Operator("VAR_HANDLE", {}, {h}, schema::OptionsType::kVarHandle,
               TableSpec().SetString(0, container).SetString(1, "state"));
  }
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->resources.size(), 2U);
  EXPECT_EQ(model->main().operators[1].options<VariableOptions>().resource, 1);
  EXPECT_EQ(model->main().operators[2].options<VariableOptions>().resource, 0);
}

TEST(ReadTflite, KnowsCustomOperatorsAndShowsUnknownOnes) {
  const AlignedBytes file = CustomExample();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  const Graph& g = model->main();
  EXPECT_EQ(g.operators[0].kind, OpKind::kSignalWindow);
  EXPECT_EQ(g.operators[0].options<CustomOptions>().size, 16U);
  EXPECT_EQ(g.operators[1].kind, OpKind::kUnknown);
  EXPECT_STREQ(g.operators[1].custom_name, "Mystery");
  EXPECT_EQ(g.operators[1].code, 32);
  EXPECT_EQ(g.operators[2].kind, OpKind::kUnknown);
  EXPECT_EQ(BuiltinCodeName(g.operators[2].code), "HARD_SWISH");
  EXPECT_TRUE(g.tensor(2).is_variable);
}

TEST(ReadTflite, TakesTheOldFieldForTheOperatorCodeAlone) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kFloat32, {1});
  const int y = g.Tensor(Type::kFloat32, {1});
  g.Operator("RELU", {x}, {y});
  g.inputs = {x};
  g.outputs = {y};
  builder.codes[0].Clear(3);
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_EQ(model->main().operators[0].kind, OpKind::kRelu);
}

TEST(ReadTflite, ReadsBuffersBehindTheTables) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int w = g.Constant<float>(Type::kFloat32, {2}, {0, 0});
  g.outputs = {w};
  const std::vector<float> values = {3.0F, 4.0F};
  const auto build = [&](std::uint64_t offset, std::uint64_t size) {
    builder.buffers[1] = TableSpec().Set(schema::buffer::kOffset, offset)
                             .Set(schema::buffer::kSize, size);
    const AlignedBytes tables = builder.Build();
    ByteVector file(tables.span().begin(), tables.span().end());
    file.resize((file.size() + 15) / 16 * 16);
    const ByteVector tail = BytesOf(values);
    file.insert(file.end(), tail.begin(), tail.end());
    return AlignedBytes(file);
  };
  const std::uint64_t at = build(16, 8).span().size() - 8;
  const AlignedBytes file = build(at, 8);
  const ReadForTest model(file);
  ASSERT_TRUE(model) << model.why();
  EXPECT_THAT(model->main().tensor(w).constant<float>(), ElementsAre(3.0F, 4.0F));
  for (const auto& [offset, size] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {at + 1, 8}, {at, 9}, {~std::uint64_t{0}, 8}, {at, ~std::uint64_t{0}}}) {
    const AlignedBytes bad = build(offset, size);
    const ReadForTest refused(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Error::kTruncated);
    EXPECT_THAT(refused.why(), HasSubstr("lead past the end"));
  }
}

TEST(ReadTflite, SaysWhatTheBytesAreNot) {
  const AlignedBytes file = ConvExample();
  const ByteVector bytes(file.span().begin(), file.span().end());
  std::vector<std::byte> memory(1 << 16);
  base::Arena arena(memory);
  base::Diagnosis why;
  ByteVector shifted(bytes.size() + 16);
  const AlignedBytes askew(shifted);
  EXPECT_EQ(ReadTflite(askew.span().subspan(4), arena, why).error(), Error::kInvalidArgument);
  EXPECT_THAT(std::string(why.text()), HasSubstr("aligned to 16"));
  EXPECT_EQ(ReadTflite({}, arena, why).error(), Error::kTruncated);
  ModelBuilder builder;
  builder.identifier = "PNG\n";
  const AlignedBytes png = builder.Build();
  const ReadForTest refused(png);
  EXPECT_EQ(refused.error(), Error::kMalformed);
  EXPECT_THAT(refused.why(), HasSubstr("'PNG?' found at byte 4, 'TFL3' expected"));
}

TEST(ReadTflite, EveryTruncationIsAnError) {
  for (const auto& [name, sound] : ExampleModels()) {
    for (std::size_t size = 0; size < sound.span().size(); ++size) {
      const AlignedBytes cut(sound.span().first(size));
      const ReadForTest model(cut);
      ASSERT_FALSE(model) << name << " cut to " << size << " of " << sound.span().size();
      EXPECT_TRUE(model.error() == Error::kTruncated || model.error() == Error::kMalformed)
          << ErrorName(model.error());
    }
  }
}

// Flips every bit, and sets every byte to the extremes. ReadForTest checks the promises.
TEST(ReadTflite, NoDamagedByteBreaksAPromise) {
  for (const auto& [name, sound] : ExampleModels()) {
    std::size_t refused = 0;
    const AlignedBytes damaged(sound.span());
    for (std::size_t at = 0; at < sound.span().size(); ++at) {
      const std::byte was = sound.span()[at];
      for (int change = 0; change < 10; ++change) {
        damaged.span()[at] = change < 8    ? was ^ static_cast<std::byte>(1 << change)
                                 : change == 8 ? std::byte{0xFF}
                                               : std::byte{0};
        const ReadForTest model(damaged, std::size_t{1} << 14);
        refused += model ? 0 : 1;
      }
      damaged.span()[at] = was;
    }
    EXPECT_GT(refused, sound.span().size()) << name << ": hardly anything is checked";
  }
}

TEST(ReadTflite, EveryArenaThatIsTooSmallIsAnError) {
  for (const auto& [name, sound] : ExampleModels()) {
    const std::size_t enough = ReadForTest(sound).arena().high_water();
    bool fitted = false;
    for (std::size_t size = 0; size <= enough + 64; ++size) {
      const ReadForTest model(sound, size);
      if (model) {
        fitted = true;
        EXPECT_GE(size, enough - 64) << name;
        continue;
      }
      EXPECT_FALSE(fitted) << name << ": " << size << " bytes fail where fewer were enough";
      EXPECT_EQ(model.error(), Error::kOutOfMemory);
      EXPECT_THAT(model.why(), HasSubstr("give a larger one"));
    }
    EXPECT_TRUE(fitted) << name;
  }
}

TEST(ReadTflite, LimitsAreChecked) {
  const AlignedBytes file = FoldExample();
  const auto why_with = [&](const ReadLimits& limits) {
    const ReadForTest model(file, 1 << 16, limits);
    EXPECT_EQ(model.error(), Error::kTooLarge);
    return model.why();
  };
  EXPECT_THAT(why_with({.max_tensors = 7}), HasSubstr("more than 7 tensors"));
  EXPECT_THAT(why_with({.max_operators = 4}), HasSubstr("4 operators"));
  EXPECT_THAT(why_with({.max_folded_bytes = 47}), HasSubstr("max_folded_bytes"));
  EXPECT_TRUE(ReadForTest(file, 1 << 16,
                          {.max_folded_bytes = 48, .max_tensors = 8, .max_operators = 5}));
}

// A million elements for a few bytes: one long list of operands that many operators point at.
TEST(ReadTflite, RefusesAFileThatAsksForTooMuchWork) {
  ModelBuilder builder;
  GraphBuilder& g = builder.graph();
  const int x = g.Tensor(Type::kFloat32, {1});
  g.inputs = {x};
  g.Custom("Long", std::vector<std::int32_t>(1000, x), {});
  const AlignedBytes one = builder.Build();
  ASSERT_TRUE(ReadForTest(one));
  g.repeat_operator = 2000;
  const AlignedBytes file = builder.Build();
  const ReadForTest model(file, 1 << 20);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error(), Error::kTooLarge) << model.why();
  EXPECT_THAT(model.why(), HasSubstr("refers to the same bytes too often"));
}

}  // namespace
}  // namespace pinhole::engine::format
