// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network as data: tensors, and operators in the order they run. Read-only once loaded.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/tensor/op.h"
#include "engine/tensor/tensor.h"

namespace pinhole::engine {

struct Graph {
  const char* name_text = "";
  std::span<const Tensor> tensors;
  std::span<const Operator>
      operators;  // topologically ordered: nothing is read before it is written
  std::span<const std::int32_t> inputs;   // tensor indices the caller fills
  std::span<const std::int32_t> outputs;  // tensor indices the caller reads

  [[nodiscard]] std::string_view name() const { return name_text; }
  [[nodiscard]] const Tensor& tensor(std::int32_t index) const {
    return tensors[static_cast<std::size_t>(index)];
  }
};

// Bytes that stay from one run to the next under a name (VAR_HANDLE), shared by all graphs of a
// model.
struct Resource {
  const char* name_text = "";
  std::uint32_t bytes = 0;  // of the largest value read from or assigned to it; all uses agree
};

}  // namespace pinhole::engine
