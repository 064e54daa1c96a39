// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator costs, counted before it runs: one multiply-add for each weight and each place
// it is used at. The number people mean when they say "a network of 7 million multiply-adds"; it
// says nothing about memory traffic, nor of what needs no weights (adding, pooling, resizing).

#include <cstdint>

#include "engine/tensor/graph.h"

namespace pinhole::engine::format {

// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM; 0 for all
// other kinds, and for operators whose tensors are missing or of an unexpected rank (which their
// kernels will refuse). Never overflows: the result is cut off at 2^64 - 1.
std::uint64_t MultiplyAdds(const Graph& graph, const Operator& op);

// The sum over the graph's operators.
std::uint64_t MultiplyAdds(const Graph& graph);

}  // namespace pinhole::engine::format
