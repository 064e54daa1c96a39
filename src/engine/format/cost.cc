// SPDX-License-Identifier: Apache-2.0
#include "engine/format/cost.h"

#include <cstddef>
#include <initializer_list>
#include <limits>

#include "base/checked.h"

namespace pinhole::engine::format {

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t Product(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) {
    product = base::CheckedMul(product, factor).value_or(kMost);
  }
  return product;
}

std::uint64_t Dim(const Tensor& tensor, int i) {
  return static_cast<std::uint64_t>(tensor.shape.dim(i));
}

const Tensor* Find(const Graph& graph, std::span<const std::int32_t> tensors, std::size_t i) {
  return i < tensors.size() && tensors[i] >= 0 ? &graph.tensor(tensors[i]) : nullptr;
}

// Each gate's input and recurrent weights, for each step of each sequence; a projection where there
// is one.
std::uint64_t Lstm(const Graph& graph, const Operator& op, const Tensor& input) {
  constexpr std::size_t kInputWeights = 1, kRecurrentWeights = 5, kGates = 4, kProjection = 16;
  if (input.shape.rank() != 3) {
    return 0;
  }
  std::uint64_t weights = 0;
  const auto count = [&](std::size_t operand) {
    const Tensor* tensor = Find(graph, op.inputs, operand);
    weights += tensor != nullptr ? tensor->shape.element_count() : 0;
  };
  for (std::size_t gate = 0; gate < kGates; ++gate) {
    count(kInputWeights + gate);
    count(kRecurrentWeights + gate);
  }
  count(kProjection);
  return Product({Dim(input, 0), Dim(input, 1), weights});
}

}  // namespace

std::uint64_t MultiplyAdds(const Graph& graph, const Operator& op) {
  const Tensor* input = Find(graph, op.inputs, 0);
  const Tensor* weights = Find(graph, op.inputs, 1);
  const Tensor* output = Find(graph, op.outputs, 0);
  if (input == nullptr || weights == nullptr || output == nullptr) {
    return 0;
  }
  const std::uint64_t outputs = output->shape.element_count();
  switch (op.kind) {
    case OpKind::kConv2d:  // weights: outputs, height, width, inputs
      return weights->shape.rank() == 4
                 ? Product({outputs, Dim(*weights, 1), Dim(*weights, 2), Dim(*weights, 3)})
                 : 0;
    case OpKind::kDepthwiseConv2d:  // weights: 1, height, width, outputs
      return weights->shape.rank() == 4 ? Product({outputs, Dim(*weights, 1), Dim(*weights, 2)})
                                        : 0;
    case OpKind::kFullyConnected:  // weights: outputs, inputs
      return weights->shape.rank() == 2 ? Product({outputs, Dim(*weights, 1)}) : 0;
    case OpKind::kSvdf: {  // each filter over the input's features, then over its memory
      const Tensor* time = Find(graph, op.inputs, 2);
      return time != nullptr && input->shape.rank() == 2
                 ? Product({Dim(*input, 0),
                            weights->shape.element_count() + time->shape.element_count()})
                 : 0;
    }
    case OpKind::kUnidirectionalSequenceLstm: return Lstm(graph, op, *input);
    default: return 0;
  }
}

std::uint64_t MultiplyAdds(const Graph& graph) {
  std::uint64_t total = 0;
  for (const Operator& op : graph.operators) {
    total = base::CheckedAdd(total, MultiplyAdds(graph, op)).value_or(kMost);
  }
  return total;
}

}  // namespace pinhole::engine::format
