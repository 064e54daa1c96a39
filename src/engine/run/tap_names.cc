// SPDX-License-Identifier: Apache-2.0
#include "engine/run/tap_names.h"

#include <algorithm>
#include <array>

namespace pinhole::engine::run {

namespace {

// Enough of a name to tell it from others.
constexpr std::size_t kCompared = 96;
constexpr std::size_t kSuggestions = 3;

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Length of the longest piece that both have, upper and lower case alike.
std::size_t SharedPiece(std::string_view a, std::string_view b) {
  a = a.substr(0, kCompared);
  b = b.substr(0, kCompared);
  std::array<std::uint8_t, kCompared + 1> run{};  // run[j]: length of the piece that ends at b[j-1]
  std::size_t longest = 0;
  for (const char c : a) {
    for (std::size_t j = b.size(); j > 0; --j) {
      run[j] =
          Lower(c) == Lower(b[j - 1]) ? static_cast<std::uint8_t>(run[j - 1] + 1) : std::uint8_t{0};
      longest = std::max<std::size_t>(longest, run[j]);
    }
  }
  return longest;
}

bool Contains(std::span<const std::int32_t> indices, std::int32_t index) {
  return std::find(indices.begin(), indices.end(), index) != indices.end();
}

bool HoldsSomething(const Graph& graph, std::int32_t index) {
  const Tensor& tensor = graph.tensor(index);
  if (tensor.type == Type::kResource) {
    return false;
  }
  return tensor.is_constant() || tensor.is_variable || Contains(graph.inputs, index) ||
         std::any_of(graph.operators.begin(), graph.operators.end(),
                     [index](const Operator& op) { return Contains(op.outputs, index); });
}

base::Unexpected SayWhatIsNear(const Graph& graph, std::string_view name, base::Diagnosis& why) {
  struct Near {
    std::size_t shared = 0;
    const Tensor* tensor = nullptr;
  };
  std::array<Near, kSuggestions + 1> nearest{};  // the last is where the next one comes in
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.is_constant() || tensor.type == Type::kResource || tensor.name().empty()) {
      continue;
    }
    nearest.back() = {SharedPiece(name, tensor.name()), &tensor};
    for (std::size_t i = kSuggestions; i > 0 && nearest[i].shared > nearest[i - 1].shared; --i) {
      std::swap(nearest[i], nearest[i - 1]);
    }
  }
  const base::Unexpected error = why.Fail(base::Error::kNotFound, "no tensor is called '", name,
                                          "'; look the names up in the model");
  const char* before = ", such as '";
  for (std::size_t i = 0; i < kSuggestions && nearest[i].shared > 0; ++i) {
    why.Append(before);
    why.Append(nearest[i].tensor->name());
    why.Append('\'');
    before = ", '";
  }
  return error;
}

}  // namespace

base::Result<std::int32_t> FindTap(const Graph& graph, std::string_view name,
                                   base::Diagnosis& why) {
  bool found = false;
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
    if (graph.tensors[t].name() == name) {
      const auto index = static_cast<std::int32_t>(t);
      if (HoldsSomething(graph, index)) {
        return index;
      }
      found = true;
    }
  }
  if (found) {
    return why.Fail(
        base::Error::kInvalidArgument, "tensor '", name,
        "' cannot be tapped: nothing is computed into it, or an operator that was folded into its "
        "neighbour");
  }
  return SayWhatIsNear(graph, name, why);
}

}  // namespace pinhole::engine::run
