// SPDX-License-Identifier: Apache-2.0
#include "host/describe.h"

#include <array>
#include <cstdio>
#include <set>

#include "engine/kernels/registry.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using engine::Graph;
using engine::Operator;
using engine::OpKind;
using engine::Shape;
using engine::Tensor;

}  // namespace

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(shape.dim(i));
  }
  return text + "]";
}

std::string QuantizationText(const Tensor& tensor) {
  if (!tensor.is_quantized()) {
    return "";
  }
  if (tensor.scale_count > 1) {
    return std::to_string(tensor.scale_count) + " scales along " + std::to_string(tensor.axis);
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "scale %.4g zero %d", static_cast<double>(tensor.scale()),
                tensor.zero_point);
  return text.data();
}

Json TensorJson(const Graph& graph, std::int32_t index) {
  const Tensor& tensor = graph.tensor(index);
  Json json = Json::Object({{"index", index},
                            {"name", tensor.name()},
                            {"type", engine::TypeName(tensor.type)},
                            {"shape", Json::Array(tensor.shape.dims())},
                            {"bytes", tensor.bytes},
                            {"constant", tensor.is_constant()},
                            {"variable", tensor.is_variable}});
  if (tensor.is_quantized()) {
    json.Add("scales", Json::Array(std::span(tensor.scales, tensor.scale_count)));
    json.Add("zero_point", tensor.zero_point);
    json.Add("axis", tensor.axis);
  }
  return json;
}

std::string OperatorName(const Operator& op) {
  if (op.kind != OpKind::kUnknown) {
    return std::string(engine::OpName(op.kind));
  }
  if (*op.custom_name != '\0') {
    return Printable(op.custom_name);
  }
  const std::string_view name = engine::BuiltinCodeName(op.code);
  return name.empty() ? "operator code " + std::to_string(op.code) : std::string(name);
}

bool HasKernel(const Operator& op) {
  const engine::kernels::Kernel* kernel =
      engine::kernels::FindKernel(engine::kernels::AllKernels(), op.kind);
  return op.kind != OpKind::kUnknown && kernel != nullptr && op.version >= kernel->min_version &&
         op.version <= kernel->max_version;
}

std::uint64_t ConstantBytes(const Graph& graph, const Operator& op) {
  std::uint64_t sum = 0;
  const std::set<std::int32_t> inputs(op.inputs.begin(), op.inputs.end());  // each once
  for (const std::int32_t index : inputs) {
    if (index >= 0 && graph.tensor(index).is_constant()) {
      sum += graph.tensor(index).bytes;
    }
  }
  return sum;
}

}  // namespace pinhole::host
