// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: one graph while it is read.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "engine/format/flatbuffer.h"
#include "engine/format/reading.h"
#include "engine/tensor/op.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine::format {

// The file's tables, what has been made of them, and what is remembered while doing so.
struct GraphDraft {
  flat::TableVector tensor_tables;
  flat::TableVector operator_tables;
  std::span<Tensor> tensors;  // in the arena
  std::span<Mark> marks;      // scratch, one a tensor
  std::span<bool> folded;     // scratch, one an operator of the file: it leaves the graph

  [[nodiscard]] bool InRange(std::int32_t tensor) const {
    return tensor >= 0 && static_cast<std::size_t>(tensor) < tensors.size();
  }
  [[nodiscard]] Tensor& tensor(std::int32_t index) const {
    return tensors[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] Mark& mark(std::int32_t index) const {
    return marks[static_cast<std::size_t>(index)];
  }
};

// That `tensor`, found as the `place`th of `role`, can be used. Error: kMalformed.
base::Status CheckOperand(Reading& reading, const GraphDraft& draft, std::string_view role,
                          std::size_t place, std::int32_t tensor);

}  // namespace pinhole::engine::format
