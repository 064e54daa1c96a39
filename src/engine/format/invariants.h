// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests and the fuzz target only: does a Model that the reader returned keep what
// tflite_reader.h promises? Written from that header, not from the reader's sources, and sharing
// no code with them. It touches the first and the last byte of everything that the model points at.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/format/model.h"

namespace pinhole::engine::format {

class InvariantChecker {
 public:
  // `file` and `arena`: the only memory the model may point into.
  InvariantChecker(const Model& model, std::span<const std::byte> file,
                   std::span<const std::byte> arena)
      : model_(model), file_(file), arena_(arena) {}

  // The first broken promise; empty where all are kept.
  std::string FirstBroken() {
    Expect(!model_.graphs.empty(), "a model has a graph");
    for (std::size_t g = 0; g < model_.graphs.size() && broken_.empty(); ++g) {
      const Graph& graph = model_.graphs[g];
      for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        place_ = "graph " + std::to_string(g) + ", tensor " + std::to_string(t) + ": ";
        CheckTensor(graph.tensors[t]);
      }
      CheckOrder(graph, g);
    }
    for (const Resource& resource : model_.resources) {
      Expect(std::strlen(resource.name_text) <= file_.size(), "a resource's name ends");
    }
    for (const Metadata& entry : model_.metadata) {
      Expect(Owned(entry.bytes.data(), entry.bytes.size()), "metadata lies in the file");
      Expect(entry.name.size() <= file_.size(), "metadata's name ends");
    }
    return broken_;
  }

 private:
  void Expect(bool kept, const char* promise) {
    if (!kept && broken_.empty()) {
      broken_ = place_ + promise;
    }
  }

  [[nodiscard]] bool Owned(const void* data, std::size_t size) const {
    if (size == 0) {
      return true;
    }
    const auto at = reinterpret_cast<std::uintptr_t>(data);
    for (const std::span<const std::byte> owner : {file_, arena_}) {
      const auto begin = reinterpret_cast<std::uintptr_t>(owner.data());
      if (at >= begin && at <= begin + owner.size() && size <= begin + owner.size() - at) {
        const auto* bytes = static_cast<const volatile std::byte*>(data);
        (void)bytes[0];
        (void)bytes[size - 1];
        return true;
      }
    }
    return false;
  }
  static bool Aligned(const void* data, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
  }

  static bool ZeroPointFits(Type type, std::int32_t zero_point) {
    switch (type) {
      case Type::kInt8: return zero_point == static_cast<std::int8_t>(zero_point);
      case Type::kUint8: return zero_point == static_cast<std::uint8_t>(zero_point);
      case Type::kInt16: return zero_point == static_cast<std::int16_t>(zero_point);
      case Type::kUint16: return zero_point == static_cast<std::uint16_t>(zero_point);
      case Type::kUint32:
      case Type::kUint64: return zero_point >= 0;
      case Type::kInt32:
      case Type::kInt64: return true;
      default: return zero_point == 0;
    }
  }

  void CheckTensor(const Tensor& tensor) {
    Expect(std::strlen(tensor.name_text) <= file_.size(), "its name ends");
    Expect(tensor.shape.rank() <= Shape::kMaxRank, "its rank is at most 6");
    const auto elements = tensor.shape.CheckedElementCount();
    Expect(elements.has_value(), "its dimensions are at least 1");
    Expect(elements.value_or(0) * TypeSize(tensor.type) == tensor.bytes, "bytes fits its shape");
    Expect(tensor.bytes <= std::numeric_limits<std::int32_t>::max(), "bytes is below 2^31");
    if (tensor.is_constant()) {
      Expect(Owned(tensor.data, tensor.bytes), "its constant lies in the file or the arena");
      Expect(tensor.type != Type::kResource && Aligned(tensor.data, TypeSize(tensor.type)),
             "its constant is aligned");
      Expect(!tensor.is_variable, "a constant is no variable");
      for (std::size_t i = 0; tensor.type == Type::kBool && i < tensor.bytes; ++i) {
        Expect(tensor.data[i] <= std::byte{1}, "bools are 0 or 1");
      }
    }
    if (tensor.scale_count > 0) {
      Expect(Aligned(tensor.scales, alignof(float)) &&
                 Owned(tensor.scales, tensor.scale_count * sizeof(float)),
             "its scales lie in the file or the arena, aligned");
      for (std::size_t i = 0; broken_.empty() && i < tensor.scale_count; ++i) {
        Expect(std::isfinite(tensor.scales[i]) && tensor.scales[i] > 0.0F,
               "its scales are finite and positive");
      }
    }
    if (tensor.scale_count > 1) {
      Expect(tensor.axis < tensor.shape.rank() &&
                 static_cast<std::size_t>(tensor.shape.dim(tensor.axis)) == tensor.scale_count,
             "it has one scale for each index of its axis");
    }
    Expect(ZeroPointFits(tensor.type, tensor.zero_point), "its zero point fits its type");
  }

