// SPDX-License-Identifier: Apache-2.0
#pragma once

// Models in words and numbers: what inspect, plan and bench say about tensors and operators.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/format/model.h"
#include "host/json.h"

namespace pinhole::host {

// "[1,96,96,3]"
std::string ShapeText(const engine::Shape& shape);
// "scale 0.0235 zero -128", "8 scales along 0"; empty where the tensor is not quantised.
std::string QuantizationText(const engine::Tensor& tensor);
Json TensorJson(const engine::Graph& graph, std::int32_t index);

// "CONV_2D"; a custom operator's own name; "operator code 150" where the code has no name.
std::string OperatorName(const engine::Operator& op);
// True where this build has a kernel for that operator and version.
bool HasKernel(const engine::Operator& op);

// Bytes of the constants the operator reads.
std::uint64_t ConstantBytes(const engine::Graph& graph, const engine::Operator& op);

}  // namespace pinhole::host
