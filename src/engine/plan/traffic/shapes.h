// SPDX-License-Identifier: Apache-2.0
#pragma once

// How one operator's tensors fall into rows and channels: the part of reading a network that knows
// kinds of operators. Used by network.cc alone.
//
// Whatever is not understood (a shape that does not fit, a kind without a rule) is one row that
// needs all of every input: right for every operator, only costly.

#include <cstdint>
#include <vector>

#include "engine/plan/traffic/network.h"

namespace pinhole::engine::plan::traffic {

struct OperandShape {
  std::int32_t tensor = 0;  // in the graph
  Operand operand;          // its `tensor` is not set
};

struct OperatorShape {
  std::vector<OperandShape> inputs, outputs;
  std::uint32_t channels = 1;
  bool channelwise = false;
  std::uint64_t channel_bytes = 0;
  std::vector<std::int32_t> constants;
  bool channels_last = false;
};

OperatorShape ShapeOf(const Graph& graph, const Operator& op);

}  // namespace pinhole::engine::plan::traffic