  bool CheckIndices(const Graph& graph, std::span<const std::int32_t> indices, bool optional) {
    Expect(Owned(indices.data(), indices.size_bytes()) &&
               Aligned(indices.data(), alignof(std::int32_t)),
           "tensor indices lie in the file or the arena, aligned");
    for (const std::int32_t index : indices) {
      Expect(index >= (optional ? -1 : 0) && index < static_cast<int>(graph.tensors.size()),
             "tensor indices are in range");
    }
    return broken_.empty();
  }

  void CheckOrder(const Graph& graph, std::size_t g) {
    place_ = "graph " + std::to_string(g) + ": ";
    std::vector<bool> there(graph.tensors.size());
    for (std::size_t t = 0; t < there.size(); ++t) {
      there[t] = graph.tensors[t].is_constant() || graph.tensors[t].is_variable;
    }
    if (!CheckIndices(graph, graph.inputs, false) || !CheckIndices(graph, graph.outputs, false)) {
      return;
    }
    for (const std::int32_t input : graph.inputs) {
      Expect(!there[static_cast<std::size_t>(input)], "an input is no constant and no variable");
    }
    for (const std::int32_t input : graph.inputs) {
      there[static_cast<std::size_t>(input)] = true;
    }
    for (std::size_t o = 0; o < graph.operators.size(); ++o) {
      const Operator& op = graph.operators[o];
      place_ = "graph " + std::to_string(g) + ", operator " + std::to_string(o) + ": ";
      if (!CheckIndices(graph, op.inputs, true) || !CheckIndices(graph, op.outputs, false)) {
        return;
      }
      for (const std::int32_t input : op.inputs) {
        Expect(input < 0 || there[static_cast<std::size_t>(input)],
               "what it reads is there before it");
      }
      for (const std::int32_t output : op.outputs) {
        Expect(!there[static_cast<std::size_t>(output)], "what it writes was not there before it");
        there[static_cast<std::size_t>(output)] = true;
      }
      CheckOptions(op, g);
    }
    for (const std::int32_t output : graph.outputs) {
      Expect(there[static_cast<std::size_t>(output)], "an output is written");
    }
  }

  void CheckOptions(const Operator& op, std::size_t g) {
    Expect(op.version >= 1, "a version is at least 1");
    Expect(op.kind < OpKind::kCount, "its kind is known");
    Expect(std::strlen(op.custom_name) <= file_.size(), "its custom name ends");
    std::visit([this](const auto& options) { CheckFields(options); }, op.attributes);
    if (const auto* call = std::get_if<CallOnceOptions>(&op.attributes)) {
      Expect(g == 0 && call->graph > 0 && call->graph < model_.graphs.size(),
             "only graph 0 calls, and not itself");
    }
    const bool variable = op.kind == OpKind::kVarHandle || op.kind == OpKind::kReadVariable ||
                          op.kind == OpKind::kAssignVariable;
    const auto* named = std::get_if<VariableOptions>(&op.attributes);
    Expect(variable == (named != nullptr), "operators on variables name one");
    Expect(named == nullptr || named->resource < model_.resources.size(), "the variable exists");
    if (op.kind == OpKind::kReadVariable && broken_.empty()) {
      Expect(op.outputs.size() == 1 && model_.graphs[g].tensor(op.outputs[0]).bytes ==
                                           model_.resources[named->resource].bytes,
             "a variable has the bytes of the tensor that it is read into");
    }
  }

  template <typename Options>
  void CheckFields(const Options& options) {
    if constexpr (requires { options.stride_h; }) {
      Expect(options.stride_h > 0 && options.stride_w > 0, "strides are at least 1");
      constexpr bool kCanFold = requires { options.edges; };
      Expect(options.padding <= (kCanFold ? Padding::kExplicit : Padding::kValid),
             "the padding is known");
    }
    if constexpr (requires { options.dilation_h; }) {
      Expect(options.dilation_h > 0 && options.dilation_w > 0, "dilations are at least 1");
    }
    if constexpr (requires { options.filter_h; }) {
      Expect(options.filter_h > 0 && options.filter_w > 0, "filters are at least 1");
    }
    if constexpr (requires { options.activation; }) {
      Expect(options.activation <= Activation::kSignBit, "the activation is known");
    }
    if constexpr (requires { options.axis; }) {
      Expect(options.axis >= -Shape::kMaxRank && options.axis <= Shape::kMaxRank,
             "the axis is near the rank");
    }
    if constexpr (requires { options.beta; }) {
      Expect(std::isfinite(options.beta), "beta is finite");
    }
    if constexpr (requires { options.alpha; }) {
      Expect(std::isfinite(options.alpha), "alpha is finite");
    }
    if constexpr (requires { options.block_size; }) {
      Expect(options.block_size > 0, "the block is at least 1");
    }
    if constexpr (requires { options.rank; }) {
      Expect(options.rank > 0, "the rank is at least 1");
    }
    if constexpr (requires { options.ellipsis_mask; }) {
      Expect((options.begin_mask | options.end_mask | options.ellipsis_mask |
              options.new_axis_mask | options.shrink_axis_mask) < 64,
             "masks have six bits");
    }
    if constexpr (requires { options.bytes; }) {
      Expect(Owned(options.bytes, options.size), "custom options lie in the file");
    }
  }

  const Model& model_;
  std::span<const std::byte> file_, arena_;
  std::string place_, broken_;
};

}  // namespace pinhole::engine::format
