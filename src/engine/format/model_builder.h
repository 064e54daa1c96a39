// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: writes TensorFlow Lite models in memory, sound ones and broken ones.
//
// Two layers. A TableSpec is any FlatBuffers table by field numbers, so that a test can say
// everything the schema allows and much that it does not. ModelBuilder and GraphBuilder are the
// comfortable way on top:
//
//   ModelBuilder model;
//   GraphBuilder& g = model.graph();
//   const int x = g.Tensor(Type::kInt8, {1, 4}, {.name = "x", .scales = {0.5F}});
//   const int y = g.Tensor(Type::kInt8, {1, 4}, {.name = "y", .scales = {0.5F}});
//   g.Operator("RELU", {x}, {y});
//   g.inputs = {x};
//   g.outputs = {y};
//   const AlignedBytes file = model.Build();
//
// Every TableSpec stays open to changes until Build: g.tensors[x].Set(...). The file is laid out
// parents first, depth first in the order of the fields, and ends with the last field of the last
// table: nothing behind it is padding.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/format/aligned_bytes.h"
#include "engine/format/schema.h"
#include "engine/tensor/op.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine::format {

using ByteVector = std::vector<std::byte>;

template <typename T>
ByteVector BytesOf(const std::vector<T>& values) {
  ByteVector bytes(values.size() * sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return bytes;
}

class TableSpec {
 public:
  static constexpr std::size_t kAskew = 0;

  template <typename T>
  TableSpec& Set(std::size_t field, T value) {
    fields_[field] = {Field::kScalar, BytesOf(std::vector<T>{value}), sizeof(T), 1, {}};
    return *this;
  }
  TableSpec& SetFlag(std::size_t field, bool value) { return Set<std::uint8_t>(field, value); }
  TableSpec& SetString(std::size_t field, std::string_view text) {
    Field f{Field::kVector, {}, 1, text.size(), {}};
    for (const char c : text) {
      f.bytes.push_back(static_cast<std::byte>(c));
    }
    f.bytes.push_back(std::byte{0});
    fields_[field] = f;
    return *this;
  }
  // `alignment` of the first element; kAskew puts it where no number of several bytes may lie.
  template <typename T>
  TableSpec& SetNumbers(std::size_t field, const std::vector<T>& values,
                        std::size_t alignment = sizeof(T)) {
    fields_[field] = {Field::kVector, BytesOf(values), alignment, values.size(), {}};
    return *this;
  }
  TableSpec& SetTables(std::size_t field, const std::vector<TableSpec>& tables) {
    fields_[field] = {Field::kTables, {}, 4, tables.size(), tables};
    return *this;
  }
  // `times` entries that all lead to the one table: little to store, much to read.
  TableSpec& SetOneTable(std::size_t field, const TableSpec& table, std::size_t times) {
    fields_[field] = {Field::kTables, {}, 4, times, {table}};
    return *this;
  }
  TableSpec& SetTable(std::size_t field, const TableSpec& table) {
    fields_[field] = {Field::kTable, {}, 4, 1, {table}};
    return *this;
  }
  TableSpec& Clear(std::size_t field) {
    fields_.erase(field);
    return *this;
  }

  // The whole file with this table as its root.
  [[nodiscard]] ByteVector Serialise(std::string_view identifier) const {
    ByteVector out(8);
    for (std::size_t i = 0; i < 4; ++i) {
      out[4 + i] = static_cast<std::byte>(identifier[i]);
    }
    Patch(out, 0, Write(out));
    return out;
  }

 private:
  struct Field {
    enum Kind { kScalar, kVector, kTables, kTable };
    Kind kind = kScalar;
    ByteVector bytes;
    std::size_t alignment = 1;
    std::size_t count = 0;
    std::vector<TableSpec> tables;
  };

  static void Align(ByteVector& out, std::size_t alignment, std::size_t ahead = 0) {
    while ((out.size() + ahead) % alignment != 0) {
      out.push_back(std::byte{0});
    }
  }
  template <typename T>
  static void Put(ByteVector& out, T value) {
    const ByteVector bytes = BytesOf(std::vector<T>{value});
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  // Writes at `slot` the forward offset to `target`.
  static void Patch(ByteVector& out, std::size_t slot, std::size_t target) {
    const auto forward = static_cast<std::uint32_t>(target - slot);
    std::memcpy(&out[slot], &forward, sizeof forward);
  }

  // Appends this table, its vtable in front and what it refers to behind; returns where it is.
  std::size_t Write(ByteVector& out) const {
    std::map<std::size_t, std::size_t> places;  // field to offset in the table
    std::size_t size = 4;
    for (const auto& [number, field] : fields_) {
      const std::size_t width = field.kind == Field::kScalar ? field.bytes.size() : 4;
      size = (size + width - 1) / width * width;
      places[number] = size;
      size += width;
    }
    const std::size_t slots = fields_.empty() ? 0 : fields_.rbegin()->first + 1;
    Align(out, 8, 4 + 2 * slots);
    const std::size_t vtable = out.size();
    Put(out, static_cast<std::uint16_t>(4 + 2 * slots));
    Put(out, static_cast<std::uint16_t>(size));
    for (std::size_t i = 0; i < slots; ++i) {
      Put(out, static_cast<std::uint16_t>(places.contains(i) ? places[i] : 0));
    }
    const std::size_t at = out.size();
    Put(out, static_cast<std::int32_t>(at - vtable));
    out.resize(at + size);
    for (const auto& [number, field] : fields_) {
      if (field.kind == Field::kScalar) {
        std::copy(field.bytes.begin(), field.bytes.end(), out.begin() + long(at + places[number]));
      }
    }
    for (const auto& [number, field] : fields_) {
      if (field.kind != Field::kScalar) {
        const std::size_t target = WriteChild(out, field);
        Patch(out, at + places[number], target);
      }
    }
    return at;
  }

  static std::size_t WriteChild(ByteVector& out, const Field& field) {
    if (field.kind == Field::kTable) {
      return field.tables[0].Write(out);
    }
    Align(out, 4);
    if (field.alignment == kAskew) {
      out.push_back(std::byte{0});
    } else {
      Align(out, field.alignment, 4);
    }
    const std::size_t at = out.size();
    Put(out, static_cast<std::uint32_t>(field.count));
    if (field.kind == Field::kVector) {
      out.insert(out.end(), field.bytes.begin(), field.bytes.end());
      return at;
    }
    out.resize(out.size() + 4 * field.count);
    std::size_t child = 0;
    for (std::size_t i = 0; i < field.count; ++i) {
      child = i < field.tables.size() ? field.tables[i].Write(out) : child;
      Patch(out, at + 4 + 4 * i, child);
    }
    return at;
  }

  std::map<std::size_t, Field> fields_;
};

struct TensorTraits {
  std::string name = "t";
  std::vector<float> scales = {};
  std::vector<std::int64_t> zero_points = {};
  std::int32_t axis = 0;
  bool variable = false;
  std::size_t alignment = 16;  // of the constant's bytes in the file
};

// The schema's number for a type.
inline std::int8_t FileTypeOf(Type type) {
  switch (type) {
    case Type::kFloat32: return 0;
    case Type::kFloat16: return 1;
    case Type::kInt32: return 2;
    case Type::kUint8: return 3;
    case Type::kInt64: return 4;
    case Type::kBool: return 6;
    case Type::kInt16: return 7;
    case Type::kInt8: return 9;
    case Type::kUint64: return 12;
    case Type::kResource: return 13;
    case Type::kUint32: return 15;
    case Type::kUint16: return 16;
  }
  return -1;
}

class ModelBuilder;

class GraphBuilder {
 public:
  explicit GraphBuilder(ModelBuilder& model) : model_(model) {}

  // What the network computes. Returns the tensor's index.
  int Tensor(Type type, const std::vector<std::int32_t>& shape, const TensorTraits& traits = {});
  // A constant of `values`.
  template <typename T>
  int Constant(Type type, const std::vector<std::int32_t>& shape, const std::vector<T>& values,
               const TensorTraits& traits = {});
  // A builtin by its TFLite name. `options` is the union's table, of type `options_type`. Returns
  // the operator's index.
  int Operator(std::string_view name, const std::vector<std::int32_t>& op_inputs,
               const std::vector<std::int32_t>& op_outputs,
               schema::OptionsType options_type = schema::OptionsType::kNone,
               const TableSpec& options = {}, std::int32_t version = 1);
  // A custom operator by its name.
  int Custom(const std::string& name, const std::vector<std::int32_t>& op_inputs,
             const std::vector<std::int32_t>& op_outputs, const ByteVector& options = {});

  std::string name = "main";
  std::vector<std::int32_t> inputs, outputs;
  std::vector<TableSpec> tensors, operators;
  std::size_t repeat_operator = 0;  // if set: so many times the first operator, stored once

 private:
  ModelBuilder& model_;
};

class ModelBuilder {
 public:
  ModelBuilder() {
    AddGraph();
    buffers.emplace_back();  // buffer 0 is always empty
  }
  ModelBuilder(const ModelBuilder&) = delete;
  ModelBuilder& operator=(const ModelBuilder&) = delete;

  GraphBuilder& graph(std::size_t i = 0) { return graphs_[i]; }
  GraphBuilder& AddGraph() { return graphs_.emplace_back(*this); }

  std::uint32_t AddBuffer(const ByteVector& bytes, std::size_t alignment = 16) {
    buffers.emplace_back().SetNumbers(schema::buffer::kData, bytes, alignment);
    return static_cast<std::uint32_t>(buffers.size() - 1);
  }
  std::uint32_t AddCode(std::int32_t code, const std::string& custom, std::int32_t op_version) {
    const auto key = std::make_pair(std::make_pair(code, op_version), custom);
    const auto found = std::find(code_keys_.begin(), code_keys_.end(), key);
    if (found != code_keys_.end()) {
      return static_cast<std::uint32_t>(found - code_keys_.begin());
    }
    code_keys_.push_back(key);
    TableSpec& spec = codes.emplace_back();
    spec.Set<std::int8_t>(0, static_cast<std::int8_t>(std::min(code, 127)));
    if (!custom.empty()) {
      spec.SetString(1, custom);
    }
    spec.Set<std::int32_t>(2, op_version).Set<std::int32_t>(3, code);
    return static_cast<std::uint32_t>(codes.size() - 1);
  }
  void AddMetadata(std::string_view entry_name, const ByteVector& bytes) {
    metadata.emplace_back()
        .SetString(schema::metadata::kName, entry_name)
        .Set<std::uint32_t>(schema::metadata::kBuffer, AddBuffer(bytes));
  }

  [[nodiscard]] AlignedBytes Build() const {
    TableSpec root;
    std::vector<TableSpec> graph_specs;
    for (const GraphBuilder& g : graphs_) {
      graph_specs.emplace_back()
          .SetTables(schema::subgraph::kTensors, g.tensors)
          .SetNumbers(schema::subgraph::kInputs, g.inputs)
          .SetNumbers(schema::subgraph::kOutputs, g.outputs)
          .SetTables(schema::subgraph::kOperators, g.operators)
          .SetString(schema::subgraph::kName, g.name);
      if (g.repeat_operator > 0) {
        graph_specs.back().SetOneTable(schema::subgraph::kOperators, g.operators.at(0),
                                       g.repeat_operator);
      }
    }
    root.Set<std::uint32_t>(schema::model::kVersion, version)
        .SetTables(schema::model::kOperatorCodes, codes)
        .SetTables(schema::model::kSubgraphs, graph_specs)
        .SetString(schema::model::kDescription, description)
        .SetTables(schema::model::kBuffers, buffers)
        .SetTables(schema::model::kMetadata, metadata);
    return AlignedBytes(root.Serialise(identifier));
  }

  std::uint32_t version = 3;
  std::string identifier = "TFL3";
  std::string description = "built for a test";
  std::vector<TableSpec> codes, buffers, metadata;

 private:
  std::deque<GraphBuilder> graphs_;
  std::vector<std::pair<std::pair<std::int32_t, std::int32_t>, std::string>> code_keys_;
};

inline int GraphBuilder::Tensor(Type type, const std::vector<std::int32_t>& shape,
                                const TensorTraits& traits) {
  TableSpec spec;
  spec.SetNumbers(schema::tensor::kShape, shape)
      .Set<std::int8_t>(schema::tensor::kType, FileTypeOf(type))
      .Set<std::uint32_t>(schema::tensor::kBuffer, 0)
      .SetString(schema::tensor::kName, traits.name);
  if (!traits.scales.empty() || !traits.zero_points.empty()) {
    TableSpec quantization;
    quantization.SetNumbers(schema::quantization::kScale, traits.scales)
        .SetNumbers(schema::quantization::kZeroPoint, traits.zero_points)
        .Set<std::int32_t>(schema::quantization::kQuantizedDimension, traits.axis);
    spec.SetTable(schema::tensor::kQuantization, quantization);
  }
  if (traits.variable) {
    spec.SetFlag(schema::tensor::kIsVariable, true);
  }
  tensors.push_back(spec);
  return static_cast<int>(tensors.size() - 1);
}

template <typename T>
int GraphBuilder::Constant(Type type, const std::vector<std::int32_t>& shape,
                           const std::vector<T>& values, const TensorTraits& traits) {
  const int index = Tensor(type, shape, traits);
  tensors.back().Set<std::uint32_t>(schema::tensor::kBuffer,
                                    model_.AddBuffer(BytesOf(values), traits.alignment));
  return index;
}

inline int GraphBuilder::Operator(std::string_view op_name,
                                  const std::vector<std::int32_t>& op_inputs,
                                  const std::vector<std::int32_t>& op_outputs,
                                  schema::OptionsType options_type, const TableSpec& options,
                                  std::int32_t op_version) {
  std::int32_t code = 0;
  while (BuiltinCodeName(static_cast<std::uint16_t>(code)) != op_name && code < 1000) {
    ++code;
  }
  TableSpec spec;
  spec.Set<std::uint32_t>(schema::op::kOpcodeIndex, model_.AddCode(code, "", op_version))
      .SetNumbers(schema::op::kInputs, op_inputs)
      .SetNumbers(schema::op::kOutputs, op_outputs);
  if (options_type != schema::OptionsType::kNone) {
    spec.Set<std::uint8_t>(schema::op::kBuiltinOptionsType, static_cast<std::uint8_t>(options_type))
        .SetTable(schema::op::kBuiltinOptions, options);
  }
  operators.push_back(spec);
  return static_cast<int>(operators.size() - 1);
}

inline int GraphBuilder::Custom(const std::string& op_name,
                                const std::vector<std::int32_t>& op_inputs,
                                const std::vector<std::int32_t>& op_outputs,
                                const ByteVector& options) {
  TableSpec spec;
  spec.Set<std::uint32_t>(schema::op::kOpcodeIndex,
                          model_.AddCode(schema::kBuiltinCustom, op_name, 1))
      .SetNumbers(schema::op::kInputs, op_inputs)
      .SetNumbers(schema::op::kOutputs, op_outputs)
      .SetNumbers(schema::op::kCustomOptions, options);
  operators.push_back(spec);
  return static_cast<int>(operators.size() - 1);
}

}  // namespace pinhole::engine::format
