// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: small models that between them use most of what the reader reads. They
// seed the fuzz targets too (model_mutator.h), and are what the truncation and bit-flip tests
// damage.

#include <string>
#include <utility>
#include <vector>

#include "engine/format/model_builder.h"

namespace pinhole::engine::format {

// int8 convolution with per-channel weights, RESHAPE, FULLY_CONNECTED, SOFTMAX, metadata.
inline AlignedBytes ConvExample() {
  ModelBuilder model;
  GraphBuilder& g = model.graph();
  const int x =
      g.Tensor(Type::kInt8, {1, 4, 4, 1}, {.name = "x", .scales = {0.5F}, .zero_points = {-1}});
  const int w =
      g.Constant<std::int8_t>(Type::kInt8, {2, 2, 2, 1}, {1, 2, 3, 4, -1, -2, -3, -4},
                              {.name = "conv/w", .scales = {0.25F, 0.125F}, .zero_points = {0, 0}});
  const int b = g.Constant<std::int32_t>(
      Type::kInt32, {2}, {100, -100},
      {.name = "conv/b", .scales = {0.125F, 0.0625F}, .zero_points = {0, 0}, .axis = 3});
  const int y = g.Tensor(Type::kInt8, {1, 2, 2, 2}, {.name = "y", .scales = {1.0F}});
  const int to = g.Constant<std::int32_t>(Type::kInt32, {2}, {1, 8}, {.name = "to"});
  const int flat = g.Tensor(Type::kInt8, {1, 8}, {.name = "flat", .scales = {1.0F}});
  const int fw = g.Constant<std::int8_t>(Type::kInt8, {2, 8}, std::vector<std::int8_t>(16, 7),
                                         {.name = "fc/w", .scales = {0.5F}});
  const int logits = g.Tensor(Type::kInt8, {1, 2}, {.name = "logits", .scales = {2.0F}});
  const int p =
      g.Tensor(Type::kInt8, {1, 2}, {.name = "p", .scales = {0.00390625F}, .zero_points = {-128}});
  g.Operator("CONV_2D", {x, w, b}, {y}, schema::OptionsType::kConv2d,
             TableSpec()
                 .Set<std::int8_t>(0, 1)
                 .Set<std::int32_t>(1, 2)
                 .Set<std::int32_t>(2, 2)
                 .Set<std::int8_t>(3, 1),
             3);
  g.Operator("RESHAPE", {y, to}, {flat});
  g.Operator("FULLY_CONNECTED", {flat, fw, -1}, {logits}, schema::OptionsType::kFullyConnected,
             TableSpec().SetFlag(2, false), 4);
  g.Operator("SOFTMAX", {logits}, {p}, schema::OptionsType::kSoftmax,
             TableSpec().Set<float>(0, 1.0F), 2);
  g.inputs = {x};
  g.outputs = {p};
  model.AddMetadata("min_runtime_version", {std::byte{'1'}, std::byte{'.'}, std::byte{'5'}});
  return model.Build();
}

// float16 and sparse float16 weights behind DEQUANTIZE and DENSIFY.
inline AlignedBytes FoldExample() {
  ModelBuilder model;
  GraphBuilder& g = model.graph();
  const int x = g.Tensor(Type::kFloat32, {2, 3}, {.name = "x"});
  const int half = g.Constant<std::uint16_t>(
      Type::kFloat16, {2, 3}, {0x3C00, 0xC000, 0x3800, 0, 0x0001, 0x7BFF}, {.name = "half"});
  const int half32 = g.Tensor(Type::kFloat32, {2, 3}, {.name = "half32"});
  const int sum = g.Tensor(Type::kFloat32, {2, 3}, {.name = "sum"});
  // [[0, 1, 0], [2, 0, 3]] by rows: the second dimension is compressed.
  const int sparse = g.Constant<std::uint16_t>(Type::kFloat16, {2, 3}, {0x3C00, 0x4000, 0x4200},
                                               {.name = "sparse"});
  TableSpec rows, columns, sparsity;
  rows.Set<std::int8_t>(0, 0).Set<std::int32_t>(1, 2);
  columns.Set<std::int8_t>(0, 1)
      .Set<std::uint8_t>(2, 3)
      .SetTable(3, TableSpec().SetNumbers<std::uint8_t>(0, {0, 1, 3}, 4))
      .Set<std::uint8_t>(4, 2)
      .SetTable(5, TableSpec().SetNumbers<std::uint16_t>(0, {1, 0, 2}, 4));
  sparsity.SetNumbers<std::int32_t>(0, {0, 1}).SetTables(2, {rows, columns});
  g.tensors.back().SetTable(schema::tensor::kSparsity, sparsity);
  const int dense = g.Tensor(Type::kFloat16, {2, 3}, {.name = "dense"});
  const int dense32 = g.Tensor(Type::kFloat32, {2, 3}, {.name = "dense32"});
  const int y = g.Tensor(Type::kFloat32, {2, 3}, {.name = "y"});
  g.Operator("DEQUANTIZE", {half}, {half32});
  g.Operator("ADD", {x, half32}, {sum}, schema::OptionsType::kAdd, {});
  g.Operator("DENSIFY", {sparse}, {dense});
  g.Operator("DEQUANTIZE", {dense}, {dense32});
  g.Operator("MUL", {sum, dense32}, {y}, schema::OptionsType::kMul, {});
  g.inputs = {x};
  g.outputs = {y};
  model.AddMetadata("end", {});
  return model.Build();
}

// A variable set by a graph that is called once, read and assigned by the main graph.
inline AlignedBytes VariableExample() {
  ModelBuilder model;
  GraphBuilder& once = model.AddGraph();
  const TableSpec name = TableSpec().SetString(0, "box").SetString(1, "state");
  once.name = "init";
  const int h0 = once.Tensor(Type::kResource, {}, {.name = "handle"});
  const int zero = once.Constant<float>(Type::kFloat32, {1, 2}, {0, 0}, {.name = "zero"});
  once.Operator("VAR_HANDLE", {}, {h0}, schema::OptionsType::kVarHandle, name);
  once.Operator("ASSIGN_VARIABLE", {h0, zero}, {});
  GraphBuilder& g = model.graph();
  const int x = g.Tensor(Type::kFloat32, {1, 2}, {.name = "x"});
  const int h1 = g.Tensor(Type::kResource, {1}, {.name = "handle"});
  const int old = g.Tensor(Type::kFloat32, {1, 2}, {.name = "old"});
  const int y = g.Tensor(Type::kFloat32, {1, 2}, {.name = "y"});
  g.Operator("CALL_ONCE", {}, {}, schema::OptionsType::kCallOnce,
             TableSpec().Set<std::int32_t>(0, 1));
  g.Operator("VAR_HANDLE", {}, {h1}, schema::OptionsType::kVarHandle, name);
  g.Operator("READ_VARIABLE", {h1}, {old});
  g.Operator("ADD", {x, old}, {y}, schema::OptionsType::kAdd, {});
  g.Operator("ASSIGN_VARIABLE", {h1, y}, {});
  g.inputs = {x};
  g.outputs = {y};
  model.AddMetadata("end", {});
  return model.Build();
}

// Custom operators, one known and one unknown, a builtin that the engine lacks, a variable tensor.
inline AlignedBytes CustomExample() {
  ModelBuilder model;
  GraphBuilder& g = model.graph();
  const int x = g.Tensor(Type::kInt16, {1, 4}, {.name = "x"});
  const int window = g.Constant<std::int16_t>(Type::kInt16, {4}, {1, 2, 3, 4}, {.name = "w"});
  const int state = g.Tensor(Type::kInt16, {1, 4}, {.name = "state", .variable = true});
  const int a = g.Tensor(Type::kInt16, {1, 4}, {.name = "a"});
  const int b = g.Tensor(Type::kInt16, {1, 4}, {.name = "b"});
  const int c = g.Tensor(Type::kInt16, {1, 4}, {.name = "c"});
  // {"shift": 12} as a FlexBuffer.
  const std::vector<std::uint8_t> shift = {'s', 'h', 'i', 'f', 't', 0, 1,    7,
                                           1,   1,   1,   12,  4,   2, 0x24, 1};
  g.Custom("SignalWindow", {x, window}, {a}, BytesOf(shift));
  g.Custom("Mystery", {a, state}, {b}, {std::byte{1}});
  g.Operator("HARD_SWISH", {b}, {c});
  g.inputs = {x};
  g.outputs = {c};
  model.AddMetadata("end", {});
  return model.Build();
}

inline std::vector<std::pair<std::string, AlignedBytes>> ExampleModels() {
  std::vector<std::pair<std::string, AlignedBytes>> models;
  models.emplace_back("conv", ConvExample());
  models.emplace_back("fold", FoldExample());
  models.emplace_back("variable", VariableExample());
  models.emplace_back("custom", CustomExample());
  return models;
}

}  // namespace pinhole::engine::format
